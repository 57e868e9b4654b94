/* Records of guest segments: two VSIDs of MOL for each (point ii). */
#include "mol.h"

#define VSID_POOL 1024

static u32 bucket(u32 key) { return (key ^ key >> 8) & (VSID_HASH - 1); }

int init_vsids(struct kernel_vars *kv)
{
    kv->vsid_pages = (VSID_POOL * sizeof(struct vsid_ent) + PAGE_SIZE - 1) / PAGE_SIZE;
    kv->vsids = host_alloc_wired(kv->vsid_pages);
    if (!kv->vsids)
        return EMOLGENERAL;
    kv->contexts = host_vsid_range(kv->session);
    kv->next_context = kv->contexts.first;
    kv->option[OPTION_VSID_LIMIT] = VSID_POOL;
    /* A VSID in which nothing is ever mapped: segments that are not known yet. */
    kv->illegal_sr = SR_KP | SR_N | host_vsid(kv->next_context++);
    return 0;
}

void free_vsids(struct kernel_vars *kv)
{
    if (kv->vsids)
        host_free_wired(kv->vsids, kv->vsid_pages);
    kv->vsids = NULL;
}

static u32 contexts_end(struct kernel_vars *kv)
{
    u32 count = kv->contexts.count, limit = kv->option[OPTION_CONTEXT_LIMIT];
    if (limit && limit < count)
        count = limit;
    /* MOL's formula made the last context inclusive: the first one of the next session. */
    return kv->contexts.first + count + (kv->option[FAULT_OVERLAPPING_SESSIONS] ? 16 : 0);
}

struct vsid_ent *find_vsid(struct kernel_vars *kv, u32 key)
{
    u32 at = kv->vsid_hash[bucket(key)];
    while (at) {
        struct vsid_ent *v = host_virtual(at);
        if (v->key == key)
            return v;
        at = v->next_phys;
    }
    return NULL;
}

struct vsid_ent *need_vsid(struct kernel_vars *kv, u32 key)
{
    struct vsid_ent *v = find_vsid(kv, key);
    if (v)
        return v;
    v = &kv->vsids[kv->vsid_count];
    v->index = kv->vsid_count++;
    v->key = key;
    v->first = NO_PENT;
    v->sr = SR_KP | host_vsid(kv->next_context++);
    v->sr_sv = SR_KP | host_vsid(kv->next_context++);
    u32 *head = &kv->vsid_hash[bucket(key)];
    v->next_phys = *head;
    *head = host_physical(v);
    return v;
}

/* One fault needs at most four records. */
int vsids_left(struct kernel_vars *kv) { return kv->vsid_count + 4 <= kv->option[OPTION_VSID_LIMIT]; }

int contexts_left(struct kernel_vars *kv) { return kv->next_context + 8 <= contexts_end(kv); }

/* From the first one on again, which `illegal_sr` keeps. */
void wrap_contexts(struct kernel_vars *kv)
{
    COUNT(kv, context_wrap);
    kv->next_context = kv->contexts.first + 1;
}

/* No record is left. Nothing must be mapped by one any more. */
void forget_vsids(struct kernel_vars *kv)
{
    kv->vsid_count = 0;
    for (int i = 0; i < VSID_HASH; i++)
        kv->vsid_hash[i] = 0;
}
