/* Exceptions. Each handler decides first whether the guest was in; if not, the host continues: behind
 * the word that the takeover has displaced, or, where HOST_VECTORS_IN_PLACE (host_asm.h) has put the
 * handlers into the vectors, at ktrap_ and the number of the vector. */
#include "mol_asm.h"

        .macro  place vector
#ifdef HOST_VECTORS_IN_PLACE
        .section .vectors, "ax"
        .org    \vector
#endif
        .endm

/* In: SPRG0, SPRG1 = r3, r1. Falls through, as the header says, if the guest was in: cr, r1 to r7,
 * lr and ctr saved, r6 = SRR0 = mregs.nip. `secondary` is where a fault in a handler goes. */
        .macro  handler vector, secondary
        place   \vector
        .globl  mol_vector_\vector
mol_vector_\vector:
        mtsprg  0, r3
        mtsprg  1, r1
        mfcr    r1
        mfsprg  r3, 2
        cmpwi   r3, SPRG2_MAGIC
        bne-    not_ours_\vector
        .ifnb   \secondary
        mfsrr1  r3
        andi.   r3, r3, MSR_PR
        beq-    \secondary
        .endif
        mfsprg  r3, 3
        stw     r1, xCR(r3)
        mr      r1, r3
        stw     r0, GPR(0)(r1)
        stw     r2, GPR(2)(r1)
        mfsprg  r0, 0
        mfsprg  r2, 1
        stw     r4, GPR(4)(r1)
        stw     r5, GPR(5)(r1)
        mflr    r4
        mfctr   r5
        stw     r6, GPR(6)(r1)
        stw     r7, GPR(7)(r1)
        mfsrr0  r6
        stw     r0, GPR(3)(r1)
        stw     r2, GPR(1)(r1)
        stw     r4, xLR(r1)
        stw     r5, xCTR(r1)
        stw     r6, xNIP(r1)
        .endm

/* The host's exception: as if nothing had happened. */
        .macro  host_continues vector
        mtcrf   0xff, r1
        mfsprg  r1, 1
        mfsprg  r3, 0
        .globl  mol_continue_\vector
mol_continue_\vector:
#ifdef HOST_VECTORS_IN_PLACE
        b       ktrap_\vector
#else
        .long   0                       /* the takeover: the displaced word, */
        .long   0                       /* and a branch to the second word of the vector */
#endif
        .endm

/* An interrupt of the host: it believes that the user part has been interrupted. */
        .macro  take_exception vector
        handler \vector
host_takes_\vector:
        count   C_host_interrupt
        bl      leave_guest
        li      r3, RVEC_NOP
        lwz     r4, xEMULATOR_NIP(r1)
        lwz     r5, xEMULATOR_MSR(r1)
        mtsrr0  r4
        mtsrr1  r5
        lwz     r1, xEMULATOR_R1(r1)
        b       mol_continue_\vector
not_ours_\vector:
        host_continues \vector
        .endm

/* An exception that the guest gets as it is. */
        .macro  reflect vector
        mfsrr1  r2
        lwz     r5, xMSR(r1)
        andis.  r2, r2, 0x783f          /* the bits that tell the cause */
        li      r3, \vector
        b       mac_trap
        .endm

        .text
        .globl  mol_vectors_begin
mol_vectors_begin:
take_exception 0x100
take_exception 0x200

/* ---- DSI ------------------------------------------------------------------------------------- */
        handler 0x300, secondary_fault
        mfspr   r3, SPR_DAR
        mfspr   r4, SPR_DSISR
        /* A page of devices? */
        rlwinm  r2, r3, 24, 24, 27      /* (EA page & 15) * 16 */
        add     r2, r2, r1
        lwz     r5, xIO_CACHE(r2)
        rlwinm  r7, r3, 0, 0, 19
        cmplw   r5, r7
        beq-    maybe_io
not_io: andis.  r0, r4, 0x0800          /* protection: */
        beq     dsi_to_c
        lwz     r5, xSPLIT_SEGMENT(r1)
        rlwinm  r7, r3, 4, 28, 31
        cmpw    r5, r7
        beq-    split_access            /* data in the segment that split mode has closed */
        lwz     r5, xPTHASH_EA_BASE(r1)
        lwz     r7, xPTHASH_MASK(r1)
        subf    r5, r5, r3
        cmplw   r5, r7
        ble-    store_to_hash           /* intercept.S: comes back to dsi_to_c if it is not one */
        .globl  dsi_to_c
