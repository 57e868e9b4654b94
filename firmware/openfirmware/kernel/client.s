# Client programs: in and out (PowerPC binding 8 and 6.1).
#
# While a client runs, the firmware's stacks wait where client_rs and client_ds point; a call from the
# client continues there. Programs may do with their own stack pointer and, in real mode, with MMU and
# BATs what they like (environment.s).
#
# STATE holds the registers of a client that does not run: one that has been loaded, or has met a
# breakpoint or a fault. `resume-client` lets it continue with them.

        .macro  real_mode scratch
        li      \scratch, MSR_IP | MSR_ME | MSR_RI
        mtmsr   \scratch
        isync
        .endm

# resume-client ( -- r3 ) Returns when the client returns to its caller.
        code    "resume-client", resume_client
        lwz     r4, state_valid(0)
        cmpwi   r4, 0
        li      r3, THROW_NO_PROGRAM
        beq     throw_code
        mflr    r0
        stwu    r0, -12(RS)
        load    r11, client_rs
        lwz     r10, 0(r11)
        lwz     r9, 4(r11)
        stw     r10, 4(RS)
        stw     r9, 8(RS)
        stw     RS, 0(r11)
        stw     DS, 4(r11)
        load    r4, CALLBACK_STACK_TOP - 32
        stw     r4, callback_stack(0)
        li      r4, MSR_IP | MSR_ME | MSR_RI | MSR_FP
        mtmsr   r4
        isync
        li      r12, STATE_ENVIRONMENT
        bl      install_environment
        lfd     f0, STATE_FPSCR(0)
        mtfsf   255, f0
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        lfd     f\n, STATE_F + 8 * \n(0)
        .endr
        .irp    n, 0, 1, 2, 3
        lwz     r4, STATE_SPRG + 4 * \n(0)
        mtspr   272 + \n, r4
        .endr
        lwz     r4, STATE_DEC(0)
        mtdec   r4
        lwz     r4, STATE_CR(0)
        lwz     r5, STATE_LR(0)
        lwz     r6, STATE_CTR(0)
        lwz     r7, STATE_XER(0)
        lwz     r8, STATE_PC(0)
        lwz     r9, STATE_MSR(0)
        mtcr    r4
        mtlr    r5
        mtctr   r6
        mtxer   r7
        mtsrr0  r8
        mtsrr1  r9
        stw     r9, client_mode(0)
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        lwz     r\n, STATE + 4 * \n(0)
        .endr
        rfi

# Where a client returns to.
client_returned:
        real_mode r4
        bl      check_environment
        beq     1f
        load    r12, own_environment
        bl      install_environment
1:      li      r4, MSR_FORTH
        mtmsr   r4
        isync
        load    r11, client_rs
        lwz     RS, 0(r11)
        lwz     DS, 4(r11)
        li      LP, 0
        lwz     r0, 0(RS)
        lwz     r10, 4(RS)
        lwz     r9, 8(RS)
        addi    RS, RS, 12
        stw     r10, 0(r11)
        stw     r9, 4(r11)
        mtlr    r0
        push    r3
        blr

# An exception has come to the firmware: keep the registers of a client in STATE. The firmware's own
# go there too if there is no client. Real mode; everything is in FRAME already.
keep_state:
        mflr    r0
        lwz     r4, FRAME_SRR1(0)
        andi.   r4, r4, MSR_IP
        beq     1f                      # a client was interrupted
        lwz     r4, state_valid(0)
        cmpwi   r4, 0
        bne     3f
1:      li      r5, STATE_CELLS
        mtctr   r5
        li      r5, FRAME - 4
        li      r6, STATE - 4
2:      lwzu    r7, 4(r5)
        stwu    r7, 4(r6)
        bdnz    2b
        .irp    n, 0, 1, 2, 3
        mfspr   r7, 272 + \n
        stw     r7, STATE_SPRG + 4 * \n(0)
        .endr
        mfdec   r7
        stw     r7, STATE_DEC(0)
        lwz     r4, FRAME_SRR1(0)
        andi.   r4, r4, MSR_IP
        bne     3f
        li      r5, -1
        stw     r5, state_valid(0)
        li      r5, MSR_IP | MSR_ME | MSR_RI | MSR_FP
        mtmsr   r5
        isync
        .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
        stfd    f\n, STATE_F + 8 * \n(0)
        .endr
        mffs    f0
        stfd    f0, STATE_FPSCR(0)
        li      r12, STATE_ENVIRONMENT
        stw     r12, client_environment(0)
        bl      save_environment
        load    r12, own_environment
        bl      install_environment
3:      mtlr    r0
        blr

