/* The world switch: entering the guest, leaving it to the user part or to C, and the guest's own
 * changes of mode. */
#include "mol_asm.h"

        .text
/* ---- Into the guest ---------------------------------------------------------------------------
 * From not_ours_0x700, with the user part's registers but for r3 (SPRG0), r1 (SPRG1), cr (r1).
 * Everything must be as it was if this turns out to be no entry. */
        .globl  mac_entry
mac_entry:
        mfsrr1  r3
        andis.  r3, r3, 0x0004          /* a privileged instruction */
        beq     not_an_entry
        mfsrr1  r3
        andi.   r3, r3, MSR_PR          /* in user state */
        beq     not_an_entry
        lis     r3, PHYS(session_magic)@ha
        lwz     r3, PHYS(session_magic)@l(r3)
        cmplw   r3, r5
        bne-    wrong_magic
        cmplwi  r5, 1
        ble-    not_an_entry
        andi.   r3, r7, 0x7fff
        cmplwi  r3, 8                   /* MAX_NUM_SESSIONS */
        bge-    not_an_entry
        rlwinm  r3, r3, 2, 26, 29
        addis   r3, r3, PHYS(session_phys)@ha
        lwz     r3, PHYS(session_phys)@l(r3)
        cmpwi   r3, 0
        beq-    not_an_entry

        mr      r1, r3
        mfsprg  r2, 1
        mfsrr1  r3
        andi.   r4, r3, 0xffff
        andi.   r3, r3, MSR_FP          /* may the guest use the user part's FPRs? */
        ori     r3, r3, 0x0f00          /* FE0, SE, BE, FE1 */
        stw     r2, xEMULATOR_R1(r1)
        stw     r6, xEMULATOR_NIP(r1)
        stw     r4, xEMULATOR_MSR(r1)
        stw     r3, xMSR_PASS(r1)
        andi.   r3, r7, MOL_ENTRY_INIT
        bnel    note_host
        mfsprg  r2, 2
        mfsprg  r3, 3
        stw     r2, xEMULATOR_SPRG2(r1)
        stw     r3, xEMULATOR_SPRG3(r1)
        li      r2, SPRG2_MAGIC
        mtsprg  2, r2
        mtsprg  3, r1
        li      r2, 0
        .irp    bat, 528, 530, 532, 534, 536, 538, 540, 542
        mtspr   \bat, r2
        .endr
        lwz     r2, xPRIVATE_HASH(r1)
        cmpwi   r2, 0
        beq     1f
        lwz     r2, xSDR1(r1)
        sync
        mtspr   25, r2
        isync
1:      li      r2, 1
        stw     r2, xIN_GUEST(r1)
        li      r2, 16
        stw     r2, xSPLIT_SEGMENT(r1)
        mfdec   r2
        mftb    r3
        add     r2, r2, r3
        stw     r2, xEMULATOR_DEC_STAMP(r1)
        bl      set_decrementer
        lwz     r2, xRESERVED(r1)
        lwz     r3, xXER(r1)
        cmpwi   r2, 0
        mtxer   r3
        beq     2f
        li      r2, xRESERVED           /* a reservation again: stwcx. compares no addresses */
        lwarx   r3, r2, r1
        li      r3, 0
        stw     r3, xRESERVED(r1)
2:
        lwz     r8, GPR(8)(r1)
        lwz     r9, GPR(9)(r1)
        lwz     r10, GPR(10)(r1)
        lwz     r11, GPR(11)(r1)
        lwz     r12, GPR(12)(r1)
        lwz     r6, xNIP(r1)
        lwz     r4, xMSR(r1)
        not     r5, r4                  /* everything has changed */
        b       change_msr

wrong_magic:                            /* never again */
        mtcrf   0xff, r1
        li      r1, 1
        lis     r3, PHYS(session_magic)@ha
        stw     r1, PHYS(session_magic)@l(r3)
        mfcr    r1
        b       not_an_entry

/* The host's segments and BATs: they are the same at every entry of this user part. */
note_host:
        mfspr   r2, 25
        stw     r2, xEMULATOR_SDR1(r1)
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        mfsr    r2, \n
        mfspr   r3, 528 + \n
        stw     r2, xEMULATOR_SR + 4 * \n(r1)
        stw     r3, xEMULATOR_BAT + 4 * \n(r1)
        .endr
        blr

/* ---- Out of the guest -------------------------------------------------------------------------
 * The host's state comes back; r3 to r6 are kept. The guest's lr, ctr, cr, r0 to r7 and nip have
 * been saved by the handler. */
        .globl  leave_guest
leave_guest:
        stw     r8, GPR(8)(r1)
        stw     r9, GPR(9)(r1)
        stw     r10, GPR(10)(r1)
        stw     r11, GPR(11)(r1)
        stw     r12, GPR(12)(r1)
        mfxer   r0
        li      r2, 0
        stw     r0, xXER(r1)
        stw     r2, xIN_GUEST(r1)
        lwz     r0, xPRIVATE_HASH(r1)
        cmpwi   r0, 0
        beq     1f
        lwz     r0, xEMULATOR_SDR1(r1)
        sync
        mtspr   25, r0
        isync
