/* In front of the decrementer's vector: real mode, interrupts off, SPRG0 and SPRG1 free. */
#include "regs.h"

        .text
        .globl  watch_vector, watch_displaced, watch_page, watch_decrementer
watch_vector:
        mtsprg  0, r10
        mtsprg  1, r11
        load(r10, watch_decrementer - 0xC0000000)
        lwz     r11, 0(r10)
        addi    r11, r11, 1
        stw     r11, 0(r10)
        mfsprg  r10, 0
        mfsprg  r11, 1
watch_displaced:
        .long   0                       /* the vector's first word */
        ba      0x904                   /* and its second one */

        .section .bss
        .balign 4096
watch_page:
watch_decrementer:
        .space  4096