# What a client calls: r3 = address of its array {service, arguments, returns, …} -> r3 = 0 or -1.
# LR, CTR, XER, r0 and r4 to r12 are lost; the Forth machine uses no others but r1, r29 and r30.
CLIENT_FRAME    = 44            # its translation follows, if it is not the firmware's
client_interface:
        mflr    r0
        mfcr    r4
        mfmsr   r5
        mfsrr0  r6
        mfsrr1  r7
        real_mode r8
        load    r11, client_rs
        lwz     r12, 0(r11)
        stwu    r0, -CLIENT_FRAME - ENVIRONMENT_SIZE(r12)
        stw     r4, 4(r12)
        stw     r5, 8(r12)
        stw     r6, 12(r12)
        stw     r7, 16(r12)
        stw     r1, 20(r12)
        stw     r29, 24(r12)
        stw     r30, 28(r12)
        mr      RS, r12
        lwz     DS, 4(r11)
        li      LP, 0
        bl      check_environment       # r8 = 0: the firmware's own
        stw     r8, 32(RS)
        li      r9, 0
        beq     1f
        addi    r12, RS, CLIENT_FRAME
        bl      save_environment
        mr      r9, r12
        load    r12, own_environment
        bl      install_environment
1:      lwz     r5, 8(RS)
        stw     r9, client_environment(0)
        stw     r5, client_mode(0)
        li      r4, MSR_FORTH
        rlwimi  r4, r5, 0, 18, 18       # MSR[FP] stays
        mtmsr   r4
        isync
        push    r3
        load    r4, client_word
        lwz     r4, 0(r4)
        mtctr   r4
        bctrl                           # ( array -- result )
        pop     r3
        real_mode r8
        lwz     r8, 32(RS)
        cmpwi   r8, 0
        beq     2f
        addi    r12, RS, CLIENT_FRAME
        bl      install_environment
2:      lwz     r0, 0(RS)
        lwz     r4, 4(RS)
        lwz     r5, 8(RS)
        lwz     r6, 12(RS)
        lwz     r7, 16(RS)
        lwz     r29, 24(RS)
        lwz     r30, 28(RS)
        lwz     r1, 20(RS)
        mtlr    r0
        mtcr    r4
        mtsrr0  r6
        mtsrr1  r7
        mtmsr   r5
        isync
        blr

# call-client ( array function -- r3 ) A function of the client is called, in the mode and with the
# translation that it has: those of its latest call. It has a stack of its own.
        code    "call-client", call_client
        mflr    r0
        lwz     r4, 0(DS)               # function
        lwz     r3, 4(DS)               # array
        addi    DS, DS, 8
        load    r11, client_rs
        lwz     r12, 0(r11)
        stwu    r0, -24(RS)
        lwz     r10, 4(r11)
        stw     r12, 4(RS)
        stw     r10, 8(RS)
        stw     LP, 12(RS)
        stw     RS, 0(r11)
        stw     DS, 4(r11)
        real_mode r5
        lwz     r9, client_mode(0)
        lwz     r12, client_environment(0)
        lwz     r11, callback_stack(0)
        stw     r9, 16(RS)
        stw     r12, 20(RS)
        mr      r1, r11
        subi    r11, r11, CALLBACK_STACK_STEP
        stw     r11, callback_stack(0)
        mtsrr0  r4
        mtsrr1  r9
        cmpwi   r12, 0
        beq     1f
        bl      install_environment
1:      load    r5, callback_returned
        mtlr    r5
        load    r5, client_interface
        rfi

callback_returned:
        real_mode r4
        bl      check_environment
        beq     1f
        load    r12, own_environment
        bl      install_environment
1:      li      r4, MSR_FORTH
        mtmsr   r4
        isync
        load    r11, client_rs
        lwz     RS, 0(r11)
        lwz     DS, 4(r11)
        lwz     r9, callback_stack(0)
        addi    r9, r9, CALLBACK_STACK_STEP
        stw     r9, callback_stack(0)
        lwz     r9, 16(RS)
        stw     r9, client_mode(0)
        lwz     r12, 20(RS)
        stw     r12, client_environment(0)
        lwz     r0, 0(RS)
        lwz     r12, 4(RS)
        lwz     r10, 8(RS)
        lwz     LP, 12(RS)
        addi    RS, RS, 24
        stw     r12, 0(r11)
        stw     r10, 4(r11)
        mtlr    r0
        push    r3
        blr

        constant "client-interface", client_interface_word, client_interface
        constant "client-returned", client_returned_word, client_returned

        .pushsection .rodata
        .balign 4
client_word:    .long 0                 # xt of `client-service`
        .popsection
