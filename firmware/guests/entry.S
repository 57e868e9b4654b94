/* Vectors of the tiny kernel, and its way in and out. */
#include "gpr.h"

#define FRAME_CR 128                /* struct frame of kernel.c: r0 to r31, then these */
#define FRAME_LR 132
#define FRAME_CTR 136
#define FRAME_XER 140
#define FRAME_NIP 144
#define FRAME_MSR 148

        .section .vectors, "ax"
        .irp    vector, 0x300, 0x400, 0x700, 0x900, 0xc00
        .org    \vector
        mtsprg  0, r1
        mtsprg  1, r2
        li      r2, \vector
        b       save
        .endr
        .org    0xf00
/* The interrupted process's registers go into its frame. */
save:   lis     r1, current@ha
        lwz     r1, current@l(r1)
        stw     r0, 0(r1)
        mfsprg  r0, 0
        stmw    r3, 12(r1)
        mfsprg  r3, 1
        stw     r0, 4(r1)
        stw     r3, 8(r1)
        mfcr    r3
        mflr    r4
        mfctr   r5
        mfxer   r6
        mfsrr0  r7
        mfsrr1  r8
        stw     r3, FRAME_CR(r1)
        stw     r4, FRAME_LR(r1)
        stw     r5, FRAME_CTR(r1)
        stw     r6, FRAME_XER(r1)
        stw     r7, FRAME_NIP(r1)
        stw     r8, FRAME_MSR(r1)
        mr      r3, r2
        lis     r1, stack_top@ha
        addi    r1, r1, stack_top@l - 16
        bl      trap
/* A process continues: r3 = its frame. */
        .globl  run
run:    mr      r1, r3
        lwz     r3, FRAME_CR(r1)
        lwz     r4, FRAME_LR(r1)
        lwz     r5, FRAME_CTR(r1)
        lwz     r6, FRAME_XER(r1)
        lwz     r7, FRAME_NIP(r1)
        lwz     r8, FRAME_MSR(r1)
        mtcrf   0xff, r3
        mtlr    r4
        mtctr   r5
        mtxer   r6
        mtsrr0  r7
        mtsrr1  r8
        lwz     r0, 0(r1)
        lmw     r2, 8(r1)
        lwz     r1, 4(r1)
        rfi

        .org    0x3000                  /* struct result of each process */
        .globl  results
results:
        .space  4 * 5 * 4

        .org    0x3f00
        .globl  stop
stop:   b       stop

        .text
        .globl  _start
_start: lis     r1, stack_top@ha
        addi    r1, r1, stack_top@l - 16
        bl      start
        b       run

        .bss
        .balign 16
        .space  4096
stack_top:
