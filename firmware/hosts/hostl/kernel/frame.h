/* What an exception saves: the registers of the interrupted program, on the kernel stack of the
 * process. The offsets are for entry.S; proc.c checks that both descriptions agree.
 */
#ifndef FRAME_H
#define FRAME_H

#define FRAME_SIZE  192
#define FRAME_GPR   16                  /* behind back chain and LR save word, aligned */
#define FRAME_PC    144
#define FRAME_MSR   148
#define FRAME_CR    152
#define FRAME_LR    156
#define FRAME_CTR   160
#define FRAME_XER   164
#define FRAME_DAR   168
#define FRAME_DSISR 172
#define FRAME_VECTOR 176

/* struct proc: what assembly reaches through SPRG3, or through r2 in the kernel. */
#define PROC_STACK_TOP 0
#define PROC_SP        4
#define PROC_SELF      8
#define PROC_SPACE     12

#ifdef __ASSEMBLER__
/* A frame below the physical address in r11, and on to entry.S. SRR0, SRR1 = what was interrupted, r10 =
 * its CR; SPRG0, SPRG1 = its r10, r11. */
        .macro  begin_frame vector
        subi    r11, r11, FRAME_SIZE
        stw     r1, 0(r11)
        stw     r1, FRAME_GPR+4*1(r11)
        stw     r10, FRAME_CR(r11)
        stw     r12, FRAME_GPR+4*12(r11)
        mfsprg  r10, 0
        stw     r10, FRAME_GPR+4*10(r11)
        mfsprg  r10, 1
        stw     r10, FRAME_GPR+4*11(r11)
        mfsrr0  r10
        stw     r10, FRAME_PC(r11)
        mfsrr1  r10
        stw     r10, FRAME_MSR(r11)
        li      r10, \vector
        b       exception
        .endm
#else
#include "types.h"
struct frame {
    u32 chain, unused[3];
    u32 gpr[32];
    u32 pc, msr, cr, lr, ctr, xer, dar, dsisr, vector;
    u32 padding[3];
};
#endif
#endif
