/* echo: its arguments. */
#include "user.h"

int main(int argc, char **argv)
{
    for (int n = 1; n < argc; n++)
        printf(n == 1 ? "%s" : " %s", argv[n]);
    printf("\n");
    return 0;
}
