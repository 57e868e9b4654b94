/* Address spaces and their virtual segment identifiers.
 *
 * Spaces are numbered in the order in which they are made; 0 is the kernel's. The number times an odd
 * constant, modulo 2^20, is the lower part of a VSID, the segment its upper part. The constant depends
 * on the size of the hash table, and spreads the spaces over its groups. Nobody else knows which
 * numbers are in use: who takes some from the end of the range meets the kernel one day.
 */
#include "kernel.h"
#include "pmap.h"

u32 vsid_increment;
static u32 next_space = 1;

void context_init(void) { segments_init(); }

/* Of a processor: the kernel's own segments, which have no pages. */
void segments_init(void)
{
    for (u32 segment = 0; segment < 16; segment++)
        asm volatile("mtsrin %0, %1; isync" :: "r"(SR_KP | segment << 20), "r"(segment << 28));
}

/* As XNU does: about the square root of the table's size, its fourth root, and 1. */
void space_init(u32 hash_size)
{
    u32 bits;
    asm("cntlzw %0, %1" : "=r"(bits) : "r"(hash_size));
    bits = 32 - bits;
    vsid_increment = 1u << ((bits + 1) >> 1) | 1u << ((bits + 1) >> 2) | 1;
    const char *first = boot_option("space=");
    if (first && number_of(first) % SPACES)
        next_space = number_of(first) % SPACES;
}

u32 vsid(u32 context, u32 address)
{
    return ((context * vsid_increment) & (SPACES - 1)) | (address >> 28) << 20;
}

static int in_use(u32 context)
{
    for (struct proc *p = processes; p < processes + PROCESSES; p++)
        if (p->state != UNUSED && p->directory && p->context == context)
            return 1;
    return context == 0 || context_is_lent(context);
}

u32 context_alloc(void)
{
    u32 context;
    do {
        context = next_space;
        next_space = (next_space + 1) % SPACES;
    } while (in_use(context));
    return bug(BUG_CONTEXT_TWICE) ? 1 : context;
}

void context_free(u32 context)
{
    (void)context;
}

/* In the kernel its own segments stay; entry.S loads those of the process from SPRG2. */
void context_switch(struct proc *p)
{
    const struct proc *space = p->space ? p->space : p;
    asm volatile("mtsprg 2, %0" :: "r"(SR_KP | vsid(space->context, 0)));
    window_load(p);
}
