/* times: what the kernel's services cost, in processor cycles, by the time base. Only the pipeline
 * model has cycles. */
#include "user.h"

#define CYCLES 8                        /* of the board's processor, for a count of the time base */
#define PAGES  64
#define TIMES  100

static u32 *area;

static u32 now(void)
{
    u32 count;
    asm volatile("mftb %0" : "=r"(count));
    return count;
}

static void system_calls(void)
{
    for (u32 n = 0; n < TIMES; n++)
        getpid();
}

static void touch(void)
{
    for (u32 n = 0; n < PAGES; n++)
        area[n * 1024]++;
}

static void child(void)
{
    if (fork() == 0)
        exit(0);
    wait(NULL);
}

/* Parent and child store to the pages that they share; the child waits until all are copied. */
static void copies(void)
{
    int pid = fork();
    if (pid == 0) {
        sleep(1000);
        exit(0);
    }
    u32 start = now();
    touch();
    printf("%-32s %6u\n", "store to a shared page", (now() - start) * CYCLES / PAGES);
    kill(pid);
    wait(NULL);
}

static void yields(void)
{
    int pid = fork();
    for (u32 n = 0; n < TIMES; n++)
        yield();
    if (pid == 0)
        exit(0);
    wait(NULL);
}

static void measure(const char *what, void (*act)(void), u32 times)
{
    u32 start = now();
    act();
    printf("%-32s %6u\n", what, (now() - start) * CYCLES / times);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    area = map(NULL, PAGES * 4096);
    measure("system call", system_calls, TIMES);
    measure("first store to a page", touch, PAGES);
    measure("store to a page", touch, PAGES);
    measure("fork, exit, wait", child, 1);
    measure("store to a page after fork", touch, PAGES);
    copies();
    measure("switch of processes", yields, 2 * TIMES);
    return 0;
}
