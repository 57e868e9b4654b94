/* floats: processes that use floating point at the same time. Each keeps values of its own in registers,
 * computes a sum step by step, and lets others run between. */
#include "user.h"

#define PROCESSES 4
#define STEPS 300

static int work(u32 n)
{
    double sum = n, kept[8];
    double held = n + 0.5;
    for (u32 i = 0; i < 8; i++)
        kept[i] = n * 100 + i;
    for (u32 step = 0; step < STEPS; step++) {
        sum = sum * 0.5 + kept[step % 8];
        asm volatile("" : "+f"(held));
        if (step % 3 == n % 3)
            yield();
    }
    double expected = n;
    for (u32 step = 0; step < STEPS; step++)
        expected = expected * 0.5 + kept[step % 8];
    return sum == expected && held == n + 0.5 ? 0 : 1;
}

int main(int argc, char **argv)
{
    int status, failed = 0;
    double before = 1.25;
    (void)argc, (void)argv;
    asm volatile("" : "+f"(before));
    for (u32 n = 1; n <= PROCESSES; n++)
        if (fork() == 0)
            exit(before == 1.25 ? work(n) : 2);
    while (wait(&status) > 0)
        failed += status != 0;
    failed += before != 1.25;
    printf(failed ? "floats: BAD\n" : "floats: ok\n");
    return failed;
}
