# What compiled words are made of. Code is subroutine-threaded: a colon definition is a list of
# `bla word` instructions between
#
#       mflr  r0                        lwz   r0, 0(r1)
#       stwu  r0, -4(r1)       and      addi  r1, r1, 4
#                                       mtlr  r0
#                                       blr
#
# Branches and literals are instructions too:
#
#       IF      lwz   r3, 0(r30)        literal    li    r3, n       or lis, ori
#               addi  r30, r30, 4                  stwu  r3, -4(r30)
#               cmpwi r3, 0
#               beq   …
#
# A data word (variable, constant, value, defer, create, field) is three instructions: its operand,
# and a branch to what it does with it:
#
#       lis   r3, operand@h
#       ori   r3, r3, operand@l
#       ba    do_…                      or, after DOES>, the code behind it

# Behaviour of data words: r3 = operand.
        code    "(variable)", do_variable       # push the operand
        push    r3
        blr

        code    "(value)", do_value             # push what it points to
        lwz     r3, 0(r3)
        push    r3
        blr

        code    "(2constant)", do_2constant
        lwz     r4, 4(r3)
        push    r4
        lwz     r3, 0(r3)
        push    r3
        blr

        code    "(2value)", do_2value           # the same; `to` tells it from a constant
        ba      do_2constant

        code    "(defer)", do_defer             # execute what it points to
        lwz     r3, 0(r3)
        mtctr   r3
        bctr

        code    "(field)", do_field             # add it: ( addr -- addr' )
        lwz     r4, 0(DS)
        add     r4, r4, r3
        stw     r4, 0(DS)
        blr

# Instance data (IEEE 1275 5.3.4.3, `instance`): the operand is an offset into the running instance.
        .macro  instance reg
        lwz     \reg, my_self(0)
        cmpwi   \reg, 0
        beq     no_instance
        .endm

        code    "(instance-variable)", do_instance_variable
        instance r4
        add     r3, r3, r4
        push    r3
        blr

        code    "(instance-value)", do_instance_value
        instance r4
        lwzx    r3, r3, r4
        push    r3
        blr

        code    "(instance-defer)", do_instance_defer
        instance r4
        lwzx    r3, r3, r4
        mtctr   r3
        bctr

no_instance:
        li      r3, THROW_INSTANCE
        b       throw_code

# noop ( -- )
        code    "noop", noop
        blr

# execute ( … xt -- … )                         ANS 6.1.1370
        code    "execute", execute
        pop     r3
        mtctr   r3
        bctr

# (do) ( limit start -- ) Loop parameters go to the return stack in a form in which the end of the
# loop is a signed overflow (ANS 6.1.0140 +LOOP): limit + 80000000, and start minus that.
        code    "(do)", paren_do
        lwz     r3, 0(DS)               # start
        lwz     r4, 4(DS)               # limit
        addi    DS, DS, 8
begin_loop:
        xoris   r4, r4, 0x8000
        subf    r3, r4, r3
        stwu    r4, -8(RS)              # 4(RS) = index - limit', 0(RS) = limit'
        stw     r3, 4(RS)
        blr

# (?do) ( limit start -- ) CR0[EQ] tells the branch behind it to skip the loop.
        code    "(?do)", paren_qdo
        lwz     r3, 0(DS)
        lwz     r4, 4(DS)
        addi    DS, DS, 8
        cmpw    r3, r4
        bne     begin_loop
        blr

# (loop) ( -- ) CR0[EQ] = 0: once more.
        code    "(loop)", paren_loop
        lwz     r3, 4(RS)
        addi    r3, r3, 1
        stw     r3, 4(RS)
        xoris   r3, r3, 0x8000          # 80000000: index = limit
        cmpwi   r3, 0
        bnelr
        addi    RS, RS, 8
        blr

# (+loop) ( n -- ) The loop ends when index - limit' overflows: when the index crosses the boundary
# between limit - 1 and limit.
        code    "(+loop)", paren_plus_loop
        pop     r4
        lwz     r3, 4(RS)
        add     r5, r3, r4
        stw     r5, 4(RS)
        xor     r6, r5, r3
        xor     r7, r5, r4
        and     r6, r6, r7              # sign: both operands differ in sign from the sum
        srwi    r6, r6, 31
        cmpwi   r6, 1                   # EQ: overflow
        bnelr
        addi    RS, RS, 8
        blr

# i ( -- index )                                ANS 6.1.1680
        code    "i", loop_index, COMPILE_ONLY
        lwz     r3, 0(RS)
        lwz     r4, 4(RS)
        add     r3, r3, r4
        push    r3
        blr

# j ( -- index )                                ANS 6.1.1730
        code    "j", outer_index, COMPILE_ONLY
        lwz     r3, 8(RS)
        lwz     r4, 12(RS)
        add     r3, r3, r4
        push    r3
        blr

# unloop ( -- )                                 ANS 6.1.2380
        code    "unloop", unloop, COMPILE_ONLY
        addi    RS, RS, 8
        blr

# (of) ( x1 x2 -- x1 | ) CR0[EQ] = 0: they differ, x1 stays.
        code    "(of)", paren_of
        lwz     r3, 0(DS)
        lwzu    r4, 4(DS)
        cmpw    r3, r4
        bnelr
        addi    DS, DS, 4
        blr

# (") ( -- addr len ) The string is in the code behind the call: a cell with its length, characters,
# padding to a multiple of 4.
        code    "(\")", paren_string
        mflr    r3
        lwz     r4, 0(r3)
        addi    r3, r3, 4
        stwu    r3, -4(DS)
        stwu    r4, -4(DS)
        add     r3, r3, r4
        addi    r3, r3, 3
        clrrwi  r3, r3, 2
        mtlr    r3
        blr

# (does) ( -- ) The latest word branches to the code behind this call and the exit behind that.
        code    "(does)", paren_does
        mflr    r3
        addi    r3, r3, 16
        load    r5, latest_xt
        lwz     r5, 0(r5)
        rlwinm  r4, r3, 0, 6, 29
        oris    r4, r4, 0x4800
        ori     r4, r4, 2               # ba
        stw     r4, 8(r5)
        addi    r5, r5, 8
        dcbst   0, r5
        sync
        icbi    0, r5
        sync
        isync
        blr

# Locals (ANS 13): a frame on the return stack. From LP on: the caller's LP, then the locals.
# (locals) ( x1 … xn -- ) r3 = number of those that are taken from the stack, r4 = all, times 4.
        code    "(locals)", paren_locals
        subf    RS, r4, RS
        stwu    LP, -4(RS)
        mr      LP, RS
        mr      r5, RS
        cmpwi   r3, 0
        beqlr
        mtctr   r3
1:      pop     r6                      # the last local is the top item and lowest in memory
        stwu    r6, 4(r5)
        bdnz    1b
        blr

# (unlocals) ( -- ) r4 = size of the locals. Whatever else is on the return stack goes as well.
        code    "(unlocals)", paren_unlocals
        addi    r4, r4, 4
        mr      r5, LP
        lwz     LP, 0(LP)               # before RS leaves it: a tick writes below RS
        add     RS, r5, r4
        blr
