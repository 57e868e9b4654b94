/* Entering the guest from user state, and the registers that only assembly can move. */
#include "offsets.h"
#include "registers.h"
#include "../mol_ioctl.h"
#include "../rvec.h"

        .text
/* Enters the guest again and again until it is left for another reason than RVEC_NOP, or somebody has
 * set mregs.exit_request.
 * u32 mol_run(struct mac_regs *r3, u32 magic r4, u32 session_and_flags r5) */
        .globl  mol_run
mol_run:
        stwu    r1, -112(r1)
        mflr    r0
        mfcr    r12
        stw     r0, 116(r1)
        stw     r12, 8(r1)
        stw     r3, 12(r1)
        stw     r4, 16(r1)
        stw     r5, 20(r1)
        stmw    r13, 32(r1)
reload: lwz     r12, 12(r1)
        lmw     r13, GPR(13)(r12)
again:  lwz     r5, 16(r1)
        lwz     r7, 20(r1)
        li      r4, MOL_ENTRY_MAGIC
        lis     r6, left@ha
        addi    r6, r6, left@l
        li      r3, RVEC_REFUSED        /* if the host continues behind the next instruction */
        mfmsr   r0
left:   cmpwi   r3, RVEC_NOP
        lwz     r7, 20(r1)
        rlwinm  r7, r7, 0, 17, 31       /* without MOL_ENTRY_INIT */
        stw     r7, 20(r1)
        bne     1f
        lwz     r12, 12(r1)
        lwz     r12, xEXIT_REQUEST(r12)
        cmpwi   r12, 0
        beq     again
1:
        cmpwi   r3, RVEC_RELOAD
        bne     2f
        lwz     r12, 12(r1)
        lwz     r12, xEXIT_REQUEST(r12)
        cmpwi   r12, 0
        beq     reload
2:
        lwz     r12, 12(r1)
        stmw    r13, GPR(13)(r12)
        lwz     r0, 116(r1)
        lwz     r12, 8(r1)
        lmw     r13, 32(r1)
        mtlr    r0
        mtcrf   0xff, r12
        addi    r1, r1, 112
        blr

/* So that the host loads this process's floating-point registers: they are the guest's. */
        .globl  use_fpu
use_fpu:
        fmr     0, 0
        blr

/* Floating-point registers by number. The value goes through memory. */
        .macro  table instruction
        rlwinm  r3, r3, 3, 24, 28
        lis     r6, 1f@ha
        addi    r6, r6, 1f@l
        add     r6, r6, r3
        stwu    r1, -32(r1)
        mtctr   r6
        bctr
1:
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
                   24, 25, 26, 27, 28, 29, 30, 31
        \instruction \n, 8(r1)
        b       2f
        .endr
2:
        .endm

        .globl  read_fpr, read_fpr_single, write_fpr, write_fpr_single
read_fpr:
        table   stfd
        lwz     r3, 8(r1)
        lwz     r4, 12(r1)
        addi    r1, r1, 32
        blr
read_fpr_single:
        table   stfs
        lwz     r3, 8(r1)
        addi    r1, r1, 32
        blr
write_fpr:                              /* the value in r5, r6 (EABI: an odd pair begins at r5) */
        stw     r5, -24(r1)
        stw     r6, -20(r1)
        table   lfd
        addi    r1, r1, 32
        blr
write_fpr_single:
        stw     r4, -24(r1)
        table   lfs
        addi    r1, r1, 32
        blr
