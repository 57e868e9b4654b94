/* The first program: keeps a shell running, and buries processes whose parents have died. */
#include "user.h"

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    for (;;) {
        int shell = fork();
        if (shell == 0) {
            exec("sh", "sh");
            exit(1);
        }
        while (wait(NULL) != shell)
            ;
    }
}
