/* HostB's exceptions: where MOL's vectors, which are linked in place, continue. Only the user part causes
 * exceptions: the kernel runs with interrupts off, and all that it uses is mapped by BATs. */
#include "gpr.h"

        .macro  ktrap number
        .globl  ktrap_\number
ktrap_\number:
        mtsprg  0, r1
        mtsprg  1, r3
        li      r3, \number
        b       exception
        .endm

        .text
        .globl  ktrap_0x100
ktrap_0x100:
        b       _start
        .irp    number, 0x200, 0x300, 0x400, 0x500, 0x600, 0x700, 0x800, 0x900, 0xc00, 0xd00, 0xf00, \
                        0x1300, 0x1400, 0x1700
        ktrap   \number
        .endr

        .section .options, "ax"
        .globl  hostb_options
hostb_options:
        .space  256
