/* Privileged instructions that the guest has replaced by branches to the page of slots. The fetch there
 * faults, and tells by its address what is to be done: no instruction is fetched and decoded
 * (docs/mol/emuaccel.md). */
#include "mol_asm.h"

        .text
/* r4 = SRR1, r6 = address of the fetch, in the page that slots_ea says. */
        .globl  slot_fetched
slot_fetched:
        mfsrin  r7, r6
        lwz     r2, xSLOTS_SR(r1)
        lwz     r3, xSLOTS(r1)
        cmplw   r2, r7
        rlwimi  r3, r6, 2, 18, 27       /* 16 bytes for each word */
        bne-    not_a_slot
        andis.  r0, r4, 0x0800          /* protection; otherwise the shadow PTE has gone */
        lwz     r5, xMSR(r1)
        beq-    not_a_slot
        lwz     r2, SLOT_READ(r3)
        andi.   r0, r5, MSR_PR
        lwz     r7, SLOT_OPERAND(r3)
        bne-    not_a_slot
        cmpwi   r2, 0
        beq-    not_a_slot
        mtctr   r2
        lwz     r6, SLOT_NIP(r3)
        count   C_emuaccel
        lwz     r3, SLOT_HANDLER(r3)
        stw     r6, xNIP(r1)
        bctrl                           /* r4 = the source register; rfi has none, and stays there */
        mtctr   r3
        bctr

/* mtsrin has two source registers: r4 = that with the address, r7 = where the other one is read. */
        .globl  write_segment_at
write_segment_at:
        mtctr   r7
        rlwinm  r7, r4, 6, 26, 29
        bctrl
        b       write_segment
