/* The hash table: a cache of page table entries that the processor's table search reads (PEM 7.6).
 *
 * Entries may vanish at any time, for a newer one or for a module's: the next access finds the page
 * table again. Nothing is learnt from the table. R and C are in the page table before an entry is
 * made, so that the hardware never has to set them: R is preset, and a page is mapped writable only
 * when its C is set (fault.c).
 *
 * The lock is taken with interrupts off, and all of the kernel is mapped by BATs: its holder never
 * needs an entry of the table that it has locked. (The argument lock= shows what happens if it does:
 * the lock is given back at that address, which only the table maps.) A processor that only lacks an entry needs no other
 * lock: who takes a page away from a process that may run elsewhere changes page table and hash table
 * together.
 */
#include "kernel.h"

#define GROUP 8
#define HW_VALID 0x80000000
#define HW_SECONDARY 0x40
#define HW_R PTE_R
#define HW_C PTE_C
#define PP_READ_WRITE 2
#define PP_READ_ONLY 3

struct hash_entry { u32 tag, word; };

u32 hash_base, hash_mask;               /* physical address; number of groups - 1 */
u32 hash_lock_word;
u32 hash_inserted, hash_evicted, hash_flushed;
static u32 next_victim;

static volatile u32 *unlocked_at = &hash_lock_word;

u32 hash_lock(void)
{
    u32 msr = irq_save(), old;
    if (bug(BUG_HASH_NO_LOCK))
        return msr;
    asm volatile(
        "1: lwarx   %0, 0, %1\n"
        "   cmpwi   %0, 0\n"
        "   bne-    1b\n"
        "   stwcx.  %2, 0, %1\n"
        "   bne-    1b\n"
        "   isync"
        : "=&r"(old) : "r"(&hash_lock_word), "r"(0x1234 | this_cpu()->number << 16)
        : "cr0", "memory");
    return msr;
}

void hash_unlock(u32 msr)
{
    asm volatile("sync" ::: "memory");
    *unlocked_at = 0;
    irq_restore(msr);
}

static void lock_at(u32 page);

/* At the top of memory: a power of two from 64 KB on. */
void hash_init(u32 base)
{
    hash_base = base;
    hash_mask = boot_info.hash / (GROUP * sizeof(struct hash_entry)) - 1;
    memset(virtual(base), 0, boot_info.hash);
    set_sdr1(base | (boot_info.hash - 1) >> 16);
    const char *paged = boot_option("lock=");
    if (paged)
        lock_at(number_of(paged));
}

/* PEM figure 7-20: the group's number is VSID ^ page index; the secondary one's its complement. */
static struct hash_entry *group(u32 id, u32 address, int secondary)
{
    u32 hash = id ^ (address >> PAGE_SHIFT & 0xFFFF);
    if (secondary)
        hash = ~hash;
    if (bug(BUG_WRONG_GROUP) && (address & 0x3000) == 0x3000)
        hash += 1;
    return (struct hash_entry *)virtual(hash_base) + (hash & hash_mask) * GROUP;
}

static u32 tag_of(u32 id, u32 address, int secondary)
{
    return HW_VALID | id << 7 | (secondary ? HW_SECONDARY : 0) | (address >> 22 & 0x3F);
}

/* The entry for a page, or NULL. */
static struct hash_entry *find(u32 id, u32 address)
{
    for (int secondary = 0; secondary < 2; secondary++) {
        struct hash_entry *entry = group(id, address, secondary);
        for (int n = 0; n < GROUP; n++, entry++)
            if (entry->tag == tag_of(id, address, secondary))
                return entry;
    }
    return NULL;
}

static struct hash_entry *find_free(u32 id, u32 address, u32 *tag)
{
    for (int secondary = 0; secondary < 2; secondary++) {
        struct hash_entry *entry = group(id, address, secondary);
        for (int n = 0; n < GROUP; n++, entry++)
            if (!(entry->tag & HW_VALID)) {
                *tag = tag_of(id, address, secondary);
                return entry;
            }
    }
    return NULL;
}

/* Its own old entry, a free one, or one that has to go. The page that loses its entry keeps
 * PTE_HASHED: its translation may still be in a TLB. */
static struct hash_entry *choose(u32 id, u32 address, u32 *tag)
{
    struct hash_entry *entry = find(id, address);
    if (entry) {
        *tag = entry->tag;
        return entry;
    }
    entry = find_free(id, address, tag);
    if (entry)
        return entry;
    hash_evicted++;
    *tag = tag_of(id, address, 0);
    return group(id, address, 0) + next_victim++ % GROUP;
}

