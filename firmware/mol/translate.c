/* The guest's translation, as a 750 would do it, but looked up in the guest's registers and memory
 * (point vi). */
#include "mol.h"

/* Storage key and PP bits: may it be read, may it be written? */
static int prohibited(int key, u32 pp, enum access kind)
{
    if (kind == STORE)
        return pp == 3 || (key && pp < 2);
    return key && pp == 0;
}

/* One group of eight entries: the one with this first word, or NO_PTE. */
static u32 search_group(struct kernel_vars *kv, u32 offset, u32 wanted)
{
    u32 copy[16];
    const u32 *entry = guest_words(kv, copy, kv->pthash_base + offset, sizeof copy);
    for (u32 i = 0; entry && i < 8; i++)
        if (entry[2 * i] == wanted)
            return offset + 8 * i;
    return NO_PTE;
}

static u32 search(struct kernel_vars *kv, u32 vsid, u32 page)
{
    if (!kv->pthash_mask)
        return NO_PTE;
    u32 hash = (vsid & 0x7FFFF) ^ page, wanted = PTE_V | vsid << 7 | page >> 10;
    u32 found = search_group(kv, hash << 6 & kv->pthash_mask, wanted);
    if (found == NO_PTE)
        found = search_group(kv, ~hash << 6 & kv->pthash_mask, wanted | PTE_H);
    return found;
}

static void look_up(struct kernel_vars *kv, u32 ea, enum access kind, struct translation *t)
{
    u32 upper, lower, segment = kv->mregs.segr[ea >> 28];
    u32 store = kind == STORE ? FAULT_STORE : 0;
    t->fault = 0;
    t->pte = NO_PTE;
    t->wimg = 0;
    t->writable = 1;
    if (!(kv->mregs.msr & (kind == FETCH ? MSR_IR : MSR_DR))) {
        t->mphys = ea;
        t->wimg = WIMG_M;
        return;
    }
    if (find_bat(kv, ea, kind == FETCH, &upper, &lower)) {
        t->mphys = bat_address(upper, lower, ea);
        t->wimg = lower >> 3 & 15;
        t->writable = (lower & 3) == 2;
        if (kind == FETCH && t->wimg & WIMG_G)
            t->fault = FAULT_NO_EXECUTE;
        else if (prohibited(1, lower & 3, kind))
            t->fault = FAULT_PROTECTION | store;
        return;
    }
    if (segment & SR_T) {
        COUNT(kv, memory_forced_segment);
        t->fault = kind == FETCH ? FAULT_NO_EXECUTE : FAULT_DIRECT | store;
        return;
    }
    if (kind == FETCH && segment & SR_N) {
        t->fault = FAULT_NO_EXECUTE;
        return;
    }
    t->pte = search(kv, segment & VSID_MASK, page_of(ea));
    if (t->pte == NO_PTE) {
        t->fault = FAULT_NOT_FOUND | store;
        return;
    }
    /* R before protection, C only for a store that is allowed: each is one byte (decision 5). */
    u32 entry = kv->pthash_base + t->pte, word = guest_word(kv, entry + 4);
    int key = (segment & (is_user(kv) ? SR_KP : SR_KS)) != 0;
    if (!(word & PTE_R))
        write_guest_byte(kv, entry + 6, word >> 8 | PTE_R >> 8);
    t->mphys = (word & 0xFFFFF000) | (ea & 0xFFF);
    t->wimg = word >> 3 & 15;
    t->writable = word & PTE_C && !prohibited(key, word & 3, STORE);
    if (kind == FETCH && t->wimg & WIMG_G)
        t->fault = FAULT_NO_EXECUTE;
    else if (prohibited(key, word & 3, kind))
        t->fault = FAULT_PROTECTION | store;
    else if (kind == STORE) {
        write_guest_byte(kv, entry + 7, word | PTE_C);
        t->writable = 1;
    }
}

/* What MOL has put over the guest's memory is only good for one thing: registers can be loaded, slots
 * can be fetched. */
void translate(struct kernel_vars *kv, u32 ea, enum access kind, struct translation *t)
{
    look_up(kv, ea, kind, t);
    if (!t->fault && ((in_mregs(kv, t->mphys) && kind != LOAD)
                      || (in_slots(kv, t->mphys) && (kind != FETCH || !may_use_slot(kv, t->mphys)))))
        t->fault = FAULT_PROTECTION | (kind == STORE ? FAULT_STORE : 0);
}
