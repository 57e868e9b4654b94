/* In and out of the kernel: the rest of an exception's prologue, the way back, and switching from
 * one process's kernel stack to another's.
 */
#include "regs.h"
#include "frame.h"
#include <space.h>

        .text

/* Real mode, interrupts off. r10 = vector, r11 = physical address of the frame, in which r1, r10 to
 * r12, CR, PC and MSR are. Saves the rest, turns translation on, and calls trap(frame). */
        .globl  exception, exception_return
exception:
        stw     r10, FRAME_VECTOR(r11)
        stw     r0, FRAME_GPR(r11)
        mflr    r0
        stw     r0, FRAME_LR(r11)
        mfctr   r0
        stw     r0, FRAME_CTR(r11)
        mfxer   r0
        stw     r0, FRAME_XER(r11)
        mfdar   r0
        stw     r0, FRAME_DAR(r11)
        mfdsisr r0
        stw     r0, FRAME_DSISR(r11)
        stw     r2, FRAME_GPR+4*2(r11)
        stw     r3, FRAME_GPR+4*3(r11)
        stw     r4, FRAME_GPR+4*4(r11)
        stw     r5, FRAME_GPR+4*5(r11)
        stw     r6, FRAME_GPR+4*6(r11)
        stw     r7, FRAME_GPR+4*7(r11)
        stw     r8, FRAME_GPR+4*8(r11)
        stw     r9, FRAME_GPR+4*9(r11)
        stmw    r13, FRAME_GPR+4*13(r11)
        enter_kernel
        mfsprg  r2, 3
        tovirt(r2, r2)                  /* the current process: r2 in all of the kernel */
        tovirt(r1, r11)
        addi    r3, r1, 0
        load(r12, trap)
        load(r11, exception_return)
        mtlr    r11
        mtsrr0  r12
        li      r12, MSR_KERNEL
        mtsrr1  r12
        rfi

/* r1 = frame. Interrupts go off: SRR0 and SRR1 must not be overwritten before rfi has used them. */
exception_return:
        li      r0, MSR_ME | MSR_IR | MSR_DR
        mtmsr   r0
        isync
        leave_kernel
        lwz     r0, FRAME_PC(r1)
        mtsrr0  r0
        lwz     r0, FRAME_MSR(r1)
        mtsrr1  r0
        lwz     r0, FRAME_CR(r1)
        mtcrf   0xFF, r0
        lwz     r0, FRAME_LR(r1)
        mtlr    r0
        lwz     r0, FRAME_CTR(r1)
        mtctr   r0
        lwz     r0, FRAME_XER(r1)
        mtxer   r0
        lmw     r2, FRAME_GPR+4*2(r1)
        lwz     r0, FRAME_GPR(r1)
        lwz     r1, FRAME_GPR+4*1(r1)
        rfi

/* switch_stack(u32 *save, u32 to): the caller continues when *save is switched back to. */
        .globl  switch_stack
switch_stack:
        stwu    r1, -96(r1)
        mflr    r0
        stw     r0, 100(r1)
        mfcr    r0
        stw     r0, 8(r1)
        stmw    r13, 16(r1)
        stw     r1, 0(r3)
        stwcx.  r0, 0, r1               /* no reservation passes from one process to another */
        mr      r1, r4
        lmw     r13, 16(r1)
        lwz     r0, 8(r1)
        mtcrf   0xFF, r0
        lwz     r0, 100(r1)
        mtlr    r0
        addi    r1, r1, 96
        blr

/* A new process begins here, on a stack that new_stack (proc.c) has made: r14 = function,
 * r15 = its argument; above is the frame with which it returns to user state. */
        .globl  process_begins
process_begins:
        mr      r3, 15
        mtctr   r14
        bctrl
        bl      kernel_leave
        b       exception_return

/* set_sdr1(value): the hash table may only change while nothing is translated (PEM table 2-22). */
        .globl  set_sdr1
set_sdr1:
        mflr    r5
        mfmsr   r6
        load(r4, 1f - 0xC0000000)
        mtsrr0  r4
        li      r4, MSR_ME
        mtsrr1  r4
        rfi
1:      sync
        mtspr   SPR_SDR1, r3
        sync
        mtsrr0  r5
        mtsrr1  r6
        rfi

/* host_call_kernel, entered in real mode with interrupts off by a module whose process has trapped
 * into it: r3 = function, r4 to r7 = arguments, SRR0 and SRR1 = where the process continues, with the
 * result in r3. To the rest of the kernel the process has made a system call. */
        .globl  host_call_kernel
host_call_kernel:
        mtsprg  0, r10
        mtsprg  1, r11
        mfcr    r10
        mfsprg  r11, 3
        lwz     r11, PROC_STACK_TOP(r11)
        tophys(r11, r11)
        begin_frame 0                   /* no vector: trap() calls the function */
