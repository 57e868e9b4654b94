/* The guest's segments as the hardware has them (point ii): which records they use, and what their BATs
 * change. */
#include "mol.h"

#define HACK_AFTER 0x100

/* Everything is forgotten; segments become known again when they are used. */
void clear_all_vsids(struct kernel_vars *kv)
{
    COUNT(kv, clear_all_vsids);
    remove_all_pents(kv);
    forget_vsids(kv);
    for (u32 sr = 0; sr < 16; sr++) {
        if (kv->option[OPTION_VSID_MAP])
            kv->sr[UNMAPPED_SR][sr] = kv->illegal_sr;
        else
            fix_real_mode_sr(kv, sr);
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
        return vsid | (user && kv->option[OPTION_VSID_MAP] ? KEY_USER : 0);
    return bat_key(sr, (instruction && segment_is_divided(kv, sr) ? KEY_INSTRUCTION : 0)
                       | (user ? KEY_USER : 0) | (value & SR_N ? KEY_N : 0), vsid);
}

void fix_real_mode_sr(struct kernel_vars *kv, u32 sr)
{
    kv->sr[UNMAPPED_SR][sr] = shadow_sr(kv, need_vsid(kv, real_mode_key(sr)), 1);
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
 * segment with the same low bits, whose pages must go: only what BATs map is there now. KVM-PR learns the
 * segments of the present state only. The caller makes room. */
void fix_sr(struct kernel_vars *kv, u32 sr)
{
    u32 value = kv->mregs.segr[sr];
    COUNT(kv, fix_sr);
    if (value & SR_T)
        flush_segment(kv, sr);
    for (u32 user = 0; user < 2; user++)
        for (u32 instruction = 0; instruction < 2; instruction++) {
            u32 *place = &kv->sr[SV_DATA_SR + 2 * user + instruction][sr];
            if ((value & SR_T && !segment_has_bats(kv, sr, user))
                || (user != (u32)is_user(kv) && kv->option[OPTION_VSID_MAP])) {
                *place = kv->illegal_sr;
                continue;
            }
            struct vsid_ent *v = need_vsid(kv, segment_key(kv, sr, user, instruction));
            u32 key = value & (user ? SR_KP : SR_KS);
            *place = shadow_sr(kv, v, key) | no_execute(kv, sr, user, instruction);
        }
}

/* OPTION_VSID_MAP: the guest has loaded a segment register. KVM-PR maps it at once. */
u32 segment_loaded(struct kernel_vars *kv, u32 sr)
{
    if (find_vsid(kv, segment_key(kv, sr, is_user(kv), 0)))
        COUNT(kv, vsid_found);
    else
        COUNT(kv, vsid_missing);
    make_room(kv);
    forget_segment(kv, sr);
    if (is_translated(kv, LOAD))
        fix_sr(kv, sr);
    next_instruction(kv);
    return RVEC_NOP;
}

/* The record through which an access of the guest is translated now. */
struct vsid_ent *segment_vsid(struct kernel_vars *kv, u32 sr, enum access kind)
{
    return need_vsid(kv, is_translated(kv, kind) ? segment_key(kv, sr, is_user(kv), kind == FETCH)
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

/* No page is mapped, no translated segment is known; records stay. */
static void forget_all(struct kernel_vars *kv)
{
    remove_all_pents(kv);
    for (u32 sr = 0; sr < 16; sr++)
        forget_segment(kv, sr);
    forget_io_cache(kv);
}

void do_mtbat(struct kernel_vars *kv, u32 spr, u32 value)
{
    u32 affected = write_bat(kv, spr, value);
    if (kv->option[OPTION_BAT_FLUSHES]) {       /* whatever it has changed */
        COUNT(kv, do_mtbat);
        forget_all(kv);
        return;
    }
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
