/* Records of guest segments: two VSIDs of MOL for each (point ii). */
#include "mol.h"

#define VSID_POOL 1024
#define MAP_POOL (SPACES_ASKED * 16)    /* a record for each VSID */

static u32 bucket(u32 key) { return (key ^ key >> 8) & (VSID_HASH - 1); }

static u32 nth_vsid(struct kernel_vars *kv, u32 n)
{
    return host_vsid(kv->spaces_asked ? kv->spaces[n >> 4] << 4 | (n & 15) : n);
}

int init_vsids(struct kernel_vars *kv)
{
    u32 pool = kv->option[OPTION_VSID_MAP] ? MAP_POOL : VSID_POOL;
    forget_vsids(kv);
    kv->vsid_pages = (pool * sizeof(struct vsid_ent) + PAGE_SIZE - 1) / PAGE_SIZE;
    kv->vsids = host_alloc_wired(kv->vsid_pages);
    if (!kv->vsids || (kv->option[OPTION_VSID_MAP] && ask_for_spaces(kv)))
        return EMOLGENERAL;
    kv->contexts = kv->spaces_asked ? (struct host_vsid_range){ 0, MAP_POOL } : host_vsid_range(kv->session);
    kv->next_context = kv->contexts.first;
    kv->option[OPTION_VSID_LIMIT] = pool;
    /* A VSID in which nothing is ever mapped: segments that are not known yet. */
    kv->illegal_sr = SR_KP | SR_N | nth_vsid(kv, kv->next_context++);
    return 0;
}

void free_vsids(struct kernel_vars *kv)
{
    give_spaces_back(kv);
    if (kv->vsids)
        host_free_wired(kv->vsids, kv->vsid_pages);
    kv->vsids = NULL;
}

int owns_vsid(struct kernel_vars *kv, u32 vsid)
{
    u32 context = host_vsid_context(vsid);
    for (u32 n = 0; n < kv->spaces_asked; n++)
        if (kv->spaces[n] == context >> 4)
            return 1;
    return !kv->spaces_asked && context - kv->contexts.first < kv->contexts.count;
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
    if (kv->option[OPTION_VSID_MAP])
        return find_in_map(kv, key);
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
    v->sr = v->sr_sv = 0;
    if (kv->option[OPTION_VSID_MAP]) {
        put_into_map(kv, v);
        return v;
    }
    give_sr(kv, v, 1);                  /* both: assembly does not ask */
    give_sr(kv, v, 0);
    u32 *head = &kv->vsid_hash[bucket(key)];
    v->next_phys = *head;
    *head = host_physical(v);
    return v;
}

/* A VSID of its own for a record and a storage key. */
u32 give_sr(struct kernel_vars *kv, struct vsid_ent *v, u32 key)
{
    return *(key ? &v->sr : &v->sr_sv) = SR_KP | nth_vsid(kv, kv->next_context++);
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
    clear_map(kv);
}
