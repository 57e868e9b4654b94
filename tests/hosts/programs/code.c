/* code [PAGES [ROUNDS]]: pages of code that this program has stored. Two processes call them in a random
 * order, and store others. More pages than there is memory move from frame to frame; those that the
 * two share are copied. */
#include "user.h"

#define LI_R3 0x38600000u
#define BLR   0x4E800020u

static u32 pages, *area, failures;

/* A function that returns a number. */
static void store(u32 page, u32 number)
{
    u32 *code = area + page * 1024;
    code[0] = LI_R3 | number;
    code[1] = BLR;
    code_stored(code, 8);
}

static u32 call(u32 page)
{
    return ((u32 (*)(void))(area + page * 1024))();
}

static void work(u32 seed, u32 rounds)
{
    u16 *number = grow(2 * pages);
    for (u32 page = 0; page < pages; page++)
        number[page] = page;
    while (rounds--) {
        u32 page = random_word(&seed) % pages, found = call(page);
        if (found != number[page] && !failures++)
            printf("code: page %u returns %u, not %u\n", page, found, number[page]);
        if (random_word(&seed) % 4 == 0)
            store(page, number[page] = random_word(&seed) & 0x7FFF);
    }
    exit(failures != 0);
}

int main(int argc, char **argv)
{
    pages = argc > 1 ? number_of(argv[1]) : 100;
    u32 rounds = argc > 2 ? number_of(argv[2]) : 1000, bad = 0;
    area = map(NULL, pages * 4096);
    if (!area)
        return 1;
    for (u32 page = 0; page < pages; page++)
        store(page, page);
    for (u32 n = 1; n <= 2; n++)
        if (fork() == 0)
            work(n, rounds);
    for (u32 n = 0; n < 2; n++) {
        int status;
        wait(&status);
        bad += status != 0;
    }
    printf(bad ? "code: BAD\n" : "code: ok\n");
    return bad != 0;
}
