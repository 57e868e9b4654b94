/* Guest segments and their records: two VSIDs of MOL for each (point ii). */
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
    clear_all_vsids(kv);
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

/* Everything is forgotten; segments become known again when they are used. */
void clear_all_vsids(struct kernel_vars *kv)
{
    COUNT(kv, clear_all_vsids);
    for (u32 i = 0; i < kv->vsid_count; i++)
        remove_vsid_pents(kv, &kv->vsids[i]);
    kv->vsid_count = 0;
    for (int i = 0; i < VSID_HASH; i++)
        kv->vsid_hash[i] = 0;
    for (u32 sr = 0; sr < 16; sr++) {
        kv->sr[UNMAPPED_SR][sr] = need_vsid(kv, real_mode_key(sr))->sr;
        forget_segment(kv, sr);
    }
    forget_io_cache(kv);
}

/* Before anything is allocated, so that it cannot fail half way: one fault needs at most four records
 * and one shadow PTE. */
void make_room(struct kernel_vars *kv)
{
    int wrap = kv->next_context + 8 > contexts_end(kv);
    if (!wrap && kv->vsid_count + 4 <= kv->option[OPTION_VSID_LIMIT] && pents_left(kv))
        return;
    if (wrap) {
        COUNT(kv, context_wrap);
        kv->next_context = kv->contexts.first + 1;
    }
    clear_all_vsids(kv);
}

void forget_segment(struct kernel_vars *kv, u32 sr)
{
    for (int table = SV_DATA_SR; table <= USER_INST_SR; table++)
        kv->sr[table][sr] = kv->illegal_sr;
}

static u32 segment_key(struct kernel_vars *kv, u32 sr, u32 user, u32 instruction)
{
    u32 value = kv->mregs.segr[sr], vsid = value & VSID_MASK;
    if (!segment_has_bats(kv, sr, user))
        return vsid;
    return bat_key(sr, (instruction && segment_is_divided(kv, sr) ? KEY_INSTRUCTION : 0)
                       | (user ? KEY_USER : 0) | (value & SR_N ? KEY_N : 0), vsid);
}

/* N of a shadow segment. A BAT beats the guest's N, which C checks then; in a divided segment no fetch
 * may use what data uses. */
static u32 no_execute(struct kernel_vars *kv, u32 sr, u32 user, u32 instruction)
{
    if (!segment_has_bats(kv, sr, user))
        return kv->mregs.segr[sr] & SR_N;
    return !instruction && segment_is_divided(kv, sr) ? SR_N : 0;
}

/* The shadow segments of a guest's segment register. A direct-store segment stays unknown where it has
 * no BATs: each access comes to C, which knows what it means. Where it has some, it has the key of the
 * segment with the same low bits, whose pages must go: only what BATs map is there now. */
void fix_sr(struct kernel_vars *kv, u32 sr)
{
    u32 value = kv->mregs.segr[sr];
    COUNT(kv, fix_sr);
    make_room(kv);
    if (value & SR_T)
        flush_segment(kv, sr);
    for (u32 user = 0; user < 2; user++)
        for (u32 instruction = 0; instruction < 2; instruction++) {
            u32 *place = &kv->sr[SV_DATA_SR + 2 * user + instruction][sr];
            if (value & SR_T && !segment_has_bats(kv, sr, user)) {
                *place = kv->illegal_sr;
                continue;
            }
            struct vsid_ent *v = need_vsid(kv, segment_key(kv, sr, user, instruction));
            u32 key = value & (user ? SR_KP : SR_KS);
            *place = (key ? v->sr : v->sr_sv) | no_execute(kv, sr, user, instruction);
        }
}

/* The record through which an access of the guest is translated now. */
struct vsid_ent *segment_vsid(struct kernel_vars *kv, u32 sr, enum access kind)
{
    u32 translated = kv->mregs.msr & (kind == FETCH ? MSR_IR : MSR_DR);
    return need_vsid(kv, translated ? segment_key(kv, sr, is_user(kv), kind == FETCH)
                                    : real_mode_key(sr));
}