static void tlbie(u32 address)
{
    if (bug(BUG_NO_TLBIE))
        return;
    asm volatile("tlbie %0; eieio; cmpwi %1, 0; bne 1f; tlbsync; 1: sync"
                 :: "r"(address), "r"(bug(BUG_NO_TLBSYNC)) : "memory", "cr0");
}

/* The order that PEM 7.6.3 demands: no search may see halves of two entries. */
static void store(struct hash_entry *entry, u32 tag, u32 word)
{
    volatile struct hash_entry *e = entry;
    e->tag = bug(BUG_HASH_ORDER) ? tag : 0;
    asm volatile("sync" ::: "memory");
    e->word = word;
    asm volatile("eieio" ::: "memory");
    e->tag = tag;
    asm volatile("sync" ::: "memory");
}

/* The page of the lock, where only the table maps it, in a segment of the kernel. */
static void map_lock(u32 address)
{
    u32 id = vsid(0, address), tag;
    struct hash_entry *entry = choose(id, address, &tag);
    store(entry, tag, (physical(&hash_lock_word) & PTE_FRAME) | HW_R | HW_C | PTE_COHERENT
                      | PP_READ_WRITE);
}

static void lock_at(u32 page)
{
    unlocked_at = (u32 *)(page + physical(&hash_lock_word) % PAGE_SIZE);
    map_lock(page);
}

/* A page of the kernel's own has lost its entry; 0: it is no such page. */
int hash_page_fault(u32 address)
{
    if (unlocked_at == &hash_lock_word || ((address ^ (u32)unlocked_at) & PTE_FRAME))
        return 0;
    u32 msr = hash_lock();
    map_lock(address & PTE_FRAME);
    hash_unlock(msr);
    return 1;
}

/* Cache a page table entry that is present and referenced. The lock is held. */
static void insert(struct proc *p, u32 address, u32 *pte)
{
    u32 id = vsid(p->context, address), tag;
    u32 value = pte_update(pte, 0, PTE_HASHED);
    int writable = (value & PTE_RW) && (value & PTE_C || bug(BUG_LOST_DIRTY));
    struct hash_entry *entry = choose(id, address, &tag);
    store(entry, tag, (value & PTE_FRAME) | HW_R | (writable ? HW_C : 0) | PTE_COHERENT
                      | (writable ? PP_READ_WRITE : PP_READ_ONLY));
    tlbie(address);                     /* it may hold the page as it was before */
    hash_inserted++;
}

void hash_insert(struct proc *p, u32 address, u32 *pte)
{
    u32 msr = hash_lock();
    insert(p, address, pte);
    hash_unlock(msr);
}

/* Without the lock of the kernel: the page may go at any time. 0: more is needed than an entry. */
int hash_refill(struct proc *p, u32 address, int write)
{
    u32 *pte = pte_find(p, address), msr = hash_lock();
    u32 needs = PTE_PRESENT | PTE_R | (write ? PTE_RW | PTE_C : 0);
    int there = pte && (*(volatile u32 *)pte & needs) == needs;
    if (there)
        insert(p, address & ~(PAGE_SIZE - 1), pte);
    hash_unlock(msr);
    return there;
}

static void flush_page(u32 context, u32 address)
{
    u32 id = vsid(context, address);
    struct hash_entry *entry = find(id, address);
    if (entry)
        ((volatile struct hash_entry *)entry)->tag = 0;
    asm volatile("sync" ::: "memory");
    tlbie(address);                     /* in any case: the entry may have been evicted */
    hash_flushed++;
}

/* Before pages of a process get another meaning: `count` pages whose page table entries lie one
 * behind the other, and lose the bits `clear` at the same time; 0: the process does not run. Modules
 * that have entries of their own for these pages hear of it first. */
void flush_hash_pages(struct proc *p, u32 address, u32 *ptes, u32 count, u32 clear)
{
    for (; count--; address += PAGE_SIZE, ptes++) {
        if (!clear && !(*ptes & PTE_HASHED))
            continue;
        if (module_flush && *ptes & PTE_HASHED)
            module_flush(p, address & ~(PAGE_SIZE - 1), 1);
        u32 msr = hash_lock(), old = *(volatile u32 *)ptes;
        pte_update(ptes, PTE_HASHED | clear, 0);
        if (old & PTE_HASHED)
            flush_page(p->context, address);
        hash_unlock(msr);
    }
}
