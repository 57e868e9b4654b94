/* A process of the tiny kernel: it stores random numbers into its pages, and finds them again. */
#include "kernel.h"

#define ROUNDS 12
#define WORDS (PAGE_SIZE / sizeof(u32))
#define STEP 41                     /* words between two that are used */

static u32 call(enum call number, u32 argument)
{
    register u32 r0 asm("r0") = number;
    register u32 r3 asm("r3") = argument;
    asm volatile("sc" : "+r"(r0), "+r"(r3) :: "memory");
    return r3;
}

static u32 random(u32 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Each round stores to every third page, and checks all that were ever stored to. */
void user_main(u32 number)
{
    volatile u32 *data = (u32 *)DATA;
    u32 seed = number + 1, sum = 1;
    for (u32 round = 0; round < ROUNDS; round++) {
        u32 state = seed * 0x9E3779B9u + round % 3;
        for (u32 page = round % 3; page < PAGES; page += 3)
            for (u32 word = page; word < WORDS; word += STEP)
                data[page * WORDS + word] = random(&state) + round / 3;
        for (u32 first = 0; first < 3 && first <= round; first++) {
            u32 latest = (round - first) / 3;
            state = seed * 0x9E3779B9u + first;
            for (u32 page = first; page < PAGES; page += 3)
                for (u32 word = page; word < WORDS; word += STEP) {
                    u32 value = data[page * WORDS + word];
                    if (value != random(&state) + latest)
                        call(CALL_EXIT, 0);
                    sum = sum * 31 + value;
                }
        }
        *(volatile u32 *)(TEXT_SEGMENT << 28) = sum;    /* refused */
        call(round & 1 ? CALL_UNMAP : CALL_YIELD, 0);
    }
    call(CALL_EXIT, sum | 1);
}
