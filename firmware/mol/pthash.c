/* The guest's hash table: which of its entries are in use by shadow PTEs, and what happens when the
 * guest writes them (point vi). */
#include "mol.h"

void free_pthash(struct kernel_vars *kv)
{
    if (kv->pthash_inuse)
        host_free_wired(kv->pthash_inuse, kv->pthash_inuse_pages);
    kv->pthash_inuse = NULL;
    kv->pthash_mask = 0;
}

int in_pthash(struct kernel_vars *kv, u32 mphys)
{
    return kv->pthash_mask && mphys - kv->pthash_base <= kv->pthash_mask;
}

/* Whether stores to that memory must not pass unnoticed. */
int is_watched(struct kernel_vars *kv, u32 mphys)
{
    return in_pthash(kv, mphys) && !kv->option[OPTION_UNWATCHED];
}

/* All shadow PTEs of the memory of the table: their rights change. */
static void flush_table(struct kernel_vars *kv)
{
    if (!kv->pthash_mask)
        return;
    for (u32 at = 0; at <= kv->pthash_mask; at += PAGE_SIZE) {
        struct block *b = find_block(kv, kv->pthash_base + at);
        if (b)
            flush_lv_page(kv, b->first_page + (kv->pthash_base + at - b->mbase) / PAGE_SIZE);
    }
}

static int valid_table(struct kernel_vars *kv, u32 base, u32 mask)
{
    struct block *b = find_block(kv, base);
    return b && !b->read_only && base + mask - b->mbase < b->size && !(base & mask);
}

void do_mtsdr1(struct kernel_vars *kv, u32 value)
{
    COUNT(kv, do_mtsdr1);
    u32 htabmask = value & 0x1FF, base = value & 0xFFFF0000;
    kv->mregs.spr[SPR_SDR1] = value & 0xFFFF01FF;
    /* A table that is not in the guest's memory, or a mask with holes: 64 KB at 0 instead. */
    if (htabmask & (htabmask + 1) || !valid_table(kv, base, htabmask << 16 | 0xFFFF)) {
        COUNT(kv, bad_sdr1);
        htabmask = base = 0;
    }
    make_room(kv);
    clear_all_vsids(kv);
    flush_table(kv);
    free_pthash(kv);
    u32 mask = htabmask << 16 | 0xFFFF;
    if (!valid_table(kv, base, mask))
        return;
    kv->pthash_inuse_pages = (mask / 64 + PAGE_SIZE) / PAGE_SIZE;
    kv->pthash_inuse = host_alloc_wired(kv->pthash_inuse_pages);
    if (!kv->pthash_inuse)
        return;                         /* no table at all: each access is a page fault of the guest */
    kv->pthash_base = base;
    kv->pthash_mask = mask;
    kv->pthash_inuse_phys = host_physical(kv->pthash_inuse);
    kv->pthash_ea_base = 0;
    kv->pthash_sr = 0;
    flush_table(kv);
}

/* The same bit order as intercept.S: bit 0 is the least significant. */
void note_pte_used(struct kernel_vars *kv, u32 offset)
{
    kv->pthash_inuse[offset >> 6] |= 1 << (offset >> 3 & 7);
}

/* One entry is about to be written: the old mapping goes. */
static void forget_pte(struct kernel_vars *kv, u32 offset)
{
    u8 *byte = &kv->pthash_inuse[offset >> 6], bit = 1 << (offset >> 3 & 7);
    if (!(*byte & bit)) {
        COUNT(kv, pt_intercept_not_taken);
        return;
    }
    *byte &= ~bit;
    COUNT(kv, pt_intercept_taken);
    u32 word = guest_word(kv, kv->pthash_base + offset);
    if (!(word & PTE_V))
        return;
    u32 vsid = word >> 7 & VSID_MASK, group = offset >> 6;
    u32 low = ((word & PTE_H ? ~group : group) ^ vsid) & 0x3FF;
    COUNT(kv, do_intercept_tlbie);
    flush_vsid_page(kv, vsid, (word & 0x3F) << 10 | low);
}

/* Memory of the guest is about to be written, by the guest, a device or an emulated instruction. */
void pthash_written(struct kernel_vars *kv, u32 mphys, u32 size)
{
    if (!kv->pthash_mask || kv->option[OPTION_UNWATCHED])
        return;
    for (u32 at = mphys & ~7u; at < mphys + size; at += 8)
        if (in_pthash(kv, at))
            forget_pte(kv, at - kv->pthash_base);
}
