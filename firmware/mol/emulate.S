/* Privileged instructions of the guest's supervisor. Each handler has
 *   r0 = instruction, r5 = guest's MSR, r6 = its nip; r2, r3, r4, r7 are free. */
#include "mol_asm.h"

        .text
        .globl  emulate
emulate:
        get_opcode
        rlwinm  r2, r0, 6, 26, 31
        cmpwi   r2, 31
        rlwinm  r3, r0, 1, 20, 29       /* extended opcode * 4 */
        addis   r3, r3, PHYS(extended_31)@ha
        bne     rfi_or_c
        lwz     r3, PHYS(extended_31)@l(r3)
        mtctr   r3
        bctr

rfi_or_c:
        lis     r3, 0x4c00              /* rfi, all other bits zero */
        ori     r3, r3, 0x0064
        cmpw    r0, r3
        bne     to_c
        .globl  return_from_interrupt
return_from_interrupt:
        count   C_rfi
        lwz     r3, SPR(SPR_SRR1)(r1)
        lwz     r6, SPR(SPR_SRR0)(r1)
        rlwinm  r4, r5, 0, 14, 12       /* without POW */
        andi.   r3, r3, MSR_RFI
        rlwinm  r4, r4, 0, 0, 15
        or      r4, r4, r3
        b       change_msr

to_c:                                   /* whatever else is privileged */
        stw     r0, xINST_OPCODE(r1)
        count   C_decode_priv_inst
        stmw    r13, GPR(13)(r1)        /* C needs all registers */
        mr      r4, r0
        li      r3, CALL_PRIV_INST
        b       call_kernel

/* ---- General registers ------------------------------------------------------------------------
 * r4 = rS; r4 = rB; rD = r4 and on behind the instruction. r2, r3 are lost. */
read_rs:
        rlwinm  r2, r0, 14, 24, 28
        b       read_gpr
read_rb:
        rlwinm  r2, r0, 24, 24, 28
read_gpr:
        addis   r2, r2, PHYS(read_table)@ha
        addi    r2, r2, PHYS(read_table)@l
        mtctr   r2
        bctr
write_rd:
        rlwinm  r2, r0, 14, 24, 28
        addis   r2, r2, PHYS(write_table)@ha
        addi    r2, r2, PHYS(write_table)@l
        mtctr   r2
        bctr

        .globl  read_rs, read_table
read_table:                             /* 8 bytes for each: only r4 is changed */
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        lwz     r4, GPR(\n)(r1)
        blr
        .endr
        .irp    n, 8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        mr      r4, \n
        blr
        .endr
write_table:
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        stw     r4, GPR(\n)(r1)
        b       resume_next
        .endr
        .irp    n, 8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        mr      \n, r4
        b       resume_next
        .endr

/* ---- MSR -------------------------------------------------------------------------------------- */
em_mfmsr:
        count   C_emulate_mfmsr
        mr      r4, r5
        b       write_rd

em_mtmsr:
        bl      read_rs
        .globl  write_msr
write_msr:                              /* r4 = value */
        count   C_emulate_mtmsr
        lis     r2, 0x0005
        ori     r2, r2, 0xff77
        addi    r6, r6, 4
        and     r4, r4, r2
        andi.   r2, r5, MSR_SE
        beq+    change_msr
        stw     r4, xMSR(r1)            /* traced: the exception comes with the new MSR */
        mr      r5, r4
        li      r2, 0
        li      r3, 0xd00
        b       mac_trap

/* ---- Special registers ------------------------------------------------------------------------ */
        .macro  spr_number              /* r2 = number, r3 = its hook */
        rlwinm  r2, r0, 16, 27, 31
        rlwimi  r2, r0, 26, 22, 26
        add     r3, r2, r1
        lbz     r3, xSPR_HOOK(r3)
        .endm

em_mfspr:
        count   C_emulate_mfspr
        spr_number
        andi.   r4, r3, HOOK_READ
        rlwinm  r2, r2, 2, 20, 29
        lwzx    r4, r1, r2              /* mregs.spr is at offset 0 */
        bne+    write_rd
        andi.   r3, r3, HOOK_SPECIAL
        beq     to_c
        count   C_dec_read, r3          /* the decrementer */
        mftb    r2
        lwz     r4, xDEC_STAMP(r1)
        subf    r4, r2, r4
        b       write_rd

em_mtspr:
        count   C_emulate_mtspr
        bl      read_rs
        spr_number
        rlwinm  r7, r2, 2, 20, 29
        andi.   r2, r3, HOOK_WRITE
        beq     1f
        .globl  write_spr_plain, write_srr0, write_by_c, write_dec
write_spr_plain:                        /* r4 = value, r7 = 4 * number */
        stwx    r4, r1, r7
        b       resume_next
1:      andi.   r2, r3, HOOK_IGNORE
        bne     resume_next
        andi.   r2, r3, HOOK_C
        bne     write_by_c
        andi.   r2, r3, HOOK_SPECIAL
        beq     to_c
        cmpwi   r7, 4 * SPR_SRR0
        bne     write_dec
write_srr0:
        rlwinm  r4, r4, 0, 0, 29
        stwx    r4, r1, r7
        b       resume_next
write_by_c:
        mr      r5, r4
        rlwinm  r4, r7, 30, 22, 31
        li      r3, CALL_SPR_WRITE
        b       call_kernel

