/* Contexts, and the virtual segment identifiers that they stand for.
 *
 * Each process has a context, 1 to 32767; 0 is the kernel's. A context gives 16 identifiers, one a
 * segment; the multiplications spread them over the groups of the hash table. The constants are
 * those of Linux, so that a module that takes contexts from 32768 on never meets a process.
 */
#include "kernel.h"

#define CONTEXTS 32768
#define VSID_MASK 0xFFFFFF

static u32 used[CONTEXTS / 32];
static u32 next_context;

void context_init(void)
{
    used[0] = 1;                        /* the kernel's */
    next_context = 1;
    segments_init();
}

/* Of a processor: the segment that hash.c uses for lock=. context_switch loads all others. */
void segments_init(void)
{
    asm volatile("mtsrin %0, %1; isync" :: "r"(vsid(0, 0xD0000000)), "r"(0xD0000000));
}

u32 vsid(u32 context, u32 address)
{
    return (context * 897 * 16 + (address >> 28) * 0x111) & VSID_MASK;
}

/* The next one that is free: a number comes back as late as possible. */
u32 context_alloc(void)
{
    if (bug(BUG_CONTEXT_TWICE))
        return 1;
    for (u32 n = 0; n < CONTEXTS; n++) {
        u32 context = (next_context + n) % CONTEXTS;
        if (used[context / 32] & 1u << context % 32)
            continue;
        used[context / 32] |= 1u << context % 32;
        next_context = context + 1;
        return context;
    }
    panic("no context is free");
}

void context_free(u32 context)
{
    used[context / 32] &= ~(1u << context % 32);
}

/* Load the segment registers of user addresses. No TLB is flushed: VSIDs are part of their tags. */
void context_switch(struct proc *p)
{
    for (u32 address = 0; address < USER_END; address += 1u << 28)
        asm volatile("mtsrin %0, %1" :: "r"(SR_KP | vsid(p->context, address)), "r"(address));
    asm volatile("isync" ::: "memory");
}
