/* HostB: from reset to the user part, in and out of the kernel, and the call that MOL makes. */
#include "gpr.h"

#define TRANSLATION 0x30        /* IR, DR */
#define FRAME 160

        .macro  load reg, value
        lis     \reg, (\value)@h
        ori     \reg, \reg, (\value)@l
        .endm

        .text
        .globl  _start
_start: li      r3, 0
        mtmsr   r3
        isync
        load    r3, 0xcc00              /* caches on, and empty */
        mtspr   1008, r3
        load    r3, 0xc024              /* BTIC and BHT on */
        mtspr   1008, r3
        isync
        /* 128 MB of RAM and the board's devices, for kernel and user part. */
        li      r3, 0
        .irp    bat, 530, 532, 534, 540, 542
        mtspr   \bat, r3
        .endr
        li      r3, 0x12
        mtspr   529, r3
        mtspr   537, r3
        load    r3, 0x00000fff
        mtspr   528, r3
        mtspr   536, r3
        load    r3, 0x0c00002a
        mtspr   539, r3
        load    r3, 0x0c000003
        mtspr   538, r3
        load    r1, kernel_stack_top - 32
        bl      hostb_start             /* C, in real mode: hash table, segments */
        load    r1, user_stack_top - 32
        load    r3, user_main
        mtsrr0  r3
        load    r3, 0xd032              /* EE PR ME IR DR RI */
        mtsrr1  r3
        rfi

/* r3 = vector, SPRG0 = r1, SPRG1 = r3 of what was interrupted. trap(frame, vector). */
        .globl  exception
exception:
        lis     r1, kernel_stack_top@ha
        addi    r1, r1, kernel_stack_top@l - FRAME - 32
        stw     r0, 32(r1)
        mfsprg  r0, 0
        stw     r2, 40(r1)
        stw     r0, 36(r1)
        mfsprg  r0, 1
        stmw    r4, 48(r1)
        stw     r0, 44(r1)
        mfcr    r5
        mflr    r6
        mfctr   r7
        mfxer   r8
        mfsrr0  r9
        mfsrr1  r10
        stw     r5, 160(r1)
        stw     r6, 164(r1)
        stw     r7, 168(r1)
        stw     r8, 172(r1)
        stw     r9, 176(r1)
        stw     r10, 180(r1)
        mr      r4, r3
        addi    r3, r1, 32
        mfmsr   r0
        ori     r0, r0, TRANSLATION
        mtmsr   r0
        isync
        bl      trap
        mfmsr   r0
        xori    r0, r0, TRANSLATION
        mtmsr   r0
        isync
        lwz     r5, 160(r1)
        lwz     r6, 164(r1)
        lwz     r7, 168(r1)
        lwz     r8, 172(r1)
        lwz     r9, 176(r1)
        lwz     r10, 180(r1)
        mtcrf   0xff, r5
        mtlr    r6
        mtctr   r7
        mtxer   r8
        mtsrr0  r9
        mtsrr1  r10
        lmw     r2, 40(r1)
        lwz     r0, 32(r1)
        lwz     r1, 36(r1)
        rfi

/* See host.h. */
        .globl  host_call_kernel
host_call_kernel:
        mfsrr0  r8
        mfsrr1  r9
        lis     r10, (kernel_stack_top - 32)@ha
        addi    r10, r10, (kernel_stack_top - 32)@l
        stw     r1, 8(r10)
        stw     r8, 12(r10)
        stw     r9, 16(r10)
        mr      r1, r10
        mtctr   r3
        mr      r3, r4
        mr      r4, r5
        mr      r5, r6
        mfmsr   r0
        ori     r0, r0, TRANSLATION
        mtmsr   r0
        isync
        bctrl
        mfmsr   r0
        xori    r0, r0, TRANSLATION
        mtmsr   r0
        isync
        lwz     r8, 12(r1)
        lwz     r9, 16(r1)
        mtsrr0  r8
        mtsrr1  r9
        lwz     r1, 8(r1)
        rfi

/* A call of the kernel from the user part: r3 = number, r4, r5 = arguments. */
        .globl  hostb_call
hostb_call:
        sc
        blr

        .globl  hostb_done
hostb_done:
        b       .

        .bss
        .balign 16
        .space  16384
kernel_stack_top:
        .space  16384
user_stack_top:
