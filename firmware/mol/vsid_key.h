/* What a record of a guest's segment (struct vsid_ent) is found by: a guest VSID; a segment of real mode;
 * or, where the guest has BATs in a segment, that segment too: what BATs map must not show up in another
 * segment with the same VSID, nor with another N bit, which BATs override. */
#ifndef MOL_VSID_KEY_H
#define MOL_VSID_KEY_H

#include "host.h"

#define KEY_REAL_MODE   0x01000000u     /* and the number of the segment */
#define KEY_BATS        0x80000000u     /* the segment in bits 4 to 7, a VSID, and: */
#define KEY_INSTRUCTION 0x40000000u     /* fetches only: the segment is divided */
#define KEY_USER        0x20000000u
#define KEY_N           0x10000000u
#define KEY_VARIANTS    8

static inline u32 real_mode_key(u32 sr) { return KEY_REAL_MODE + sr; }

static inline u32 bat_key(u32 sr, u32 variant, u32 vsid) { return KEY_BATS | variant | sr << 24 | vsid; }

/* All variants of a segment and a VSID, by number. */
static inline u32 nth_bat_key(u32 sr, u32 n, u32 vsid) { return bat_key(sr, n * KEY_N, vsid); }

static inline int is_real_mode(u32 key) { return (key & ~15u) == KEY_REAL_MODE; }

/* A record of this guest VSID, with BATs or without. */
static inline int is_key_of_vsid(u32 key, u32 vsid)
{
    return (key & 0xFFFFFF) == vsid && !is_real_mode(key);
}

static inline int is_bat_key_of(u32 key, u32 sr) { return key & KEY_BATS && (key >> 24 & 15) == sr; }

#endif
