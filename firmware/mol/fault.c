/* DSI and ISI of the guest: shadow PTEs are made, or the guest gets the exception. */
#include "mol.h"

/* WIMG of a shadow PTE: the guest's. While its data cache is off all is write-through, where dcbz
 * causes the alignment exception that the guest expects. */
static u32 attributes(struct kernel_vars *kv, const struct translation *t)
{
    return t->wimg | (data_cache_is_on(kv) ? 0 : WIMG_W);
}

/* Point viii: who brings a page in, the host's kernel or the user part. */
static u32 owner_page(struct kernel_vars *kv, u32 lvptr, int write)
{
    return kv->option[OPTION_TOUCH] ? host_find_page(kv->owner, lvptr, write)
                                    : host_page_in(kv->owner, lvptr, write);
}

static u32 touch(struct kernel_vars *kv, u32 lvptr, int write)
{
    COUNT(kv, pages_touched);
    kv->mregs.rvec_param[0] = lvptr;
    kv->mregs.rvec_param[1] = write;
    return RVEC_TOUCH;
}

/* The VSID of MOL's in which an access of the guest is translated, and the storage key it stands for. */
static u32 shadow_segment(struct kernel_vars *kv, struct vsid_ent *v, u32 ea, enum access kind, u32 *key)
{
    u32 segment = kv->mregs.segr[ea >> 28];
    *key = !is_translated(kv, kind) || (segment & (is_user(kv) ? SR_KP : SR_KS));
    return shadow_sr(kv, v, *key) & VSID_MASK;
}

static void learn(struct kernel_vars *kv, u32 sr, enum access kind)
{
    if (is_translated(kv, kind))
        fix_sr(kv, sr);
    else
        fix_real_mode_sr(kv, sr);
}

/* KVM-PR's map may have lost the record that the segment has: then it gets the new one's VSID. */
static void follow_map(struct kernel_vars *kv, u32 ea, enum access kind, u32 shadow)
{
    if (shadow != (*known_sr(kv, ea >> 28, kind) & VSID_MASK))
        learn(kv, ea >> 28, kind);
}

/* Make the shadow PTE of a page: read-only until the first store, which has set C. The host may take
 * the page away at any time until the PTE is recorded: then the reservation is lost, the PTE goes again,
 * and the guest faults once more. */
static u32 insert(struct kernel_vars *kv, u32 ea, enum access kind, struct translation *t,
                  struct block *block)
{
    u32 page = page_of(ea), offset = (t->mphys & ~(PAGE_SIZE - 1)) - block->mbase, key;
    struct vsid_ent *v = segment_vsid(kv, ea >> 28, kind);
    u32 shadow = shadow_segment(kv, v, ea, kind, &key);
    u32 lv_page = block->first_page + offset / PAGE_SIZE;
    int write = kind == STORE;
    if (kv->option[OPTION_VSID_MAP])
        follow_map(kv, ea, kind, shadow);
    u32 pp = !write ? PP_RO : is_watched(kv, t->mphys) ? PP_HASH : PP_RW;

    kv->reserved_lv = lv_page;
    u32 physical = owner_page(kv, block->lvbase + offset, write);
    if (physical == HOST_NO_PAGE)
        return kv->option[OPTION_TOUCH] ? touch(kv, block->lvbase + offset, write) : RVEC_NOP;
    struct pent *p = find_pent(kv, v, page, key);
    if (p && p->lv_page != lv_page) {
        remove_pent(kv, p);
        p = NULL;
    }
    u32 word0, slot = find_slot(kv, shadow, page, p != NULL, &word0);
    store_pte(kv, slot, word0, physical | PTE_R | PTE_C | attributes(kv, t) << 3 | pp, page);
    if (kv->reserved_lv != lv_page) {
        COUNT(kv, reservation_lost);
        zero_pte(kv, slot, shadow, page);
        return RVEC_NOP;
    }
    kv->reserved_lv = NO_LV;
    COUNT(kv, page_fault_ctr);
    if (p)
        COUNT(kv, pte_reused);
    else
        p = new_pent(kv, v, ea, key, lv_page);
    p->slot = slot;
    if (t->pte != NO_PTE)
        note_pte_used(kv, t->pte);
    if (pp == PP_HASH) {
        kv->pthash_sr = shadow | SR_KP;
        kv->pthash_ea_base = ea - (t->mphys - kv->pthash_base);
    }
    return RVEC_NOP;
}

/* The shadow PTE of a page that is MOL's own: nobody takes it away. Returns the segment that it is in. */
static u32 insert_own(struct kernel_vars *kv, u32 ea, enum access kind, struct translation *t,
                      u32 physical, u32 pp)
{
    u32 page = page_of(ea), key;
    struct vsid_ent *v = segment_vsid(kv, ea >> 28, kind);
    u32 shadow = shadow_segment(kv, v, ea, kind, &key);
    if (kv->option[OPTION_VSID_MAP])
        follow_map(kv, ea, kind, shadow);
    struct pent *p = find_pent(kv, v, page, key);
    if (p && p->lv_page != NO_LV) {
        remove_pent(kv, p);
        p = NULL;
    }
    u32 word0, slot = find_slot(kv, shadow, page, p != NULL, &word0);
    store_pte(kv, slot, word0, physical | PTE_R | PTE_C | pp, page);
    if (!p)
        p = new_pent(kv, v, ea, key, NO_LV);
    p->slot = slot;
    if (t->pte != NO_PTE)
        note_pte_used(kv, t->pte);
    return shadow | SR_KP;
}

