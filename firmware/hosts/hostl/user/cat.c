/* cat FILE...: write files to the console. */
#include "user.h"

int main(int argc, char **argv)
{
    char buffer[64];
    for (int n = 1; n < argc; n++) {
        int length, file = open(argv[n]);
        if (file < 0) {
            printf("cat: no file %s\n", argv[n]);
            return 1;
        }
        while ((length = read(file, buffer, sizeof buffer)) > 0)
            write(1, buffer, length);
        close(file);
    }
    return 0;
}
