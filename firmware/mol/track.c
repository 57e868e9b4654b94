/* Shadow PTEs and the two ways to find them: by guest segment and page, and by page of the owner's
 * memory (point iii). All links are numbers of records. KVM-PR's way is in lists.c. */
#include "mol.h"

static struct pent *pent(struct kernel_vars *kv, u16 number) { return &kv->pents[number]; }
static u16 number(struct kernel_vars *kv, struct pent *p) { return p - kv->pents; }

#define PENT_PAGES ((PENTS * sizeof(struct pent) + PAGE_SIZE - 1) / PAGE_SIZE)

int init_track(struct kernel_vars *kv)
{
    kv->pents = host_alloc_wired(PENT_PAGES);
    if (!kv->pents)
        return EMOLGENERAL;
    for (int i = 0; i < PENT_HASH; i++)
        kv->pent_hash[i] = NO_PENT;
    kv->pent_free = NO_PENT;
    for (int i = PENTS - 1; i >= 0; i--) {
        kv->pents[i].hash_next = kv->pent_free;
        kv->pent_free = i;
    }
    kv->reserved_lv = NO_LV;
    return 0;
}

void free_track(struct kernel_vars *kv)
{
    if (kv->pents)
        host_free_wired(kv->pents, PENT_PAGES);
    kv->pents = NULL;
}

int pents_left(struct kernel_vars *kv) { return kv->pent_free != NO_PENT; }

static u16 *bucket(struct kernel_vars *kv, u32 vsid, u32 page)
{
    return &kv->pent_hash[(page ^ page >> 10 ^ vsid * 37) & (PENT_HASH - 1)];
}

struct pent *find_pent(struct kernel_vars *kv, struct vsid_ent *v, u32 page, u32 key)
{
    if (kv->links)
        return listed_pent(kv, v, page, key);
    for (u16 n = *bucket(kv, v->index, page); n != NO_PENT; n = pent(kv, n)->hash_next) {
        struct pent *p = pent(kv, n);
        if (p->vsid == v->index && p->page == page && p->key == key)
            return p;
    }
    return NULL;
}

/* Into the index: by guest segment and page, by segment, and by page of the owner's memory. */
static void insert_pent(struct kernel_vars *kv, struct pent *p)
{
    u16 n = number(kv, p), *head = bucket(kv, p->vsid, p->page);
    struct vsid_ent *v = &kv->vsids[p->vsid];
    p->hash_next = *head;
    *head = n;
    p->vsid_prev = NO_PENT;
    p->vsid_next = v->first;
    if (v->first != NO_PENT)
        pent(kv, v->first)->vsid_prev = n;
    v->first = n;
    if (p->lv_page != NO_LV) {
        u16 *ring = &kv->lv_ring[p->lv_page];
        p->lv_prev = NO_PENT;
        p->lv_next = *ring;
        if (*ring != NO_PENT)
            pent(kv, *ring)->lv_prev = n;
        *ring = n;
    }
}

static void take_pent_out(struct kernel_vars *kv, struct pent *p)
{
    u16 n = number(kv, p), *link = bucket(kv, p->vsid, p->page);
    struct vsid_ent *v = &kv->vsids[p->vsid];
    while (*link != n)
        link = &pent(kv, *link)->hash_next;
    *link = p->hash_next;
    if (p->vsid_prev == NO_PENT)
        v->first = p->vsid_next;
    else
        pent(kv, p->vsid_prev)->vsid_next = p->vsid_next;
    if (p->vsid_next != NO_PENT)
        pent(kv, p->vsid_next)->vsid_prev = p->vsid_prev;
    if (p->lv_page != NO_LV) {
        if (p->lv_prev == NO_PENT)
            kv->lv_ring[p->lv_page] = p->lv_next;
        else
            pent(kv, p->lv_prev)->lv_next = p->lv_next;
        if (p->lv_next != NO_PENT)
            pent(kv, p->lv_next)->lv_prev = p->lv_prev;
    }
}

struct pent *new_pent(struct kernel_vars *kv, struct vsid_ent *v, u32 ea, u32 key, u32 lv_page)
{
    struct pent *p = pent(kv, kv->pent_free);
    kv->pent_free = p->hash_next;
    p->vsid = v->index;
    p->page = page_of(ea);
    p->segment = ea >> 28;
    p->key = key;
    p->lv_page = lv_page;
    if (kv->links)
        list_pent(kv, p);
    else
        insert_pent(kv, p);
    return p;
}

