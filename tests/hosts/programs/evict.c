/* evict [ROUNDS [PAGE]]: 40 pages whose entries all belong into the same two groups of a hash table of
 * 1024, so that new ones make old ones go. Stores and checks, in two rounds or so many. Which groups
 * depends on the process, and on the first page, a number below 64. */
#include "user.h"

#define PAGES 40
#define DISTANCE (1024 * 1024)          /* words; 4 MB are as many pages as there are groups */

int main(int argc, char **argv)
{
    static u32 *pages[5];
    u32 bad = 0, n, rounds = argc > 1 ? number_of(argv[1]) : 2;
    u32 first = argc > 2 ? number_of(argv[2]) * 1024 : 0;
    for (n = 0; n < 5; n++)             /* 8 pages of each of 5 regions of 32 MB */
        if (!(pages[n] = map((void *)(0x50000000 + n * 8 * 4 * DISTANCE), 8 * 4 * DISTANCE)))
            return 1;
    for (u32 round = 0; round < rounds; round++)
        for (n = 0; n < PAGES; n++) {
            u32 *word = pages[n / 8] + first + n % 8 * DISTANCE;
            bad += round && *word != n + 1;
            *word = n + 1;
        }
    printf(bad ? "evict: BAD\n" : "evict: ok\n");
    return bad != 0;
}
