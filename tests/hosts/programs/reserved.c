/* reserved: two processes in turn, each with a reservation when the other one begins. None may store
 * with it: the other may have changed the word. */
#include "user.h"

/* A reservation, a system call, and the conditional store. 1: it has stored. */
static int store_after_yield(u32 *word)
{
    u32 stored, kept;
    asm volatile(
        "   li      0, %3\n"
        "   lwarx   %1, 0, %2\n"
        "   sc\n"
        "   stwcx.  %1, 0, %2\n"
        "   mfcr    %0"
        : "=&r"(stored), "=&r"(kept) : "r"(word), "i"(SYS_YIELD) : "0", "3", "cr0", "memory");
    return stored >> 29 & 1;
}

int main(int argc, char **argv)
{
    static u32 word;
    u32 stored = 0, without = 0;
    (void)argc, (void)argv;
    word = 1;                           /* the page is there, and writable */
    int pid = fork(), status;
    word = 2;
    for (u32 n = 0; n < 50; n++)
        stored += store_after_yield(&word);
    if (pid == 0)
        exit(stored > 5);               /* when the parent has ended first */
    wait(&status);
    for (u32 n = 0; n < 50; n++)        /* alone, it is kept */
        without += store_after_yield(&word);
    printf(stored > 5 || status || without < 45 ? "reserved: BAD %u %u %u\n" : "reserved: ok\n",
           stored, status, without);
    return 0;
}