1:
        .irp    n, 0, 4, 8, 12
        lwz     r8, xEMULATOR_SR + 4 * \n(r1)
        lwz     r9, xEMULATOR_SR + 4 * \n + 4(r1)
        lwz     r10, xEMULATOR_SR + 4 * \n + 8(r1)
        lwz     r11, xEMULATOR_SR + 4 * \n + 12(r1)
        mtsr    \n, r8
        mtsr    \n + 1, r9
        mtsr    \n + 2, r10
        mtsr    \n + 3, r11
        .endr
        .irp    n, 0, 2, 4, 6
        lwz     r8, xEMULATOR_BAT + 4 * \n(r1)
        lwz     r9, xEMULATOR_BAT + 4 * \n + 32(r1)
        mtspr   528 + \n, r8
        .if     \n == 0
        lwz     r10, xEMULATOR_BAT + 36(r1)
        mtspr   537, r10                /* DBAT0L, which split mode uses */
        .endif
        mtspr   536 + \n, r9
        .endr
        lwz     r8, xEMULATOR_SPRG2(r1)
        lwz     r9, xEMULATOR_SPRG3(r1)
        mtsprg  2, r8
        mtsprg  3, r9
        lwz     r8, xEMULATOR_DEC_STAMP(r1)
        mftb    r9
        subf    r8, r9, r8
        mtdec   r8
        blr

/* To the user part: r3 = RVEC, its arguments in mregs.rvec_param. */
        .globl  exit_to_user
exit_to_user:
        bl      leave_guest
to_user:
        lwz     r7, xEMULATOR_NIP(r1)
        lwz     r8, xEMULATOR_MSR(r1)
        mtsrr0  r7
        mtsrr1  r8
        lwz     r1, xEMULATOR_R1(r1)
        rfi

/* To C: r3 = CALL_..., r4, r5 = two arguments. The user part continues with what it returns. */
        .globl  call_kernel
call_kernel:
        li      r0, 1                   /* reserved = 1, if there is a reservation: the host loses it */
        li      r2, xRESERVED
        stwcx.  r0, r2, r1
        bl      leave_guest
        count   C_kernel_calls
        lwz     r2, xCALL_BY_USER(r1)
        cmpwi   r2, 0
        bne-    call_by_user
        rlwinm  r3, r3, 2, 0, 29
        mr      r6, r5
        add     r3, r3, r1
        mr      r5, r4
        lwz     r3, xKERNEL_CALL(r3)
        lwz     r4, xKVARS_VIRTUAL(r1)
        lwz     r7, xEMULATOR_NIP(r1)
        lwz     r8, xEMULATOR_MSR(r1)
        mtsrr0  r7
        mtsrr1  r8
        lwz     r1, xEMULATOR_R1(r1)
        b       host_call_kernel

/* On a host that cannot be called from here: the user part makes a call of the kernel part. */
call_by_user:
        stw     r3, xWANTED_CALL(r1)
        stw     r4, xCALL_ARGUMENT(r1)
        stw     r5, xCALL_ARGUMENT+4(r1)
        li      r3, RVEC_CALL_KERNEL
        b       to_user

/* ---- Back to the guest ------------------------------------------------------------------------
 * resume: SRR0 and SRR1 are what the guest continues with. */
        .globl  resume, resume_next, resume_real_msr
resume_next:                            /* behind an emulated instruction; r5 = guest's MSR, r6 = nip */
        mfsrr1  r2                      /* SE, the guest's or of mregs.trace */
        addi    r6, r6, 4
        andi.   r2, r2, MSR_SE
        mtsrr0  r6
        bne-    stepped
resume:
        lwz     r5, xLR(r1)
        lwz     r6, xCTR(r1)
        lwz     r7, xCR(r1)
        mtlr    r5
        lwz     r0, GPR(0)(r1)
        mtctr   r6
        lwz     r2, GPR(2)(r1)
        mtcrf   0xff, r7
        lwz     r3, GPR(3)(r1)
        lwz     r4, GPR(4)(r1)
        lwz     r5, GPR(5)(r1)
        lwz     r6, GPR(6)(r1)
        lwz     r7, GPR(7)(r1)
        lwz     r1, GPR(1)(r1)
        .globl  enter_guest             /* every way into the guest ends here */
enter_guest:
        rfi

/* An instruction has completed, r6 is behind it. Who wants to know, the user part or the guest? */
        .globl  stepped
stepped:
        lwz     r5, xMSR(r1)
        lwz     r2, xTRACE(r1)
        stw     r6, xNIP(r1)
        cmpwi   r2, 0
        li      r3, RVEC_TRACE
        bne     exit_to_user
        li      r3, 0xd00               /* r2 = 0 */
        b       mac_trap