void remove_pent(struct kernel_vars *kv, struct pent *p)
{
    struct vsid_ent *v = &kv->vsids[p->vsid];
    zero_pte(kv, p->slot, (p->key ? v->sr : v->sr_sv) & VSID_MASK, p->page);
    if (kv->links)
        unlist_pent(kv, p);
    else
        take_pent_out(kv, p);
    p->hash_next = kv->pent_free;
    kv->pent_free = number(kv, p);
}

void remove_vsid_pents(struct kernel_vars *kv, struct vsid_ent *v)
{
    if (kv->links)
        visit_listed_of_record(kv, v, remove_pent);
    else
        while (v->first != NO_PENT)
            remove_pent(kv, pent(kv, v->first));
}

void remove_all_pents(struct kernel_vars *kv)
{
    if (kv->links)
        visit_listed(kv, remove_pent);
    else
        for (u32 i = 0; i < kv->vsid_count; i++)
            remove_vsid_pents(kv, &kv->vsids[i]);
}

void flush_lv_page(struct kernel_vars *kv, u32 lv_page)
{
    if (kv->reserved_lv == lv_page && !kv->option[FAULT_NO_RESERVATION])
        kv->reserved_lv = NO_LV;
    if (kv->links)
        visit_listed_of_lv(kv, lv_page, remove_pent);
    else
        while (kv->lv_ring[lv_page] != NO_PENT)
            remove_pent(kv, pent(kv, kv->lv_ring[lv_page]));
}

static void flush_record(struct kernel_vars *kv, struct vsid_ent *v, u32 page)
{
    for (u32 storage_key = 0; v && storage_key < 2; storage_key++) {
        struct pent *p = find_pent(kv, v, page, storage_key);
        if (p)
            remove_pent(kv, p);
    }
}

/* One page of a guest VSID, wherever it is: in records with BATs too. In KVM-PR's map some are not found. */
void flush_vsid_page(struct kernel_vars *kv, u32 vsid, u32 page)
{
    forget_io_cache(kv);
    if (kv->links) {
        visit_listed_at_virtual(kv, vsid, page, remove_pent);
        return;
    }
    if (kv->option[OPTION_VSID_MAP]) {
        for (u32 i = 0; i < kv->vsid_count; i++)
            if (is_key_of_vsid(kv->vsids[i].key, vsid))
                flush_record(kv, &kv->vsids[i], page);
        return;
    }
    flush_record(kv, find_vsid(kv, vsid), page);
    for (u32 sr = 0; sr < 16; sr++)
        if (kv->bat_segments >> sr & 1)
            for (u32 n = 0; n < KEY_VARIANTS; n++)
                flush_record(kv, find_vsid(kv, nth_bat_key(sr, n, vsid)), page);
}

/* All that has been mapped in a segment with BATs. */
void flush_segment(struct kernel_vars *kv, u32 sr)
{
    for (u32 i = 0; i < kv->vsid_count; i++)
        if (is_bat_key_of(kv->vsids[i].key, sr))
            remove_vsid_pents(kv, &kv->vsids[i]);
}

/* tlbie, where it flushes: the page in every segment. */
void flush_ea(struct kernel_vars *kv, u32 ea)
{
    if (kv->links)
        visit_listed_at_page(kv, page_of(ea), remove_pent);
    else
        for (u32 i = 0; i < kv->vsid_count; i++)
            if (!is_real_mode(kv->vsids[i].key))
                flush_record(kv, &kv->vsids[i], page_of(ea));
    forget_io_cache(kv);
}

/* The hook that the host calls before pages of an owner get another meaning. */
void flush_owner(struct host_owner *owner, u32 lvptr, u32 pages)
{
    for (int s = 0; s < MAX_NUM_SESSIONS; s++) {
        struct kernel_vars *kv = sessions[s];
        if (!kv || kv->owner != owner)
            continue;
        COUNT(kv, do_flush);
        for (u32 i = 0; i < pages; i++, lvptr += PAGE_SIZE)
            for (u32 b = 0; b < kv->blocks; b++)
                if (lvptr - kv->block[b].lvbase < kv->block[b].size)
                    flush_lv_page(kv, kv->block[b].first_page
                                  + (lvptr - kv->block[b].lvbase) / PAGE_SIZE);
        lvptr -= pages * PAGE_SIZE;
    }
}
