/* The guest's block address translation (point vi). */
#include "mol.h"

#define BAT_VS 2u
#define BAT_VP 1u
#define BAT_PP 3u

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

u32 bat_address(u32 upper, u32 lower, u32 ea) { return (lower & 0xFFFE0000) | (ea & length(upper)); }

/* A segment with BATs is one address space for loads and fetches, until a page is fetched from that
 * loads would find elsewhere or not at all: then it becomes two. A page that only loads may use is
 * guarded, and so no fetch finds it (PEM 5.2.1.5). The rights of `t` are those of `kind`; its
 * attributes become those of the page. Returns whether the page can be mapped; if not, the segment
 * must be divided. */
int unite(struct kernel_vars *kv, u32 ea, enum access kind, struct translation *t)
{
    u32 sr = ea >> 28, upper, lower;
    if (!segment_has_bats(kv, sr, is_user(kv)) || segment_is_divided(kv, sr))
        return 1;
    int by_bat = t->pte == NO_PTE, found = find_bat(kv, ea, kind != FETCH, &upper, &lower);
    /* Without a BAT for it, the other kind of access finds the same PTE as this one. */
    int same = found ? bat_address(upper, lower, ea) == t->mphys && lower & BAT_PP : !by_bat;
    if (kind != FETCH) {
        if (found && same && !(lower >> 3 & WIMG_G))
            t->wimg &= ~WIMG_G;
        else if (found || !same || kv->mregs.segr[sr] & SR_N)
            t->wimg |= WIMG_G;
        return 1;
    }
    if (found)
        t->wimg = lower >> 3 & (WIMG_W | WIMG_I | WIMG_M);
    return same;
}

/* What is derived from the BATs, some of which have changed in some segments. */
static void note_segments(struct kernel_vars *kv, u32 changed)
{
    u32 found = 0;
    for (int i = 0; i < 16; i += 2)
        found |= segments(kv->mregs.spr[SPR_IBAT0U + i]);
    kv->bat_segments = found;
    kv->divided &= ~changed;
}

void note_bats(struct kernel_vars *kv) { note_segments(kv, 0xFFFF); }

/* Returns the segments in which something has changed, one bit each. */
u32 write_bat(struct kernel_vars *kv, u32 spr, u32 value)
{
    u32 *bat = kv->mregs.spr, pair = spr & ~1u;
    u32 before = bat[pair], old = bat[spr];
    bat[spr] = value;
    if (old == value || !((before | bat[pair]) & (BAT_VS | BAT_VP)))
        return 0;
    u32 affected = segments(before) | segments(bat[pair]);
    note_segments(kv, affected);
    return affected;
}