/* r2 = the real MSR for the guest's MSR r4. r3 is lost. */
real_msr:
        lwz     r2, xMSR_PASS(r1)
        lwz     r3, xTRACE(r1)
        and     r2, r2, r4
        ori     r2, r2, MSR_GUEST
        or      r2, r2, r3
        blr

resume_real_msr:                        /* SRR0 is right, SRR1 is not */
        lwz     r4, xMSR(r1)
        bl      real_msr
        mtsrr1  r2
        b       resume

/* ---- Exceptions of the guest ------------------------------------------------------------------
 * r3 = vector, r2 = cause bits for SRR1, r5 = its MSR, r6 = its SRR0. */
        .globl  mac_trap
mac_trap:
        andi.   r4, r5, MSR_RFI
        or      r4, r4, r2
        stw     r6, SPR(SPR_SRR0)(r1)
        stw     r4, SPR(SPR_SRR1)(r1)
        count   C_mac_trap
        andi.   r4, r5, MSR_ME | MSR_IP
        andi.   r2, r5, MSR_IP
        mr      r6, r3
        beq     change_msr
        oris    r6, r6, 0xfff0
        /* falls through */

/* r4 = new MSR of the guest, r5 = the old one, r6 = where it continues */
        .globl  change_msr
change_msr:
        stw     r4, xMSR(r1)
        bl      real_msr
        xor     r5, r5, r4
        mtsrr0  r6
        andi.   r5, r5, MSR_MODE
        mtsrr1  r2
        stw     r6, xNIP(r1)
        bnel    load_segments           /* keeps r4 and r6 */
        mr      r5, r4
        andis.  r2, r4, 0x0004          /* POW */
        bne-    power
        andi.   r2, r4, MSR_EE
        beq     resume
        /* falls through */

/* The guest has EE = 1: is there an interrupt? r5 = its MSR, r6 = its nip. */
        .globl  check_interrupts
check_interrupts:
        lwz     r2, xINTERRUPT(r1)
        lwz     r3, xDEC_ARMED(r1)
        cmpwi   r2, 0
        cmpwi   cr1, r3, 0
        bne-    external
        bnel    cr1, test_decrementer
        lwz     r3, xDEC_PENDING(r1)
        cmpwi   r3, 0
        beq     resume
        li      r3, 0
        stw     r3, xDEC_PENDING(r1)
        count   C_DEC_exception
        li      r2, 0
        li      r3, 0x900
        b       mac_trap
external:
        li      r2, 0
        li      r3, 0x500
        b       mac_trap

/* POW: asleep, if HID0 says how, until an interrupt. r4, r5 = MSR, r6 = nip. */
power:  lwz     r2, SPR(SPR_HID0)(r1)
        andis.  r2, r2, 0x00e0          /* doze, nap, sleep */
        beq     1f
        lwz     r2, xINTERRUPT(r1)
        cmpwi   r2, 0
        bne     1f
        bl      test_decrementer
        lwz     r3, xDEC_PENDING(r1)
        cmpwi   r3, 0
        bne     1f
        li      r3, RVEC_MSR_POW
        b       exit_to_user
1:      andi.   r2, r5, MSR_EE
        bne     check_interrupts
        b       resume

/* ---- Time -------------------------------------------------------------------------------------
 * Has the guest's decrementer passed zero? Its exception is pending then. r2, r3 are lost. */
        .globl  test_decrementer
test_decrementer:
        lwz     r3, xDEC_ARMED(r1)
        cmpwi   r3, 0
        beqlr
        lwz     r3, xDEC_STAMP(r1)
        mftb    r2
        subf.   r3, r2, r3
        bgelr
        li      r2, 0
        li      r3, 1
        stw     r2, xDEC_ARMED(r1)
        stw     r3, xDEC_PENDING(r1)
        blr

/* The real decrementer: whatever comes first of the host's, the guest's and the timer's. r2, r3, r4 are
 * lost. */
        .globl  set_decrementer
set_decrementer:
        mftb    r2
        lwz     r3, xEMULATOR_DEC_STAMP(r1)
        lwz     r4, xDEC_ARMED(r1)
        subf    r3, r2, r3
        cmpwi   r4, 0
        beq     1f
        lwz     r4, xDEC_STAMP(r1)
        subf    r4, r2, r4
        cmpw    r4, r3
        bge     1f
        mr      r3, r4
1:      lwz     r4, xTIMER_ARMED(r1)
        cmpwi   r4, 0
        beq     2f
        lwz     r4, xTIMER_STAMP(r1)
        subf    r4, r2, r4
        cmpw    r4, r3
        bge     2f
        mr      r3, r4
2:      cmpwi   r3, 0
        bge     3f
        lis     r4, 0x7fff              /* an exception comes when the sign changes */
        mtdec   r4
3:      mtdec   r3
        blr