dsi_to_c:                               /* r3 = DAR, r4 = DSISR */
        mr      r5, r4
        mr      r4, r3
        li      r3, CALL_DSI
        b       call_kernel
not_ours_0x300:
        host_continues 0x300

        .text
maybe_io:
        lwz     r5, xIO_CACHE+4(r2)
        mfsrin  r7, r3
        rlwinm  r7, r7, 0, 4, 2         /* N says nothing about data */
        cmplw   r5, r7
        bne     not_io
        lwz     r2, xIO_CACHE+8(r2)     /* the page */
        mr      r7, r4                  /* DSISR */
        /* r4 = guest-physical address, r5 = cookie of its 8 bytes, and the instruction */
        rlwinm  r5, r3, 31, 21, 29
        add     r5, r5, r2
        lwz     r5, IO_COOKIE(r5)
        lwz     r4, IO_MPHYS(r2)
        rlwimi  r4, r3, 0, 20, 31
        get_opcode
        stw     r0, xINST_OPCODE(r1)
        stw     r4, xRVEC_PARAM(r1)
        stw     r5, xRVEC_PARAM+4(r1)
        count   C_io_read_write
        li      r3, RVEC_IO_READ
        andis.  r7, r7, 0x0200          /* store? */
        beq     1f
        li      r3, RVEC_IO_WRITE
1:      b       exit_to_user

/* A fault inside a handler, which has said where it continues. */
secondary_fault:
        mfsprg  r1, 3
        count   C_secondary, r3
        lwz     r3, xSECONDARY(r1)
        mtlr    r3
        blr
        .globl  opcode_lost
opcode_lost:                            /* the guest fetches it again */
        lwz     r6, xNIP(r1)
        tlbie   r6
        eieio
        tlbsync
        sync
        mtsrr0  r6
        mfsrr1  r3                      /* what get_opcode ran with is not the guest's */
        b       resume_real_msr

/* ---- ISI ------------------------------------------------------------------------------------- */
        handler 0x400
        mfsrr1  r4
        lwz     r2, xSLOTS_EA(r1)
        rlwinm  r7, r6, 0, 0, 19
        cmplw   r2, r7
        beq-    slot_fetched            /* emuaccel.S: comes back if it is none */
        .globl  not_a_slot
not_a_slot:
        /* In split mode a fetch leaves the segment that is open to fetches. */
        andis.  r0, r4, 0x1000
        beq     isi_to_c
        lwz     r5, xMSR(r1)
        rlwinm  r2, r5, 28, 30, 31      /* IR, DR */
        lwz     r3, xDIVIDED(r1)
        cmpwi   r3, 0
        bne     1f
        cmpwi   r2, 1
        beq     1f
        cmpwi   r2, 2
        bne     isi_to_c
1:      bl      segment_tables          /* r2 = data, r3 = instructions */
        rlwinm  r7, r6, 6, 26, 29
        lwzx    r7, r3, r7
        andis.  r0, r7, 0x1000
        mfsrin  r0, r6
        bne     isi_to_c                /* the guest's own N, or not known yet */
        cmpw    r0, r7
        beq     isi_to_c                /* open already: the page is guarded */
        bl      prepare_split
        b       resume
isi_to_c:
        mr      r4, r6
        li      r3, CALL_ISI
        b       call_kernel
not_ours_0x400:
        host_continues 0x400

take_exception 0x500

/* ---- Alignment ------------------------------------------------------------------------------- */
        handler 0x600, secondary_alignment
        mfspr   r3, SPR_DAR
        mfspr   r4, SPR_DSISR
        rlwinm  r2, r4, 22, 25, 31      /* the extended opcode's part of DSISR: */
        cmpwi   r2, 0x5f
        beq-    call_access             /* dcbz sets C first */
        stw     r3, SPR(SPR_DAR)(r1)
        stw     r4, SPR(SPR_DSISR)(r1)
        reflect 0x600
not_ours_0x600:
        host_continues 0x600

