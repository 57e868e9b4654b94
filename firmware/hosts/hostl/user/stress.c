/* stress [PROCESSES [PAGES [ROUNDS [SEED]]]]: processes that store to random pages and check what
 * is there. Each begins as a fork of one that has filled the pages, so that they share and copy;
 * pages are mapped and unmapped between. More pages than there is memory make the page daemon work.
 *
 * Every word of the work area is known: what the parent has stored, or what this process has.
 */
#include "user.h"

#define WORDS 1024                      /* of a page */

static u32 pages, rounds, failures;
static u32 *area;

/* What a page's word holds after a store of generation g by process n; the parent is process 0. */
static u32 pattern(u32 n, u32 page, u32 g)
{
    return (n << 24 | page << 8) ^ g * 2654435761u;
}

static void check(u32 *word, u32 expected)
{
    if (*word == expected)
        return;
    if (!failures++)
        printf("stress: %x holds %x, not %x\n", (u32)word, *word, expected);
}

/* One process: random pages, each with the generation that it was given last. */
static void work(u32 n, u32 seed)
{
    u16 *generation = grow(2 * pages);
    for (u32 round = 1; round <= rounds; round++) {
        u32 page = random_word(&seed) % pages, at = random_word(&seed) % 16;
        u32 *word = area + page * WORDS + at, owner = generation[page] >> at & 1 ? n : 0;
        check(word, pattern(owner, page, at));
        if (random_word(&seed) & 1) {
            *word = pattern(n, page, at);
            generation[page] |= 1 << at;
        }
        if (round % 64 == 0) {
            u32 *more = map(NULL, 4096);
            check(more, 0);
            *more = round;
            unmap(more, 4096);
        }
    }
    for (u32 page = 0; page < pages; page++)
        for (u32 at = 0; at < 16; at++)
            check(area + page * WORDS + at,
                  pattern(generation[page] >> at & 1 ? n : 0, page, at));
    exit(failures != 0);
}

static u32 argument(int argc, char **argv, int n, u32 usual)
{
    return argc > n ? number_of(argv[n]) : usual;
}

int main(int argc, char **argv)
{
    u32 children = argument(argc, argv, 1, 3), seed = argument(argc, argv, 4, 1);
    pages = argument(argc, argv, 2, 40);
    rounds = argument(argc, argv, 3, 500);
    area = map(NULL, pages * 4096);
    if (!area) {
        printf("stress: no room for %u pages\n", pages);
        return 1;
    }
    for (u32 page = 0; page < pages; page++)
        for (u32 at = 0; at < 16; at++)
            area[page * WORDS + at] = pattern(0, page, at);
    for (u32 n = 1; n <= children; n++) {
        int pid = fork();
        if (pid == 0)
            work(n, seed * 7919 + n);
        if (pid < 0) {
            printf("stress: fork failed\n");
            return 1;
        }
    }
    int status, failed = 0;
    while (wait(&status) > 0)
        failed += status != 0;
    if (failed) {
        printf("stress: %d of %u failed\n", failed, children);
        return 1;
    }
    printf("stress: ok\n");
    return 0;
}
