/* fuzz ROUNDS SEED: children that make random system calls with random arguments, some of them good
 * ones, until they end themselves or have made 200. */
#include "user.h"

static u32 seed;

static u32 argument(void)
{
    static const u32 some[] = { 0, 1, 2, 3, 7, 8, 31, 4095, 4096, 8192, 0x10000000, 0x10001000,
                                0x40000000, 0x50000000, 0x7FFEF000, 0x7FFF0000, 0x7FFFFFFF, 0x80000000,
                                0xBFFFF000, 0xC0000000, 0xFC00F000, 0xFFFFF000, 0xFFFFFFFF };
    static char names[][16] = { "/dev/console", "/dev/stat", "/dev/none", "sh", "", "echo" };
    u32 kind = random_word(&seed) % 8;
    if (kind == 0)
        return random_word(&seed);
    if (kind == 1)
        return (u32)names[random_word(&seed) % COUNT(names)];
    if (kind == 2)
        return random_word(&seed) % 20000;
    return some[random_word(&seed) % COUNT(some)];
}

static void act(void)
{
    static const u8 calls[] = { SYS_EXIT, SYS_FORK, SYS_WAIT, SYS_OPEN, SYS_CLOSE, SYS_IOCTL,
                                SYS_MAP, SYS_MAP, SYS_MAP_FILE, SYS_UNMAP, SYS_GROW, SYS_YIELD,
                                SYS_GETPID, SYS_WRITE, 77 };
    for (u32 n = 0; n < 200; n++) {
        u32 number = calls[random_word(&seed) % sizeof calls];
        if ((number == SYS_EXIT || number == SYS_FORK) && random_word(&seed) % 8)
            continue;
        u32 last = number == SYS_WRITE ? random_word(&seed) % 8 : argument();
        int result = system_call(number, argument(), argument(), last, argument());
        if (number == SYS_FORK && result > 0)
            seed ^= result;
        if (number == SYS_MAP && result != 0)
            *(u32 *)result = n;
    }
    exit(0);
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number_of(argv[1]) : 20;
    seed = argc > 2 ? number_of(argv[2]) : 1;
    for (u32 n = 0; n < rounds; n++) {
        random_word(&seed);
        int pid = fork();
        if (pid == 0) {
            close(1);                   /* what it writes need not be seen */
            act();
        }
        while (wait(NULL) >= 0)
            ;
    }
    printf("fuzz: done\n");
    return 0;
}
