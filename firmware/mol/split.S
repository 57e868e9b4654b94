/* A load or store of data in the segment that split mode has closed (point ii). It is not decoded: the
 * instruction itself is executed in supervisor state, with the guest's registers and the segment's data
 * register, whose key makes supervisor rights those of the guest. */
#include "mol_asm.h"

#define SR_KS 0x4000                    /* upper half */
#define NEAR 128                        /* bytes that one instruction can access */

        .text
/* r3 = DAR, r6 = nip */
        .globl  split_access
split_access:
        count   C_splitm_access
        addi    r2, r3, NEAR            /* may it touch another segment? */
        rlwinm. r2, r2, 0, 4, 23
        mr      r5, r3
        beq-    call_access
        get_opcode
        rlwinm  r2, r0, 6, 26, 31
        rlwinm  r3, r0, 31, 27, 29
        cmpwi   r2, 32                  /* primary opcodes 32 to 55: loads and stores, */
        bge     1f
        cmpwi   r3, 20                  /* and of 31 the extended ones whose last digits are 101xx */
        bne-    call_access
        cmpwi   r2, 31
        bne-    call_access
1:      load_phys r2, guest_instruction
        lwz     r3, 0(r2)
        lwz     r4, xMSR(r1)
        cmpw    r3, r0
        beq     2f                      /* the same one as the last time */
        stw     r0, 0(r2)
        dcbst   0, r2
        sync
        icbi    0, r2
        sync
        isync
2:      bl      segment_tables          /* r2 = data's */
        rlwinm  r3, r5, 6, 26, 29
        lwzx    r2, r2, r3
        oris    r2, r2, SR_KS
        mtsrin  r2, r5
        load_phys r2, access_faults
        load_phys r3, guest_instruction
        stw     r2, xSECONDARY(r1)
        mtsrr0  r3
        mfsrr1  r2
        mfmsr   r3
        stw     r2, xSCRATCH(r1)
        andi.   r2, r2, MSR_FP
        or      r3, r3, r2
        ori     r3, r3, MSR_DR
        lwz     r7, xCR(r1)             /* of stwcx. */
        mtsrr1  r3
        mtcrf   0xff, r7
        lwz     r0, GPR(0)(r1)
        lwz     r2, GPR(2)(r1)
        lwz     r3, GPR(3)(r1)
        lwz     r4, GPR(4)(r1)
        lwz     r5, GPR(5)(r1)
        lwz     r6, GPR(6)(r1)
        lwz     r7, GPR(7)(r1)
        lwz     r1, GPR(1)(r1)
        rfi

guest_instruction:
        .long   0
        mtsprg  0, r3
        mtsprg  1, r1
        mfmsr   r1
        rlwinm  r1, r1, 0, 28, 26       /* DR off */
        mtmsr   r1
        isync
        mfsprg  r1, 3
        stw     r0, GPR(0)(r1)
        mfsprg  r0, 0
        stw     r2, GPR(2)(r1)
        mfcr    r2
        stw     r0, GPR(3)(r1)
        mfsprg  r0, 1
        stw     r2, xCR(r1)
        stw     r0, GPR(1)(r1)
        stw     r4, GPR(4)(r1)
        stw     r5, GPR(5)(r1)
        stw     r6, GPR(6)(r1)
        stw     r7, GPR(7)(r1)
        bl      close_again
        lwz     r2, xSCRATCH(r1)
        lwz     r6, xNIP(r1)
        mtsrr1  r2
        lwz     r5, xMSR(r1)
        b       resume_next

/* The segment is the instructions' again. r2, r3 are lost. */
close_again:
        load_phys r2, opcode_lost
        stw     r2, xSECONDARY(r1)
        lwz     r2, xSPLIT_SEGMENT(r1)
        rlwinm  r3, r2, 2, 26, 29
        rlwinm  r2, r2, 28, 0, 3
        add     r3, r3, r1
        lwz     r3, xSPLIT_SR(r3)
        mtsrin  r3, r2
        blr

/* It is no use: no shadow PTE yet, the guest's hash table, a device. r1 = variables. */
access_faults:
        bl      close_again
        mfspr   r4, SPR_DAR
        mfspr   r5, SPR_DSISR
        li      r3, CALL_SPLIT
        b       call_with_registers

/* An alignment exception: dcbz of memory that is not cached. */
        .globl  secondary_alignment
secondary_alignment:
        mfsprg  r1, 3
        bl      close_again
        /* falls through */

/* C makes the load or store at the guest's nip, and needs all registers. */
        .globl  call_access
call_access:
        li      r3, CALL_ACCESS
call_with_registers:
        stmw    r13, GPR(13)(r1)
        b       call_kernel
