/* The exception vectors (MPC750 UM table 4-1).
 *
 * Every vector holds the same prologue. It runs in real mode with interrupts off, finds the kernel
 * stack, and saves there what it needs as scratch. Then entry.S continues.
 *
 * Roles of the SPRGs:
 *   SPRG0, SPRG1   scratch: r10 and r11 while the prologue runs
 *   SPRG2          the machine-dependent part; HostL does not use it
 *   SPRG3          physical address of the current process's struct proc
 *
 * A module takes a vector over by replacing its first word, `mtsprg 0, r10`, by a branch. It leaves
 * the prologue's conditions as they were, executes the displaced word, and jumps to the second one.
 */
#include "regs.h"
#include "frame.h"
#include <space.h>

        .macro  prologue number
        mtsprg  0, r10
        mtsprg  1, r11
        mfcr    r10
        .if     \number == 0xC00
        fast_trap
        .endif
        mfsrr1  r11
        andi.   r11, r11, MSR_PR
        tophys(r11, r1)                 /* from the kernel: go on with its stack */
        beq     1f
        mfsprg  r11, 3
        lwz     r11, PROC_STACK_TOP(r11)
        tophys(r11, r11)
1:      begin_frame \number
        .endm

        .section .vectors, "ax"
        .globl  _start, vectors_end
_start: b       boot                    /* head.S */

        .irp    number, 0x100, 0x200, 0x300, 0x400, 0x500, 0x600, 0x700, 0x800, 0x900, \
                        0xA00, 0xB00, 0xC00, 0xD00, 0xE00, 0xF00, 0x1300, 0x1400, 0x1700
        .org    _start + \number
        prologue \number
        .endr
        .org    _start + 0x3000
vectors_end:
