# Interrupts: the decrementer's are the ticks of the prompt (forth/alarms.fs).
#
# The firmware takes them at its prompt (forth/interrupts.fs), not while a client runs. One that lets them
# come, and leaves our vectors where they are, is not disturbed: its decrementer is set to its maximum.

TICK_ROOM       = 512                   # bytes that a tick needs on each stack
TICK_FRAME      = 76

# interrupts-off ( -- ee ) MSR[EE] as it was, for `interrupts!`.
        code    "interrupts-off", interrupts_off, COMPILE_ONLY
        mfmsr   r3
        rlwinm  r4, r3, 0, 17, 15
        mtmsr   r4
        rlwinm  r3, r3, 0, 16, 16
        push    r3
        blr

# interrupts! ( ee -- )
        code    "interrupts!", interrupts_store, COMPILE_ONLY
        pop     r3
        mfmsr   r4
        rlwimi  r4, r3, 0, 16, 16
        mtmsr   r4
        blr

# r3 = vector, its old value is in FRAME.
interrupt:
        stw     r4, SAVE + 16(0)
        mfcr    r4
        stw     r4, SAVE(0)
        cmpwi   r3, 0x900
        mfsrr1  r4
        bne     external
        andi.   r3, r4, MSR_IP
        bne     1f
        lis     r3, 0x7FFF
        mtdec   r3
        b       2f
1:      load    r3, tick_period
        lwz     r3, 0(r3)
        mtdec   r3
        load    r4, tick_word
# r4 = where the xt of a Forth word is, which runs on the stacks of what was interrupted, if there is room.
execute_word:
        lwz     r4, 0(r4)
        stw     r4, SAVE + 20(0)
        load    r4, RETURN_STACK + TICK_ROOM
        subf    r4, r4, RS
        cmplwi  r4, RETURN_STACK_TOP - RETURN_STACK - TICK_ROOM
        li      r3, THROW_RETURN_OVERFLOW
        bgt     no_room
        load    r4, DATA_STACK + TICK_ROOM
        subf    r4, r4, DS
        cmplwi  r4, DATA_STACK_TOP - DATA_STACK - TICK_ROOM
        li      r3, THROW_DATA_OVERFLOW
        ble     run_word
no_room:
        load    r4, throw_code
        mtsrr0  r4
        mfsrr1  r4                      # interrupts stay on
        mtsrr1  r4
        rfi

# A program has left a device that interrupts. Its interrupt stays where it is; the next line of the
# prompt lets ticks come again.
external:
        andi.   r3, r4, MSR_IP
        beq     3f
        rlwinm  r4, r4, 0, 17, 15       # MSR[EE] = 0
        mtsrr1  r4
2:      lwz     r4, SAVE(0)
        mtcr    r4
        lwz     r3, FRAME_R + 12(0)
        lwz     r4, SAVE + 16(0)
        rfi
3:      lwz     r4, SAVE(0)
        mtcr    r4
        lwz     r4, SAVE + 16(0)
        li      r3, 0x500
        b       exception

# Registers go to the return stack, to a frame that `interrupt-frame` knows.
run_word:
        subi    RS, RS, TICK_FRAME
        stw     RS, interrupt_frame(0)
        stw     r0, 0(RS)
        lwz     r3, FRAME_R + 12(0)
        lwz     r4, SAVE + 16(0)
        .irp    n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        stw     r\n, 4 * (\n - 2)(RS)
        .endr
        lwz     r3, SAVE(0)
        mflr    r4
        mfctr   r5
        mfxer   r6
        mfsrr0  r7
        mfsrr1  r8
        .irp    n, 3, 4, 5, 6, 7, 8
        stw     r\n, 44 + 4 * (\n - 3)(RS)
        .endr
        stw     LP, 68(RS)
        stw     DS, 72(RS)
        lwz     r3, SAVE + 20(0)
        load    r4, word_done
        mtsrr0  r3
        mtlr    r4
        li      r4, MSR_FORTH
        mtsrr1  r4
        rfi

word_done:
        real_mode r4
        lwz     LP, 68(RS)
        lwz     DS, 72(RS)
        .irp    n, 3, 4, 5, 6, 7, 8
        lwz     r\n, 44 + 4 * (\n - 3)(RS)
        .endr
        mtcr    r3
        mtlr    r4
        mtctr   r5
        mtxer   r6
        mtsrr0  r7
        mtsrr1  r8
        .irp    n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        lwz     r\n, 4 * (\n - 2)(RS)
        .endr
        lwz     r0, 0(RS)
        addi    RS, RS, TICK_FRAME
        rfi

# Trace, or instruction address breakpoint: the debugger's (forth/debug.fs), if it has asked for it.
# FRAME has r3, r4 and CR.
debug_exception:
        mfsrr1  r4
        andi.   r4, r4, MSR_IP
        beq     1f                      # a client's
        lwz     r4, debug_phase(0)
        cmpwi   r4, 0
        beq     1f
        li      r4, 0
        mtspr   iabr, r4
        lwz     r4, FRAME_R + 16(0)
        stw     r4, SAVE + 16(0)
        lwz     r4, FRAME_CR(0)
        stw     r4, SAVE(0)
        load    r4, debug_word
        b       execute_word
1:      lwz     r3, FRAME_VECTOR(0)
        b       no_debugger

        .pushsection .rodata
        .balign 4
tick_word:      .long 0                 # xt of `tick`
debug_word:     .long 0                 # xt of `debug-stop`
tick_period:    .long 0                 # of the decrementer, in ticks of the time base
        .popsection
