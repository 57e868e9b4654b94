/* Floating-point registers of a process: 32 and FPSCR, 33 doublewords. MSR[FP] must be on. */
#include "regs.h"

        .macro  each_register instruction
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
                   16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
        \instruction \n, 8*\n(r3)
        .endr
        .endm

        .text
        .globl  fpu_save, fpu_load
fpu_save:
        each_register stfd
        mffs    0
        stfd    0, 256(r3)
        blr

fpu_load:
        lfd     0, 256(r3)
        mtfsf   0xFF, 0
        each_register lfd
        blr