/* ---- Program: emulate.S ---------------------------------------------------------------------- */
        handler 0x700
        mfsrr1  r7
        lwz     r5, xMSR(r1)
        andis.  r0, r7, 0x0004          /* a privileged instruction */
        beq-    program_of_guest
        andi.   r0, r5, MSR_PR
        beq+    emulate                 /* of the guest's supervisor */
program_of_guest:
        reflect 0x700
not_ours_0x700:
        cmplwi  r4, MOL_ENTRY_MAGIC
        beq-    mac_entry               /* switch.S: comes back here if it is none */
        .globl  not_an_entry
not_an_entry:
        host_continues 0x700

/* ---- Floating point unavailable -------------------------------------------------------------- */
        handler 0x800
        lwz     r5, xMSR(r1)
        andi.   r0, r5, MSR_FP
        beq     fp_of_guest
        count   C_enable_fpu
        li      r3, RVEC_ENABLE_FPU
        b       exit_to_user
fp_of_guest:
        reflect 0x800
not_ours_0x800:
        host_continues 0x800

/* ---- Decrementer: the host's, the guest's, or a timer of the user part ------------------------ */
        handler 0x900
        mftb    r2
        lwz     r3, xEMULATOR_DEC_STAMP(r1)
        subf.   r3, r2, r3
        blt     host_takes_0x900
        lwz     r3, xTIMER_ARMED(r1)
        cmpwi   r3, 0
        beq     1f
        lwz     r3, xTIMER_STAMP(r1)
        subf.   r3, r2, r3
        bge     1f
        count   C_Timer_interrupt
        li      r3, RVEC_TIMER
        b       exit_to_user
1:      bl      test_decrementer
        bl      set_decrementer
        lwz     r5, xMSR(r1)
        mr      r4, r5
        mfsrr1  r3
        andi.   r0, r5, MSR_EE
        bne     check_interrupts
        b       resume
host_takes_0x900:
        count   C_host_interrupt
        bl      leave_guest
        li      r3, RVEC_NOP
        lwz     r4, xEMULATOR_NIP(r1)
        lwz     r5, xEMULATOR_MSR(r1)
        mtsrr0  r4
        mtsrr1  r5
        lwz     r1, xEMULATOR_R1(r1)
        b       mol_continue_0x900
not_ours_0x900:
        host_continues 0x900

/* ---- System call: the guest's, or a hypercall ------------------------------------------------- */
        handler 0xc00
        lwz     r2, GPR(3)(r1)
        lis     r3, OSI_MAGIC_R3@h
        ori     r3, r3, OSI_MAGIC_R3@l
        cmplw   r2, r3
        beq-    maybe_osi
        lwz     r5, xMSR(r1)
        li      r2, 0
        li      r3, 0xc00
        b       mac_trap
maybe_osi:
        lwz     r5, xMSR(r1)
        lis     r3, OSI_MAGIC_R4@h
        ori     r3, r3, OSI_MAGIC_R4@l
        lwz     r4, GPR(4)(r1)
        cmplw   r4, r3
        li      r2, 0
        li      r3, 0xc00
        bne     mac_trap
        count   C_osi_syscall
        li      r3, RVEC_OSI_SYSCALL
        b       exit_to_user
not_ours_0xc00:
        host_continues 0xc00

/* ---- Trace ------------------------------------------------------------------------------------ */
        handler 0xd00
        b       stepped
not_ours_0xd00:
        host_continues 0xd00

take_exception 0xf00
take_exception 0x1300
take_exception 0x1400
take_exception 0x1700

        .text
        .globl  mol_asm_end             /* the code in C follows */
mol_asm_end:

/* What the takeover works from: vector, handler, where the host continues. Nothing if all are in place. */
        .section .rodata
        .balign 4
        .globl  mol_vectors
mol_vectors:
#ifndef HOST_VECTORS_IN_PLACE
        .irp    vector, 0x100, 0x200, 0x300, 0x400, 0x500, 0x600, 0x700, 0x800, 0x900, 0xc00, 0xd00, \
                        0xf00, 0x1300, 0x1400, 0x1700
        .long   \vector, mol_vector_\vector, mol_continue_\vector
        .endr
#endif
        .long   0
