/* Privileged instructions, each many times, which accelerate.c replaces if `wanted` is not 0. What they
 * read is added up in r10. */
#include "gpr.h"

#define TIMES 64
#define SUPERVISOR 0x1032               /* ME, IR, DR, RI */

        .section .vectors, "ax"
        .org    0xc00                   /* without MOL nobody answers a hypercall */
        li      r3, -1
        rfi
        .org    0x3000
        .globl  wanted, stop
wanted: .long   0
        .org    0x3f00
stop:   b       stop

        /* r10 adds up r4. */
        .macro  times name, instruction:vararg
        li      r9, TIMES
        mtctr   r9
        .globl  begin_\name, end_\name
begin_\name:
1:      \instruction
after_\name:
        add     r10, r10, r4
        bdnz    1b
end_\name:
        .endm

        .text
        .globl  _start
_start: li      r3, 0
        mtspr   528, r3                 /* IBAT0U, DBAT0U */
        mtspr   536, r3
        li      r3, 0x12                /* the first megabyte, at its address */
        mtspr   535, r3
        mtspr   543, r3
        li      r3, 0x1f
        mtspr   534, r3
        mtspr   542, r3
        lis     r3, 8
        mtspr   25, r3
        lis     r3, 0x7fff
        mtspr   22, r3
        li      r4, 0
        lis     r5, 0x2000
        li      r3, 16
        mtctr   r3
1:      mtsrin  r5, r4
        addi    r5, r5, 1
        addis   r4, r4, 0x1000
        bdnz    1b
        lis     r1, stack_top@ha
        addi    r1, r1, stack_top@l - 16
        li      r4, SUPERVISOR
        mtmsr   r4
        isync
        lis     r3, wanted@ha
        lwz     r3, wanted@l(r3)
        cmpwi   r3, 0
        beq     2f
        lis     r3, replaceable@ha
        addi    r3, r3, replaceable@l
        lis     r4, replaceable_end@ha
        addi    r4, r4, replaceable_end@l
        bl      accelerate
2:      .irp    n, 0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        li      \n, 0
        .endr
        mtcrf   0xff, r0
        b       replaceable

        .globl  replaceable, replaceable_end
replaceable:
        li      r4, 3
        mtspr   272, r4
        mtspr   26, r4
        mfmsr   r4                      /* once before: shadow PTEs are made */
        mfspr   r4, 272
        times   mfmsr, mfmsr r4
        times   mfsprg, mfspr r4, 272
        times   mfsrr0, mfspr r4, 26
        times   mfsr, mfsr r4, 5
        li      r5, SUPERVISOR
        ori     r4, r5, 0x8000
        times   mtmsr, mtmsr r4
        mtmsr   r5
        times   mtsprg, mtspr 273, r10
        times   mtsrr0, mtspr 26, r10
        li      r5, SUPERVISOR
        mtspr   27, r5
        times   mtsr, mtsr 5, r5
        lis     r4, 0x5000
        times   mtsrin, mtsrin r5, r4
        lis     r4, after_rfi@ha
        addi    r4, r4, after_rfi@l
        mtspr   26, r4
        times   rfi, rfi
        times   tlbie, tlbie r5
        mfspr   r6, 1008                /* through C: the data cache off and on again */
        rlwinm  r7, r6, 0, 18, 16
        sync
        mtspr   1008, r7
        mfspr   r8, 1008
        sync
        mtspr   1008, r6
        isync
        mfspr   r11, 25
        mfspr   r12, 543
        lis     r7, 0x7fff
        mtspr   22, r7                  /* the decrementer */
replaceable_end:
        b       stop

        .bss
        .balign 16
        .space  4096
stack_top:
