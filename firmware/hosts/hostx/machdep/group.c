/* The hash table, group by group. Each group has a control word, and whoever changes a group holds
 * the lock in it, with interrupts off. All of the kernel is mapped by BATs: the holder of a lock
 * never needs an entry of the table. */
#include "pmap.h"

u32 hash_base, hash_mask;               /* physical address; number of groups - 1 */
u32 *control;                           /* a word for each group */

/* The table is at the top of memory; the control words are wired. */
void group_init(u32 base)
{
    u32 groups = boot_info.hash / (GROUP * sizeof(struct entry));
    hash_base = base;
    hash_mask = groups - 1;
    memset(virtual(base), 0, boot_info.hash);
    control = virtual(page_alloc_wired((groups * sizeof(u32) + PAGE_SIZE - 1) / PAGE_SIZE, 1));
    for (u32 group = 0; group < groups; group++)
        control[group] = ALL_FREE | CONTROL_STEAL(0);
    set_sdr1(base | (boot_info.hash - 1) >> 16);
}

struct entry *entry_at(u32 slot)
{
    return (struct entry *)virtual(hash_base) + slot;
}

/* PEM figure 7-20: the group's number is VSID ^ page index; the secondary one's its complement. */
static u32 group_of(u32 id, u32 address, int secondary)
{
    u32 hash = id ^ (address >> PAGE_SHIFT & 0xFFFF);
    if (bug(BUG_WRONG_GROUP) && (address & 0x3000) == 0x3000)
        hash += 1;
    return (secondary ? ~hash : hash) & hash_mask;
}

static u32 tag_of(u32 id, u32 address, int secondary)
{
    return HW_VALID | id << 7 | (secondary ? HW_SECONDARY : 0) | (address >> 22 & 0x3F);
}

static void lock(u32 group)
{
    u32 word, locked;
    asm volatile(
        "1: lwarx   %0, 0, %2\n"
        "   andi.   %1, %0, 1\n"
        "   ori     %0, %0, 1\n"
        "   bne-    1b\n"
        "   stwcx.  %0, 0, %2\n"
        "   bne-    1b\n"
        "   isync"
        : "=&r"(word), "=&r"(locked) : "r"(&control[group]) : "cr0", "memory");
}

static void unlock(u32 group, u32 word)
{
    asm volatile("sync" ::: "memory");
    *(volatile u32 *)&control[group] = word & ~CONTROL_LOCK;
}

static void tlbie(u32 address)
{
    if (!bug(BUG_NO_TLBIE))
        asm volatile("sync; tlbie %0; eieio; tlbsync; sync" :: "r"(address) : "memory");
}

/* The order that PEM 7.6.3 demands: no search may see halves of two entries. */
static void store(u32 slot, u32 tag, u32 word, u32 address)
{
    volatile struct entry *e = entry_at(slot);
    e->tag = 0;
    asm volatile("sync" ::: "memory");
    e->word = word;
    asm volatile("eieio" ::: "memory");
    e->tag = tag;
    tlbie(address);
}

static u32 first_of(u32 bits) { asm("cntlzw %0, %0" : "+r"(bits)); return bits; }

/* The one that is to be stolen: an automatic entry, if there is one from the cursor on. The cursor
 * moves on to the next entry. */
static u32 victim(u32 *word)
{
    u32 cursor = first_of((*word & ALL_STEAL) << 8), chosen = cursor;
    for (u32 n = 0; n < GROUP; n++)
        if (*word & CONTROL_AUTO((cursor + n) % GROUP)) {
            chosen = (cursor + n) % GROUP;
            break;
        }
    *word = (*word & ~ALL_STEAL) | CONTROL_STEAL((chosen + 1) % GROUP);
    return chosen;
}

/* Put an entry into a free slot of the primary or secondary group, or into one that is stolen from
 * the primary group. Returns the slot. */
u32 slot_take(u32 id, u32 address, int automatic, u32 word)
{
    u32 group, old, n;
    int secondary = 0;
    for (; secondary < 2; secondary++) {
        group = group_of(id, address, secondary);
        lock(group);
        old = control[group];
        if (old & ALL_FREE)
            break;
        unlock(group, old);
    }
    if (secondary < 2) {
        n = first_of(old & ALL_FREE);
    } else {
        secondary = 0;
        group = group_of(id, address, 0);
        lock(group);
        old = control[group];
        n = victim(&old);
        u32 slot = group * GROUP + n, tag = entry_at(slot)->tag;
        u32 index = (tag & 0x3F) << 10 | (((tag & HW_SECONDARY ? ~group : group) ^ tag >> 7) & 0x3FF);
        ((volatile struct entry *)entry_at(slot))->tag = 0;
        tlbie(index << PAGE_SHIFT);     /* from now on the hardware does not set R and C */
        if (!(old & CONTROL_AUTO(n)))
            slot_stolen(slot, tag);
    }
    store(group * GROUP + n, tag_of(id, address, secondary), word, address);
    old &= ~(CONTROL_FREE(n) | CONTROL_AUTO(n));
    unlock(group, automatic ? old | CONTROL_AUTO(n) : old);
    return group * GROUP + n;
}

/* The entry is not valid any more, and no TLB has it: its R and C do not change any more. */
void slot_free(u32 slot, u32 address)
{
    u32 group = slot / GROUP, n = slot % GROUP;
    lock(group);
    ((volatile struct entry *)entry_at(slot))->tag = 0;
    tlbie(address);
    unlock(group, (control[group] | CONTROL_FREE(n)) & ~CONTROL_AUTO(n));
}

/* Only the automatic entry of a block's page has to be looked for. */
u32 slot_find(u32 id, u32 address)
{
    for (int secondary = 0; secondary < 2; secondary++) {
        u32 first = group_of(id, address, secondary) * GROUP;
        for (u32 n = 0; n < GROUP; n++)
            if (entry_at(first + n)->tag == tag_of(id, address, secondary))
                return first + n;
    }
    return NO_SLOT;
}
