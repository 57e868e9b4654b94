/* The guest's privileged instructions and special registers that assembly leaves to C. */
#include "mol.h"

#define THIRD(opcode) ((opcode) >> 11 & 31)
#define SPR_FIELD(opcode) (((opcode) >> 16 & 31) | ((opcode) >> 6 & 0x3E0))

enum { XO_RFI = 50, XO_MTSPR = 467, XO_MFSPR = 339, XO_DCBI = 470, XO_TLBIE = 306 };

/* A privileged instruction in the guest's supervisor state. */
u32 privileged_instruction(struct kernel_vars *kv, u32 opcode)
{
    struct mac_regs *m = &kv->mregs;
    u32 xo = opcode >> 1 & 0x3FF, spr = SPR_FIELD(opcode);
    if (opcode >> 26 == 19 && xo == XO_RFI) {       /* with reserved bits */
        m->msr = (m->msr & ~(MSR_RFI | MSR_POW)) | (m->spr[SPR_SRR1] & MSR_RFI);
        m->nip = m->spr[SPR_SRR0] & ~3u;
        return RVEC_NOP;
    }
    if (opcode >> 26 != 31)
        return RVEC_PRIV_INST;
    switch (xo) {
    case XO_MTSPR:
        if (!(kv->spr_hook[spr] & (HOOK_WRITE | HOOK_SPECIAL | HOOK_C | HOOK_IGNORE)))
            return raise(kv, 0x700, 0x80000);
        return RVEC_SPR_WRITE;
    case XO_MFSPR:
        if (!(kv->spr_hook[spr] & (HOOK_READ | HOOK_SPECIAL)))
            return raise(kv, 0x700, 0x80000);
        return RVEC_SPR_READ;
    case XO_TLBIE:
        flush_ea(kv, m->gpr[THIRD(opcode)]);
        return next_instruction(kv);
    case XO_DCBI:
        return emulate_access(kv);
    }
    return RVEC_PRIV_INST;
}

/* Registers that do not keep all bits, and have no other effect here. */
static u32 kept_bits(u32 spr)
{
    switch (spr) {
    case 282: return 0x8000003F;        /* EAR */
    case 1017: return 0xFFFFE000;       /* L2CR */
    case 1019: return 0x1FF;            /* ICTC */
    case 1022: return 0x3FFF;           /* THRM3 */
    }
    return 0x3F800007;                  /* THRM1, THRM2 */
}

u32 write_spr(struct kernel_vars *kv, u32 spr, u32 value)
{
    struct mac_regs *m = &kv->mregs;
    if (spr >= SPR_IBAT0U && spr < SPR_IBAT0U + 16)
        do_mtbat(kv, spr, value & (spr & 1 ? 0xFFFE007B : 0xFFFE1FFF));
    else if (spr == SPR_SDR1)
        do_mtsdr1(kv, value);
    else if (spr != SPR_HID0)
        m->spr[spr] = value & kept_bits(spr);
    else {
        if ((value ^ m->spr[spr]) & HID0_DCE)
            clear_all_vsids(kv);        /* their attributes change */
        m->spr[spr] = value & ~((value & 0x8000 ? 0x800 : 0) | (value & 0x4000 ? 0x400 : 0));
    }
    next_instruction(kv);
    return RVEC_NOP;
}

/* Registers of a 750, with the bits that they keep (docs/registers.md). Those with fewer bits than 32
 * and without consequences go the long way too: they are rare. */
void init_spr_hooks(struct kernel_vars *kv)
{
    static const u16 plain[] = { SPR_DSISR, SPR_DAR, SPR_SRR1, 272, 273, 274, 275, 952, 953, 954, 955,
                                 956, 957, 958, 1010, 1013 };
    static const u16 by_c[] = { SPR_SDR1, SPR_HID0 };
    static const u16 read_only[] = { SPR_PVR, 1009 };
    static const u16 masked[] = { 282, 1017, 1019, 1020, 1021, 1022 };
    static const u16 ignored[] = { 284, 285 };      /* the time base is the machine's */
    for (u32 i = 0; i < sizeof plain / sizeof *plain; i++)
        kv->spr_hook[plain[i]] = HOOK_READ | HOOK_WRITE;
    for (u32 i = 0; i < sizeof by_c / sizeof *by_c; i++)
        kv->spr_hook[by_c[i]] = HOOK_READ | HOOK_C;
    for (u32 i = 0; i < sizeof masked / sizeof *masked; i++)
        kv->spr_hook[masked[i]] = HOOK_READ | HOOK_C;
    for (u32 spr = SPR_IBAT0U; spr < SPR_IBAT0U + 16; spr++)
        kv->spr_hook[spr] = HOOK_READ | HOOK_C;
    for (u32 i = 0; i < sizeof read_only / sizeof *read_only; i++)
        kv->spr_hook[read_only[i]] = HOOK_READ | HOOK_IGNORE;
    for (u32 i = 0; i < sizeof ignored / sizeof *ignored; i++)
        kv->spr_hook[ignored[i]] = HOOK_IGNORE;
    kv->spr_hook[SPR_SRR0] = HOOK_READ | HOOK_SPECIAL;
    kv->spr_hook[SPR_DEC] = HOOK_SPECIAL;
    u32 pvr, hid1;                      /* the machine's: its version, its PLL */
    asm("mfspr %0, 287" : "=r"(pvr));
    asm("mfspr %0, 1009" : "=r"(hid1));
    kv->mregs.spr[SPR_PVR] = pvr;
    kv->mregs.spr[1009] = hid1;
}
