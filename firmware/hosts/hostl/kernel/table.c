/* Page tables of two levels (pte.h). Directories and tables are frames of the kernel. */
#include "kernel.h"

/* The entry of an address, or NULL if there is no table for it. */
u32 *pte_find(struct proc *p, u32 address)
{
    u32 table = p->directory[address >> DIRECTORY_SHIFT];
    if (!table)
        return NULL;
    return (u32 *)virtual(table) + (address >> PAGE_SHIFT) % TABLE_ENTRIES;
}

/* The same, with a new table if need be; NULL if there is no memory. */
u32 *pte_make(struct proc *p, u32 address)
{
    u32 *table = &p->directory[address >> DIRECTORY_SHIFT];
    if (!*table)
        *table = page_alloc_wired(1, 1);
    return pte_find(p, address);
}

/* Change bits in one step, as another processor or a module may want to as well. Returns the new
 * value. Where nothing changes, a reservation that the process holds is left alone. */
u32 pte_update(u32 *pte, u32 clear, u32 set)
{
    u32 value = *(volatile u32 *)pte;
    if (value == ((value & ~clear) | set))
        return value;
    asm volatile(
        "1: lwarx   %0, 0, %1\n"
        "   andc    %0, %0, %2\n"
        "   or      %0, %0, %3\n"
        "   stwcx.  %0, 0, %1\n"
        "   bne-    1b"
        : "=&r"(value) : "r"(pte), "r"(clear), "r"(set) : "cr0", "memory");
    return value;
}

/* What is behind an entry has one user less. */
static void release(struct proc *p, u32 value)
{
    if (value & PTE_PRESENT) {
        if (!(value & PTE_SPECIAL))
            page_put(value & PTE_FRAME);
        p->resident--;
    } else if (value & PTE_SWAPPED) {
        if (!bug(BUG_SLOT_LEAK))
            swap_put(value >> PAGE_SHIFT);
        p->swapped--;
    }
}

static void free_entry(struct proc *p, u32 address, u32 *pte)
{
    u32 value = *pte;
    if (!bug(BUG_EXIT_NO_FLUSH))
        flush_hash_pages(p, address, pte, 1, 0);
    *pte = 0;
    release(p, value);
}

void tables_free_range(struct proc *p, u32 start, u32 end)
{
    while (start < end) {
        u32 *pte = pte_find(p, start);
        if (pte && *pte)
            free_entry(p, start, pte);
        start += pte ? PAGE_SIZE : (1u << DIRECTORY_SHIFT) - start % (1u << DIRECTORY_SHIFT);
    }
}

void tables_free(struct proc *p)
{
    if (!p->directory)
        return;
    tables_free_range(p, 0, USER_END);
    for (u32 n = 0; n < DIRECTORY_ENTRIES; n++)
        if (p->directory[n])
            page_free_wired(p->directory[n], 1);
    page_free_wired(physical(p->directory), 1);
    p->directory = NULL;
}

/* Parent and child share every page. Neither may store to one any more: a store copies it. */
static void share_entry(struct proc *child, struct proc *parent, u32 address, u32 *from, u32 *to)
{
    if (*from & PTE_SPECIAL) {
        *to = *from & ~PTE_HASHED;
        child->resident++;
    } else if (*from & PTE_PRESENT) {
        if (!bug(BUG_FORK_NO_FLUSH))
            flush_hash_pages(parent, address, from, 1, 0);
        *to = pte_update(from, PTE_RW | PTE_WIRED, 0) & ~PTE_HASHED;
        if (!bug(BUG_FORK_NO_COUNT))
            page_get(*from & PTE_FRAME);
        child->resident++;
    } else if (*from & PTE_SWAPPED) {
        *to = *from;
        swap_get(*from >> PAGE_SHIFT);
        child->swapped++;
    }
}

static int share_table(struct proc *child, struct proc *parent, u32 start)
{
    for (u32 n = 0; n < TABLE_ENTRIES; n++) {
        u32 address = start + n * PAGE_SIZE, *from = pte_find(parent, address);
        if (!*from)
            continue;
        u32 *to;
        while (!(to = pte_make(child, address)))
            if (!memory_wait())
                return 0;
        share_entry(child, parent, address, from, to);
    }
    return 1;
}

/* 0 if there is no memory for the tables; what has been made is freed with the child. */
int tables_fork(struct proc *child, struct proc *parent)
{
    for (u32 n = 0; n < DIRECTORY_ENTRIES; n++)
        if (parent->directory[n] && !share_table(child, parent, n << DIRECTORY_SHIFT))
            return 0;
    return 1;
}
