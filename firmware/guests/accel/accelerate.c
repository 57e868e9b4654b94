/* A kernel replaces privileged instructions of its own code: what it reads is loaded from memory, what it
 * writes becomes a branch to a slot (docs/mol/emuaccel.md). On a machine without MOL it changes nothing. */
#include "accelerate.h"
#include "mol_ioctl.h"
#include "mregs.h"
#include "osi.h"

typedef unsigned int u32;

enum { NOP = 0x60000000 };
enum { XO_MFMSR = 83, XO_TLBIE = 306, XO_MFSPR = 339, XO_TLBSYNC = 566, XO_MFSR = 595 };
enum { SPR_DEC = 22, SPR_SPRG0 = 272, SPR_SPRG3 = 275, SPR_PVR = 287, SPR_BATS = 528, SPR_BATS_END = 544,
       SPR_HID0 = 1008 };

static u32 hypercall(u32 selector, u32 first, u32 second)
{
    register u32 r3 asm("r3") = OSI_MAGIC_R3;
    register u32 r4 asm("r4") = OSI_MAGIC_R4;
    register u32 r5 asm("r5") = selector;
    register u32 r6 asm("r6") = first;
    register u32 r7 asm("r7") = second;
    asm volatile("sc" : "+r"(r3) : "r"(r4), "r"(r5), "r"(r6), "r"(r7) : "memory");
    return r3;
}

/* Registers that are what was last written to them. */
static int is_stored(u32 spr)
{
    return spr == 18 || spr == 19 || (spr >= 25 && spr <= 27) || (spr >= SPR_SPRG0 && spr <= SPR_SPRG3)
           || spr == SPR_PVR || (spr >= SPR_BATS && spr < SPR_BATS_END) || spr == SPR_HID0;
}

/* A load from the page of registers, or 0. */
static u32 load_instead(u32 word)
{
    u32 number = word >> 16 & 31, spr = number | (word >> 6 & 0x3E0), offset;
    if (word >> 26 != 31)
        return 0;
    switch (word >> 1 & 0x3FF) {
    case XO_MFMSR:
        offset = __builtin_offsetof(struct mac_regs, msr);
        break;
    case XO_MFSR:
        offset = __builtin_offsetof(struct mac_regs, segr) + 4 * (number & 15);
        break;
    case XO_MFSPR:
        offset = __builtin_offsetof(struct mac_regs, spr) + 4 * spr;
        if (is_stored(spr))
            break;
        return 0;
    default:
        return 0;
    }
    return 32u << 26 | (word & 31 << 21) | (MREGS_PAGE + offset);      /* lwz rD, ...(0) */
}

/* MOL knows the guest's hash table without tlbie. */
static u32 nothing_instead(u32 word)
{
    u32 xo = word >> 1 & 0x3FF;
    return word >> 26 == 31 && (xo == XO_TLBIE || xo == XO_TLBSYNC) ? NOP : 0;
}

/* A branch to a slot, which knows where it has come from; or 0. */
static u32 branch_instead(u32 word, u32 address)
{
    if (word >> 26 != 31 && word >> 26 != 19)
        return 0;
    u32 offset = hypercall(OSI_EMUACCEL, word, address);
    return offset == OSI_UNKNOWN ? 0 : 18u << 26 | ((SLOTS_PAGE + offset - address) & 0x03FFFFFC);
}

/* Returns how many instructions have been replaced. */
u32 accelerate(u32 *from, u32 *to)
{
    u32 replaced = 0;
    if (hypercall(OSI_MAPIN_MREGS, MREGS_PAGE, 0) || hypercall(OSI_EMUACCEL, 0, SLOTS_PAGE))
        return 0;
    for (u32 *place = from; place < to; place++) {
        u32 word = load_instead(*place);
        if (!word)
            word = nothing_instead(*place);
        if (!word)
            word = branch_instead(*place, (u32)place);
        if (!word)
            continue;
        *place = word;
        asm volatile("dcbst 0, %0; sync; icbi 0, %0; sync; isync" :: "r"(place) : "memory");
        replaced++;
    }
    return replaced;
}
