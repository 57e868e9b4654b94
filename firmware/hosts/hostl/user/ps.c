/* ps: the processes. */
#include "user.h"

int main(int argc, char **argv)
{
    static const char *const states[] = { "?", "new", "runs", "sleeps", "dead" };
    struct process_stat s = { .number = 0 };
    int stat = open("/dev/stat");
    (void)argc, (void)argv;
    printf("  PID PARENT STATE  CONTEXT PAGES SWAPPED FAULTS TICKS NAME\n");
    for (; ioctl(stat, STAT_PROCESS, &s) == 0; s.number++)
        if (s.pid)
            printf("%5u %6u %-6s %7u %5u %7u %6u %5u %s\n", s.pid, s.parent, states[s.state],
                   s.context, s.resident, s.swapped, s.faults, s.ticks, s.name);
    return 0;
}
