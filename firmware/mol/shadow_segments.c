/* The guest's segments as the hardware has them (point ii): which records they use, and what their BATs
 * change. */
#include "mol.h"

#define HACK_AFTER 0x100

/* Everything is forgotten; segments become known again when they are used. */
void clear_all_vsids(struct kernel_vars *kv)
{
    COUNT(kv, clear_all_vsids);
    for (u32 i = 0; i < kv->vsid_count; i++)
        remove_vsid_pents(kv, &kv->vsids[i]);
    forget_vsids(kv);
    for (u32 sr = 0; sr < 16; sr++) {
        kv->sr[UNMAPPED_SR][sr] = need_vsid(kv, real_mode_key(sr))->sr;
        forget_segment(kv, sr);
    }
    forget_io_cache(kv);
}

/* Before anything is allocated, so that it cannot fail half way. */
void make_room(struct kernel_vars *kv)
{
    int wrap = !contexts_left(kv);
    if (!wrap && vsids_left(kv) && pents_left(kv))
        return;
    if (wrap)
        wrap_contexts(kv);
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

/* Fetches get an address space of their own (`unite`). */
void divide_segment(struct kernel_vars *kv, u32 sr)
{
    COUNT(kv, segment_divided);
    kv->divided |= 1u << sr;
    flush_segment(kv, sr);
    forget_segment(kv, sr);
}

void do_mtbat(struct kernel_vars *kv, u32 spr, u32 value)
{
    u32 affected = write_bat(kv, spr, value);
    if (!affected)
        return;
    COUNT(kv, do_mtbat);
    kv->bat_changes++;
    for (u32 sr = 0; sr < 16; sr++) {
        if (!(affected >> sr & 1))
            continue;
        if (!kv->option[FAULT_BAT_HACK] || kv->bat_changes <= HACK_AFTER)
            flush_segment(kv, sr);
        forget_segment(kv, sr);
    }
    forget_io_cache(kv);
}
