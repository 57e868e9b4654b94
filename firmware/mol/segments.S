/* Segment registers for the guest's mode (point ii). */
#include "mol_asm.h"

        .text
/* r2, r3 = tables that the guest's [PR IR DR] (r4) selects, for data and for instructions. r0 is
 * lost. */
        .globl  segment_tables
segment_tables:
        lwz     r4, xMSR(r1)
table_of_r4:
        addi    r2, r1, SV_DATA_SR
        addi    r3, r1, SV_INST_SR
        andi.   r0, r4, MSR_PR
        beq     1f
        addi    r2, r1, USER_DATA_SR
        addi    r3, r1, USER_INST_SR
1:      andi.   r0, r4, MSR_DR
        bne     2f
        addi    r2, r1, UNMAPPED_SR
2:      andi.   r0, r4, MSR_IR
        bnelr
        addi    r3, r1, UNMAPPED_SR
        blr

/* The segment registers of the mode r4, for the program counter r6. Keeps r4 and r6. */
        .globl  load_segments
load_segments:
        mflr    r7
        count   C_MMU_change
        lwz     r2, xMODE_FLUSHES(r1)
        cmpwi   r2, 0
        bnel-   forget_other_modes
        bl      table_of_r4
        mtlr    r7
        rlwinm  r5, r6, 6, 26, 29       /* the program counter's segment * 4: */
        rlwinm  r0, r4, 28, 30, 31      /* IR, DR */
        cmpwi   cr1, r0, 0
        lwzx    r7, r2, r5              /* the same for data and instructions? */
        lwzx    r5, r3, r5
        beq     cr1, load_table         /* real mode */
        cmpw    r7, r5
        bne     prepare_split
        cmpwi   r0, 3
        bne     prepare_split
load_table:                             /* r2 = table */
        lwz     r0, xSPLIT_SEGMENT(r1)
        cmpwi   r0, 16
        bne-    leave_split
load16:
        .irp    n, 0, 4, 8, 12
        lwz     r0, 4 * \n(r2)
        lwz     r3, 4 * \n + 4(r2)
        lwz     r5, 4 * \n + 8(r2)
        mtsr    \n, r0
        lwz     r0, 4 * \n + 12(r2)
        mtsr    \n + 1, r3
        mtsr    \n + 2, r5
        mtsr    \n + 3, r0
        .endr
        blr
leave_split:                            /* data may use all segments again */
        li      r0, 16
        li      r3, 0
        stw     r0, xSPLIT_SEGMENT(r1)
        mtspr   536, r3
        b       load16

/* KVM-PR's policy: what was known in another mode than r4 is forgotten. Keeps r4, r6 and r7. */
forget_other_modes:
        lwz     r3, xKNOWN_MODE(r1)
        andi.   r2, r4, MSR_MODE
        cmpw    r2, r3
        beqlr
        stw     r2, xKNOWN_MODE(r1)
        li      r3, SR_WORDS
        lwz     r2, xILLEGAL_SR(r1)
        mtctr   r3
        addi    r3, r1, xSR - 4
1:      stwu    r2, 4(r3)
        bdnz    1b
        blr

/* Data and instructions have different segments: r2, r3 = their tables, r6 = program counter. Data's are
 * loaded, closed to fetches where they differ; but the segment of the program counter is the
 * instructions', and closed to data of the guest by DBAT0. Keeps r4 and r6. */
        .globl  prepare_split
prepare_split:
        count   C_split_prepared, r5
        stw     r4, xSCRATCH(r1)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        lwz     r0, 4 * \n(r2)
        lwz     r4, 4 * \n(r3)
        cmpw    r0, r4
        beq     1f
        oris    r0, r0, 0x1000
1:      stw     r0, xSPLIT_SR + 4 * \n(r1)
        .endr
        rlwinm  r5, r6, 6, 26, 29       /* segment * 4 */
        lwzx    r0, r2, r5
        lwzx    r4, r3, r5
        add     r5, r5, r1
        cmpw    r0, r4
        li      r0, 16
        li      r3, 0
        beq     2f
        stw     r4, xSPLIT_SR(r5)
        rlwinm  r0, r6, 4, 28, 31
        rlwinm  r3, r6, 0, 0, 3
        ori     r3, r3, 0x1ffd          /* 256 MB, valid in user state, */
2:      stw     r0, xSPLIT_SEGMENT(r1)
        li      r0, 0
        mtspr   537, r0                 /* no rights */
        mtspr   536, r3
        lwz     r4, xSCRATCH(r1)
        addi    r2, r1, xSPLIT_SR
        b       load16
