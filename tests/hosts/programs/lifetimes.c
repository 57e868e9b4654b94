/* lifetimes ROUNDS: processes that begin, end, and are killed, more than there are places for. */
#include "user.h"

static int running(void)
{
    struct process_stat s = { .number = 0 };
    int stat = open("/dev/stat"), count = 0;
    for (; ioctl(stat, STAT_PROCESS, &s) == 0; s.number++)
        count += s.pid != 0;
    close(stat);
    return count;
}

int main(int argc, char **argv)
{
    u32 rounds = argc > 1 ? number_of(argv[1]) : 3, failures = 0;
    int before = running(), status;
    for (u32 round = 0; round < rounds; round++) {
        int children = 0, victim = 0, pid;
        while ((pid = fork()) > 0)
            children++, victim = pid;
        if (pid == 0) {
            sleep(3);
            exit(5);
        }
        failures += children < 20 || kill(victim) < 0;
        while ((pid = wait(&status)) > 0) {
            children--;
            failures += status != (pid == victim ? -1 : 5);
        }
        failures += children != 0 || kill(victim) != -1;
    }
    failures += running() != before;
    printf(failures ? "lifetimes: BAD\n" : "lifetimes: ok\n");
    return failures;
}
