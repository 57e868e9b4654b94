/* The guest's exceptions: what the hardware would do in its place. */
#include "mol.h"

/* The exception of the guest at mregs.nip (behind it for sc and trace). */
u32 raise(struct kernel_vars *kv, u32 vector, u32 srr1)
{
    struct mac_regs *m = &kv->mregs;
    m->spr[SPR_SRR0] = m->nip;
    m->spr[SPR_SRR1] = (m->msr & MSR_RFI) | srr1;
    m->nip = vector | (m->msr & MSR_IP ? 0xFFF00000 : 0);
    m->msr &= MSR_ME | MSR_IP;
    COUNT(kv, mac_trap);
    return RVEC_NOP;
}

/* DSI with `fault` in DSISR, or ISI with `fault` in SRR1. */
u32 storage_exception(struct kernel_vars *kv, u32 ea, enum access kind, u32 fault)
{
    if (kind == FETCH)
        return raise(kv, 0x400, fault);
    kv->mregs.spr[SPR_DAR] = ea;
    kv->mregs.spr[SPR_DSISR] = fault;
    return raise(kv, 0x300, 0);
}

/* The instruction at nip is done. */
u32 next_instruction(struct kernel_vars *kv)
{
    kv->mregs.nip += 4;
    if (kv->mregs.msr & MSR_SE)
        raise(kv, 0xD00, 0);
    return RVEC_RELOAD;
}
