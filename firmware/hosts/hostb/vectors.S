/* HostB's exception vectors, linked in place. Only the user part causes exceptions: the kernel runs
 * with interrupts off, and all that it uses is mapped by BATs. */
#include "gpr.h"

        .macro  vector number
        .org    \number
        .globl  hostb_vector_\number
hostb_vector_\number:
        mtsprg  0, r1
        mtsprg  1, r3
        li      r3, \number
        b       exception
        .endm

        .section .vectors, "ax"
        .org    0x100
        b       _start
        .irp    number, 0x200, 0x300, 0x400, 0x500, 0x600, 0x700, 0x800, 0x900, 0xc00, 0xd00, 0xf00, \
                        0x1300, 0x1400, 0x1700
        vector  \number
        .endr
        .org    0x3000                  /* struct hostb_options */
        .globl  hostb_options
hostb_options:
        .space  256