/* The decrementer's exception is caused by its sign: by time that passes, or by mtspr. */
write_dec:
        count   C_mtdec
        mftb    r7
        mr      r0, r4
        bl      test_decrementer
        lwz     r2, xDEC_STAMP(r1)
        add     r3, r0, r7
        subf    r2, r7, r2              /* the old value */
        stw     r3, xDEC_STAMP(r1)
        andc    r2, r0, r2              /* sign: was positive, is negative */
        cmpwi   r0, 0
        li      r3, 0
        blt     1f
        li      r3, 1
1:      stw     r3, xDEC_ARMED(r1)
        cmpwi   r2, 0
        bge     2f
        li      r3, 1
        stw     r3, xDEC_PENDING(r1)
2:      bl      set_decrementer
        addi    r6, r6, 4
        mr      r4, r5
        andi.   r2, r5, MSR_SE
        mtsrr0  r6
        bne     3f
        andi.   r2, r5, MSR_EE
        bne     check_interrupts
        b       resume
3:      li      r2, 0
        li      r3, 0xd00
        b       mac_trap

/* ---- Segment registers ------------------------------------------------------------------------ */
em_mfsr:
        count   C_mfsr_
        rlwinm  r2, r0, 18, 26, 29
1:      add     r2, r2, r1
        lwz     r4, xSEGR(r2)
        b       write_rd
em_mfsrin:
        count   C_mfsr_
        bl      read_rb
        rlwinm  r2, r4, 6, 26, 29
        b       1b

em_mtsrin:
        bl      read_rb
        rlwinm  r7, r4, 6, 26, 29
        b       1f
em_mtsr:
        rlwinm  r7, r0, 18, 26, 29
1:      bl      read_rs
        .globl  write_segment
write_segment:                          /* r4 = value, r7 = segment * 4 */
        count   C_mtsr_
        add     r3, r7, r1
        lwz     r2, xVSID_MAP(r1)
        stw     r4, xSEGR(r3)
        cmpwi   r2, 0
        lwz     r2, xBAT_SEGMENTS(r1)
        bne-    segment_by_c            /* KVM-PR's map is C's */
        rlwinm  r3, r7, 30, 28, 31
        srw     r2, r2, r3
        andi.   r2, r2, 1
        bne     not_known               /* C knows what to do with BATs, */
        cmpwi   r4, 0
        rlwinm  r2, r4, 0, 8, 31        /* VSID */
        blt     not_known               /* and with direct-store segments */
        rlwinm  r3, r4, 24, 0, 31
        xor     r3, r3, r4
        rlwinm  r3, r3, 2, 22, 29
        add     r3, r3, r1
        lwz     r3, xVSID_HASH(r3)
2:      cmpwi   r3, 0
        beq     not_known
        lwz     r0, 4(r3)
        cmpw    r0, r2
        beq     3f
        lwz     r3, 0(r3)
        b       2b
3:      lwz     r0, 8(r3)               /* for key 1 */
        lwz     r2, 12(r3)              /* for key 0 */
        count   C_vsid_found, r3
        rlwimi  r0, r4, 0, 3, 3         /* N */
        rlwimi  r2, r4, 0, 3, 3
        andis.  r3, r4, 0x2000          /* Kp */
        mr      r3, r0
        bne     4f
        mr      r3, r2
4:      andis.  r4, r4, 0x4000          /* Ks */
        beq     5f
        mr      r2, r0
5:      add     r4, r7, r1              /* r2 for the supervisor, r3 for the user */
        stw     r2, SV_DATA_SR(r4)
        stw     r2, SV_INST_SR(r4)
        stw     r3, USER_DATA_SR(r4)
        stw     r3, USER_INST_SR(r4)
        /* The hardware's, if the supervisor is in that mode now. */
        lwz     r3, xSPLIT_SEGMENT(r1)
        rlwinm  r0, r5, 28, 30, 31      /* IR, DR */
        cmpwi   r3, 16
        cmpwi   cr1, r0, 0
        beq     cr1, resume_next
        bne     6f
        cmpwi   r0, 3
        bne     6f
        rlwinm  r3, r7, 26, 0, 3
        mtsrin  r2, r3
        b       resume_next
6:      mr      r4, r5                  /* split mode: all of them again */
        bl      load_segments
        mr      r5, r4
        b       resume_next

segment_by_c:
        rlwinm  r4, r7, 30, 28, 31
        li      r3, CALL_SEGMENT
        b       call_kernel

not_known:
        count   C_vsid_missing, r3
        lwz     r2, xILLEGAL_SR(r1)
        mr      r3, r2
        b       5b

/* ---- TLB --------------------------------------------------------------------------------------- */
em_tlbie:                               /* MOL knows what the guest does to its table: page vi */
        count   C_tlbie
        lwz     r2, xTLBIE_FLUSHES(r1)
        cmpwi   r2, 0
        beq+    resume_next
        b       to_c
em_nothing:                             /* tlbsync */
        b       resume_next

/* ---- Extended opcodes of primary opcode 31 ------------------------------------------------------ */
        .section .rodata
        .balign 4
extended_31:
        .set    at, 0
        .macro  until number
        .rept   \number - at
        .long   PHYS(to_c)
        .endr
        .set    at, \number
        .endm
        .macro  extended number, handler
        until   \number
        .long   PHYS(\handler)
        .set    at, \number + 1
        .endm
        extended 83, em_mfmsr
        extended 146, em_mtmsr
        extended 210, em_mtsr
        extended 242, em_mtsrin
        extended 306, em_tlbie
        extended 339, em_mfspr
        extended 467, em_mtspr
        extended 566, em_nothing
        extended 595, em_mfsr
        extended 659, em_mfsrin
        until   1024
