# CATCH and THROW (ANS 9). A frame on the return stack holds, from 0(RS) on:
#       link register, DS, LP, the outer frame, and the `restored` variables (variables.s):
#       input source, interpreter's return stack, instance.
FRAME_CELLS     = 4 + RESTORED

# catch ( i*x xt -- j*x 0 | i*x code )          ANS 9.6.1.0875
        code    "catch", catch
        pop     r3
        mflr    r0
        stwu    r0, -4 * FRAME_CELLS(RS)
        stw     DS, 4(RS)
        stw     LP, 8(RS)
        load    r5, handler
        lwz     r6, 0(r5)
        stw     r6, 12(RS)
        stw     RS, 0(r5)
        li      r7, RESTORED
        mtctr   r7
        load    r7, restored - 4
        addi    r8, RS, 12
1:      lwzu    r6, 4(r7)
        stwu    r6, 4(r8)
        bdnz    1b
        mtctr   r3
        bctrl
        lwz     r6, 12(RS)
        load    r5, handler
        stw     r6, 0(r5)
        lwz     r0, 0(RS)
        mtlr    r0
        addi    RS, RS, 4 * FRAME_CELLS
        li      r3, 0
        push    r3
        blr

# throw ( k*x n -- k*x | i*x n )                ANS 9.6.1.2275
        code    "throw", throw
        pop     r3
        cmpwi   r3, 0
        beqlr
# r3 = code: also where exceptions come in, whatever the registers hold.
throw_code:
        # Keep the return stack for `ctrace`: its addresses say who called. LR comes first.
        load    r4, trace
        mflr    r0
        stw     r0, 0(r4)
        mr      r5, RS
        load    r6, RETURN_STACK
        load    r7, RETURN_STACK_TOP
        cmplw   r5, r6
        bge     1f
        mr      r5, r6                  # an overflow: the lowest part is the latest
1:      li      r8, TRACE_CELLS - 1
        mtctr   r8
2:      li      r0, 0
        cmplw   r5, r7
        bge     3f
        lwz     r0, 0(r5)
        addi    r5, r5, 4
3:      stwu    r0, 4(r4)
        bdnz    2b
        load    r5, handler
        lwz     RS, 0(r5)
        cmplw   RS, r6                  # a frame is on the return stack, or the variables are
        blt     restart                 # no longer what they were
        cmplw   RS, r7
        bge     restart
        andi.   r0, RS, 3
        bne     restart
        lwz     r0, abort_handler(0)
        cmpw    RS, r0
        bne     4f
        li      r0, 0                   # the prompt's own: ^C leads there no more (interrupts.fs)
        stw     r0, abort_handler(0)
4:      lwz     DS, 4(RS)
        lwz     LP, 8(RS)
        lwz     r6, 12(RS)
        stw     r6, 0(r5)
        li      r7, RESTORED
        mtctr   r7
        load    r7, restored - 4
        addi    r8, RS, 12
1:      lwzu    r6, 4(r8)
        stwu    r6, 4(r7)
        bdnz    1b
        lwz     r0, 0(RS)
        mtlr    r0
        addi    RS, RS, 4 * FRAME_CELLS
        push    r3
        blr
throw_end:

# reset-all ( -- ) As a reset of the machine; memory from 1 MB on stays.
        code    "reset-all", reset_all
        li      LP, 0
        b       start_again
# restart ( -- ) Somebody has written over the firmware's variables: there is nothing to go back to.
# `cold` says so.
        code    "restart", restart
        li      LP, 1
# What the data cache holds must reach memory first: the ROM's first 128 KB take its place.
start_again:
        load    r3, ROM - 32
        li      r4, 4096
        mtctr   r4
1:      lwzu    r5, 32(r3)
        bdnz    1b
        sync
        b       reset_again
