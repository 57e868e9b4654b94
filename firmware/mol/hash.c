/* The hash table of the hardware: the host's, or one of MOL's own (points iv and v). */
#include "mol.h"

#define PRIVATE_PAGES 16            /* 64 KB */

int init_hash(struct kernel_vars *kv)
{
    u32 sdr1 = host_sdr1();
    if (kv->option[OPTION_PRIVATE_HASH]) {
        void *table = host_alloc_aligned(PRIVATE_PAGES, PRIVATE_PAGES);
        if (!table)
            return EMOLGENERAL;
        kv->private_hash_pages = PRIVATE_PAGES;
        sdr1 = host_physical(table);
    }
    kv->sdr1 = sdr1;
    kv->hash_phys = sdr1 & 0xFFFF0000;
    kv->hash_mask = (sdr1 & 0x1FF) << 16 | 0xFFFF;
    kv->hash = host_virtual(kv->hash_phys);
    return 0;
}

void free_hash(struct kernel_vars *kv)
{
    if (kv->private_hash_pages)
        host_free_wired(kv->hash, kv->private_hash_pages);
    kv->private_hash_pages = 0;
}

static u32 *pte(struct kernel_vars *kv, u32 slot) { return kv->hash + slot / 4; }

static u32 group(struct kernel_vars *kv, u32 vsid, u32 page, int secondary)
{
    u32 hash = (vsid & 0x7FFFF) ^ page;
    return ((secondary ? ~hash : hash) << 6) & kv->hash_mask;
}

static u32 tag(u32 vsid, u32 page, int secondary)
{
    return PTE_V | vsid << 7 | (secondary ? PTE_H : 0) | page >> 10;
}

/* KVM-PR's choice: a free slot of the secondary group, or else the first one of the primary group, even if
 * others are free there. */
static u32 find_slot_secondary_first(struct kernel_vars *kv, u32 vsid, u32 page, int recorded, u32 *word0)
{
    u32 first = group(kv, vsid, page, 1), last = group(kv, vsid, page, 0), free = ~0u;
    *word0 = tag(vsid, page, 0);
    if (recorded && *pte(kv, last) == *word0)
        return last;
    *word0 |= PTE_H;
    for (u32 slot = first; slot < first + 64; slot += 8) {
        u32 found = *pte(kv, slot);
        if (found == *word0)
            return slot;
        if (!(found & PTE_V) && free == ~0u) {
            free = slot;
            if (!recorded)
                break;
        }
    }
    if (free != ~0u)
        return free;
    *word0 &= ~PTE_H;
    if (*pte(kv, last) & PTE_V)
        COUNT(kv, pte_evicted);
    return last;
}

/* The slot that holds the page already, as it only may if there is a record of it; or else a free one, or
 * else the next victim of the primary group, whoever owns it: the hash table is a cache. */
u32 find_slot(struct kernel_vars *kv, u32 vsid, u32 page, int recorded, u32 *word0)
{
    u32 free = ~0u;
    if (kv->option[OPTION_SECONDARY_FIRST])
        return find_slot_secondary_first(kv, vsid, page, recorded, word0);
    for (int secondary = 0; secondary < 2; secondary++) {
        u32 first = group(kv, vsid, page, secondary), wanted = tag(vsid, page, secondary);
        for (u32 slot = first; slot < first + 64; slot += 8) {
            u32 found = *pte(kv, slot);
            if (found == wanted) {
                *word0 = wanted;
                return slot;
            }
            if (!(found & PTE_V) && free == ~0u) {
                free = slot;
                *word0 = wanted;
                if (!recorded)
                    return slot;
            }
        }
    }
    if (free != ~0u)
        return free;
    COUNT(kv, pte_evicted);
    kv->steal = (kv->steal + 1) & 7;
    *word0 = tag(vsid, page, 0);
    return group(kv, vsid, page, 0) + 8 * kv->steal;
}

/* Not valid, second word, valid: in this order, and with the lock, no search sees half a PTE. */
void store_pte(struct kernel_vars *kv, u32 slot, u32 word0, u32 word1, u32 page)
{
    volatile u32 *entry = pte(kv, slot);
    u32 lock = host_hash_lock();
    entry[0] = 0;
    asm volatile("sync" ::: "memory");
    entry[1] = word1;
    asm volatile("eieio" ::: "memory");
    entry[0] = word0;
    asm volatile("sync; tlbie %0; eieio; tlbsync; sync" :: "r"(page << 12) : "memory");
    host_hash_unlock(lock);
}

/* A PTE of this page may have been evicted: the TLB can still hold it, the slot another page's. */
void zero_pte(struct kernel_vars *kv, u32 slot, u32 vsid, u32 page)
{
    volatile u32 *entry = pte(kv, slot);
    u32 lock = host_hash_lock();
    if ((entry[0] & ~PTE_H) == tag(vsid, page, 0) || kv->option[FAULT_STALE_SLOT]) {
        entry[0] = 0;
        COUNT(kv, ptes_zeroed);
    }
    asm volatile("sync; tlbie %0; eieio; tlbsync; sync" :: "r"(page << 12) : "memory");
    host_hash_unlock(lock);
}

void invalidate_tlb(void)
{
    asm volatile("sync" ::: "memory");
    for (u32 page = 0; page < 64; page++)
        asm volatile("tlbie %0" :: "r"(page << 12) : "memory");
    asm volatile("eieio; tlbsync; sync" ::: "memory");
}

/* Remove every PTE of this session's contexts that is still there: the number that was found. */
u32 purge_hash(struct kernel_vars *kv)
{
    u32 found = 0;
    for (u32 slot = 0; slot <= kv->hash_mask; slot += 8) {
        u32 word = *pte(kv, slot);
        if (word & PTE_V && owns_vsid(kv, word >> 7 & VSID_MASK)) {
            *pte(kv, slot) = 0;
            found++;
        }
    }
    invalidate_tlb();
    return found;
}