/* A page of devices: a PTE without rights, so that accesses fault at once, and a note which it is. */
static void insert_io(struct kernel_vars *kv, u32 ea, struct translation *t)
{
    struct io_page *io = find_io_page(kv, t->mphys);
    if (!io)
        return;
    u32 sr = insert_own(kv, ea, LOAD, t, host_physical(io), PP_NONE);
    struct io_entry *entry = &kv->io_cache[ea >> 12 & (IO_CACHE - 1)];
    entry->ea = ea & ~(PAGE_SIZE - 1);
    entry->sr = sr;
    entry->io_page_phys = host_physical(io);
}

/* What MOL has put over the guest's memory: its registers for loads, or slots, where fetches fault at once. */
static u32 insert_overlay(struct kernel_vars *kv, u32 ea, enum access kind, struct translation *t)
{
    u32 offset = (t->mphys - kv->mregs_mphys) & ~(PAGE_SIZE - 1);
    if (kind == LOAD)
        insert_own(kv, ea, kind, t, kv->kvars_phys + offset, PP_RO);
    else {
        kv->slots_sr = insert_own(kv, ea, kind, t, kv->slots_phys, PP_NONE);
        kv->slots_ea = ea & ~(PAGE_SIZE - 1);
    }
    return RVEC_NOP;
}

static u32 page_fault(struct kernel_vars *kv, u32 ea, enum access kind)
{
    struct translation t;
    make_room(kv);
    if (kind == STORE && !data_cache_is_on(kv) && clears_block(kv))
        return RVEC_ACCESS;
    translate(kv, ea, kind, &t);
    if (t.fault) {
        /* A cache instruction may mean something else: access.c knows which instruction it is. */
        if (t.fault & FAULT_DIRECT || (kind == STORE && attributes(kv, &t) & (WIMG_W | WIMG_I)))
            return RVEC_ACCESS;
        COUNT(kv, mac_page_fault);
        return storage_exception(kv, ea, kind, t.fault);
    }
    if (!unite(kv, ea, kind, &t)) {
        divide_segment(kv, ea >> 28);
        return RVEC_NOP;                /* the access is made again */
    }
    if (in_mregs(kv, t.mphys) || in_slots(kv, t.mphys))
        return insert_overlay(kv, ea, kind, &t);
    struct block *block = find_block(kv, t.mphys);
    if (block && !(block->read_only && kind == STORE))
        return insert(kv, ea, kind, &t, block);
    if (kind == FETCH) {
        kv->mregs.rvec_param[0] = t.mphys;
        return RVEC_BAD_NIP;
    }
    insert_io(kv, ea, &t);
    /* Again: then assembly takes the short way to the user part, with the opcode. Where there is no
     * device access.c fetches the opcode. */
    return find_io_page(kv, t.mphys) ? RVEC_NOP : RVEC_ACCESS;
}

static int is_unknown(struct kernel_vars *kv, u32 ea, enum access kind)
{
    return *known_sr(kv, ea >> 28, kind) == kv->illegal_sr;
}

/* A segment that was not known. Where segments are forgotten again and again the page may well be there:
 * whether the guest is to make the access again before anything else is done. */
static int learnt(struct kernel_vars *kv, u32 ea, enum access kind)
{
    make_room(kv);
    learn(kv, ea >> 28, kind);
    return kv->option[OPTION_MODE_FLUSHES] && !is_unknown(kv, ea, kind);
}

u32 dsi_exception(struct kernel_vars *kv, u32 dar, u32 dsisr)
{
    enum access kind = dsisr & FAULT_STORE ? STORE : LOAD;
    COUNT(kv, dsi);
    if (dsisr & ~(FAULT_NOT_FOUND | FAULT_PROTECTION | FAULT_STORE))
        return storage_exception(kv, dar, kind, dsisr);
    if (is_unknown(kv, dar, kind) && learnt(kv, dar, kind))
        return RVEC_NOP;
    if (dsisr & FAULT_PROTECTION && kv->links)
        visit_listed_at_ea(kv, dar, remove_pent);
    return page_fault(kv, dar, kind);
}

/* Data in the segment that split mode has closed: the access is made again (split.S), unless it must
 * be made by C. */
u32 split_exception(struct kernel_vars *kv, u32 dar, u32 dsisr)
{
    enum access kind = dsisr & FAULT_STORE ? STORE : LOAD;
    struct translation t;
    if (is_unknown(kv, dar, kind) && learnt(kv, dar, kind))
        return RVEC_NOP;
    make_room(kv);
    translate(kv, dar, kind, &t);
    struct block *block = t.fault || in_mregs(kv, t.mphys) ? NULL : find_block(kv, t.mphys);
    if (!block || (kind == STORE && (block->read_only || is_watched(kv, t.mphys))))
        return emulate_access(kv);
    unite(kv, dar, kind, &t);
    return insert(kv, dar, kind, &t, block);
}

u32 isi_exception(struct kernel_vars *kv, u32 nip)
{
    COUNT(kv, isi);
    if (is_unknown(kv, nip, FETCH) && learnt(kv, nip, FETCH))
        return RVEC_NOP;
    return page_fault(kv, nip, FETCH);
}
