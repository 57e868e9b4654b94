/* The guest's block address translation (point vi). */
#include "mol.h"

#define BAT_VS 2u
#define BAT_VP 1u
#define HACK_AFTER 0x100

static u32 bat_spr(int instruction) { return instruction ? SPR_IBAT0U : SPR_DBAT0U; }

static u32 length(u32 upper) { return (upper >> 2 & 0x7FF) << 17 | 0x1FFFF; }

int find_bat(struct kernel_vars *kv, u32 ea, int instruction, u32 *upper, u32 *lower)
{
    const u32 *bat = &kv->mregs.spr[bat_spr(instruction)];
    for (int i = 0; i < 8; i += 2)
        if (bat[i] & (is_user(kv) ? BAT_VP : BAT_VS) && !((ea ^ bat[i]) & ~length(bat[i]) & ~0x1FFFFu)) {
            *upper = bat[i];
            *lower = bat[i + 1];
            return 1;
        }
    return 0;
}

/* The segments in which a BAT may match, one bit each. A length with holes matches in several. */
static u32 segments(u32 upper)
{
    u32 free = length(upper) >> 28, found = 0;
    if (!(upper & (BAT_VS | BAT_VP)))
        return 0;
    if (!free)
        return 1u << (upper >> 28);
    for (u32 sr = 0; sr < 16; sr++)
        if (!((upper >> 28 ^ sr) & ~free))
            found |= 1u << sr;
    return found;
}

static int touches(u32 upper, u32 sr, u32 user)
{
    return upper & (user ? BAT_VP : BAT_VS) && segments(upper) >> sr & 1;
}

int segment_has_bats(struct kernel_vars *kv, u32 sr, u32 user)
{
    if (!(kv->bat_segments >> sr & 1))
        return 0;
    for (int i = 0; i < 16; i += 2)
        if (touches(kv->mregs.spr[SPR_IBAT0U + i], sr, user))
            return 1;
    return 0;
}

int segment_bats_agree(struct kernel_vars *kv, u32 sr, u32 user)
{
    const u32 *i = &kv->mregs.spr[SPR_IBAT0U], *d = &kv->mregs.spr[SPR_DBAT0U];
    for (int n = 0; n < 8; n += 2) {
        int it = touches(i[n], sr, user), dt = touches(d[n], sr, user);
        if (it != dt || (it && (i[n] != d[n] || i[n + 1] != d[n + 1])))
            return 0;
    }
    return 1;
}

/* What is derived from the BATs, for some segments. */
static void note_segments(struct kernel_vars *kv, u32 which)
{
    kv->bat_segments |= which;
    kv->bat_split &= ~which;
    for (u32 sr = 0; sr < 16; sr++) {
        int any = 0;
        if (!(which >> sr & 1))
            continue;
        for (u32 user = 0; user < 2; user++)
            if (segment_has_bats(kv, sr, user)) {
                any = 1;
                if (!segment_bats_agree(kv, sr, user))
                    kv->bat_split |= 1u << sr;
            }
        if (!any)
            kv->bat_segments &= ~(1u << sr);
    }
}

void note_bats(struct kernel_vars *kv) { note_segments(kv, 0xFFFF); }

/* All that BATs have mapped in a segment, and the segment itself. */
static void flush_segment(struct kernel_vars *kv, u32 sr)
{
    for (u32 i = 0; i < kv->vsid_count; i++) {
        struct vsid_ent *v = &kv->vsids[i];
        if (v->key & 0x80000000u && (v->key >> 24 & 15) == sr)
            remove_vsid_pents(kv, v);
    }
}

void do_mtbat(struct kernel_vars *kv, u32 spr, u32 value)
{
    u32 *bat = kv->mregs.spr, pair = spr & ~1u;
    u32 before = bat[pair], old = bat[spr];
    if (old == value)
        return;
    bat[spr] = value;
    if (!((before | bat[pair]) & (BAT_VS | BAT_VP)))
        return;
    COUNT(kv, do_mtbat);
    kv->bat_changes++;
    u32 affected = segments(before) | segments(bat[pair]);
    for (u32 sr = 0; sr < 16; sr++) {
        if (!(affected >> sr & 1))
            continue;
        if (!kv->option[FAULT_BAT_HACK] || kv->bat_changes <= HACK_AFTER)
            flush_segment(kv, sr);
        forget_segment(kv, sr);
    }
    note_segments(kv, affected);
    forget_io_cache(kv);
}
