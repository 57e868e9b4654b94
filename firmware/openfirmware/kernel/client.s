# Client programs: in and out (PowerPC binding 8 and 6.1).
#
# While a client runs, the firmware's stacks wait where client_rs and client_ds point; a call from the
# client continues there. Programs may do with their own stack pointer what they like.

# enter-client ( r3 r4 r6 r7 sp msr entry -- r3 ) Returns when the client returns to its caller.
        code    "enter-client", enter_client
        mflr    r0
        stwu    r0, -12(RS)
        load    r11, client_rs
        lwz     r10, 0(r11)
        lwz     r9, 4(r11)
        stw     r10, 4(RS)
        stw     r9, 8(RS)
        lwz     r12, 0(DS)
        mtsrr0  r12                     # entry
        lwz     r12, 4(DS)
        mtsrr1  r12                     # msr
        lwz     r8, 8(DS)               # sp
        lwz     r7, 12(DS)
        lwz     r6, 16(DS)
        lwz     r4, 20(DS)
        lwz     r3, 24(DS)
        addi    DS, DS, 28
        stw     RS, 0(r11)
        stw     DS, 4(r11)
        mr      r1, r8
        load    r5, client_interface
        load    r12, client_returned
        mtlr    r12
        .irp    n, 0, 2, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27
        li      r\n, 0
        .endr
        li      r28, 0
        li      r29, 0
        li      r30, 0
        li      r31, 0
        mtctr   r0
        rfi

client_returned:
        li      r4, MSR_FORTH
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

# What a client calls: r3 = address of its array {service, arguments, returns, …} -> r3 = 0 or -1.
# LR, CTR, XER, r0 and r4 to r12 are lost; the Forth machine uses no others but r1, r29 and r30.
CLIENT_FRAME    = 40
client_interface:
        load    r11, client_rs
        lwz     r12, 0(r11)
        mflr    r0
        mfcr    r4
        mfmsr   r5
        mfsrr0  r6
        mfsrr1  r7
        stwu    r0, -CLIENT_FRAME(r12)
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
        lwz     r0, 0(RS)
        lwz     r4, 4(RS)
        lwz     r5, 8(RS)
        lwz     r6, 12(RS)
        lwz     r7, 16(RS)
        lwz     r29, 24(RS)
        lwz     r30, 28(RS)
        lwz     r1, 20(RS)
        mtlr    r0
        mtcr    r4
        mtmsr   r5
        isync
        mtsrr0  r6
        mtsrr1  r7
        blr

        .pushsection .rodata
        .balign 4
client_word:    .long 0                 # xt of `client-service`
        .popsection
