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

#ifndef __ASSEMBLER__
#include "types.h"
struct frame {
    u32 chain, unused[3];
    u32 gpr[32];
    u32 pc, msr, cr, lr, ctr, xer, dar, dsisr, vector;
    u32 padding[3];
};
#endif
#endif
