# Stack words: IEEE 1275 7.3.1, ANS 6.1.

# dup ( x -- x x )
        code    "dup", dup
        lwz     r3, 0(DS)
        push    r3
        blr

# ?dup ( x -- 0 | x x )
        code    "?dup", question_dup
        lwz     r3, 0(DS)
        cmpwi   r3, 0
        beqlr
        push    r3
        blr

# drop ( x -- )
        code    "drop", drop
        lwz     r3, 0(DS)               # an empty stack faults here
        addi    DS, DS, 4
        blr

# swap ( x1 x2 -- x2 x1 )
        code    "swap", swap
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
        stw     r4, 4(DS)
        stw     r3, 0(DS)
        blr

# over ( x1 x2 -- x1 x2 x1 )
        code    "over", over
        lwz     r3, 4(DS)
        push    r3
        blr

# rot ( x1 x2 x3 -- x2 x3 x1 )
        code    "rot", rot
        lwz     r3, 8(DS)
        lwz     r4, 4(DS)
        lwz     r5, 0(DS)
        stw     r4, 8(DS)
        stw     r5, 4(DS)
        stw     r3, 0(DS)
        blr

# -rot ( x1 x2 x3 -- x3 x1 x2 )
        code    "-rot", minus_rot
        lwz     r3, 8(DS)
        lwz     r4, 4(DS)
        lwz     r5, 0(DS)
        stw     r5, 8(DS)
        stw     r3, 4(DS)
        stw     r4, 0(DS)
        blr

# nip ( x1 x2 -- x2 )
        code    "nip", nip
        pop2    r3, r4
        result  r4
        blr

# tuck ( x1 x2 -- x2 x1 x2 )
        code    "tuck", tuck
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
        stw     r4, 4(DS)
        stw     r3, 0(DS)
        push    r4
        blr

# pick ( xu … x0 u -- xu … x0 xu )
        code    "pick", pick
        lwz     r3, 0(DS)
        load    r5, DATA_STACK_TOP      # the unsigned distance must stay on the stack
        subf    r5, DS, r5
        srwi    r5, r5, 2
        subi    r5, r5, 1
        cmplw   r3, r5
        bge     pick_underflow
        slwi    r3, r3, 2
        addi    r3, r3, 4
        lwzx    r3, r3, DS
        stw     r3, 0(DS)
        blr
pick_underflow:
        li      r3, THROW_DATA_UNDERFLOW
        b       throw_code

# roll ( xu … x0 u -- xu-1 … x0 xu )
        code    "roll", roll
        lwz     r3, 0(DS)
        load    r5, DATA_STACK_TOP
        subf    r5, DS, r5
        srwi    r5, r5, 2
        subi    r5, r5, 1
        cmplw   r3, r5
        bge     pick_underflow
        addi    DS, DS, 4
        cmpwi   r3, 0
        beqlr
        mtctr   r3
        slwi    r4, r3, 2
        add     r4, DS, r4              # xu
        lwz     r5, 0(r4)
1:      lwz     r6, -4(r4)
        stw     r6, 0(r4)
        subi    r4, r4, 4
        bdnz    1b
        stw     r5, 0(DS)
        blr

# 2dup ( x1 x2 -- x1 x2 x1 x2 )
        code    "2dup", two_dup
        lwz     r3, 4(DS)
        lwz     r4, 0(DS)
        push    r3
        push    r4
        blr

# 2drop ( x1 x2 -- )
        code    "2drop", two_drop
        lwz     r3, 4(DS)
        addi    DS, DS, 8
        blr

# 2swap ( x1 x2 x3 x4 -- x3 x4 x1 x2 )
        code    "2swap", two_swap
        lwz     r3, 12(DS)
        lwz     r4, 8(DS)
        lwz     r5, 4(DS)
        lwz     r6, 0(DS)
        stw     r5, 12(DS)
        stw     r6, 8(DS)
        stw     r3, 4(DS)
        stw     r4, 0(DS)
        blr

# 2over ( x1 x2 x3 x4 -- x1 x2 x3 x4 x1 x2 )
        code    "2over", two_over
        lwz     r3, 12(DS)
        lwz     r4, 8(DS)
        push    r3
        push    r4
        blr

# depth ( -- n )
        code    "depth", depth
        load    r3, DATA_STACK_TOP
        subf    r3, DS, r3
        srawi   r3, r3, 2
        push    r3
        blr

# clear ( … -- )
        code    "clear", clear_stack
        load    r3, DATA_STACK_TOP
        mr      DS, r3
        blr

# >r ( x -- ) ( R: -- x )
        code    ">r", to_r
        pop     r3
        stwu    r3, -4(RS)
        blr

# r> ( -- x ) ( R: x -- )
        code    "r>", r_from
        lwz     r3, 0(RS)
        addi    RS, RS, 4
        push    r3
        blr

# r@ ( -- x ) ( R: x -- x )
        code    "r@", r_fetch
        lwz     r3, 0(RS)
        push    r3
        blr

# 2>r ( x1 x2 -- ) ( R: -- x1 x2 )
        code    "2>r", two_to_r
        lwz     r3, 4(DS)
        lwz     r4, 0(DS)
        addi    DS, DS, 8
        stwu    r3, -4(RS)
        stwu    r4, -4(RS)
        blr

# 2r> ( -- x1 x2 ) ( R: x1 x2 -- )
        code    "2r>", two_r_from
        lwz     r3, 4(RS)
        lwz     r4, 0(RS)
        addi    RS, RS, 8
        push    r3
        push    r4
        blr

# 2r@ ( -- x1 x2 ) ( R: x1 x2 -- x1 x2 )
        code    "2r@", two_r_fetch
        lwz     r3, 4(RS)
        lwz     r4, 0(RS)
        push    r3
        push    r4
        blr

# rdrop ( -- ) ( R: x -- )
        code    "rdrop", rdrop
        addi    RS, RS, 4
        blr

# n>r ( x1 … xn n -- ) ( R: -- x1 … xn n )      ANS 15.6.2.1908
        code    "n>r", n_to_r
        pop     r3
        load    r5, DATA_STACK_TOP
        subf    r5, DS, r5
        srwi    r5, r5, 2
        cmplw   r3, r5
        bgt     pick_underflow
        cmpwi   r3, 0
        beq     2f
        mtctr   r3
1:      pop     r4
        stwu    r4, -4(RS)
        bdnz    1b
2:      stwu    r3, -4(RS)
        blr

# nr> ( -- x1 … xn n ) ( R: x1 … xn n -- )      ANS 15.6.2.1940
        code    "nr>", n_r_from
        lwz     r3, 0(RS)
        addi    RS, RS, 4
        cmpwi   r3, 0
        beq     2f
        mtctr   r3
1:      lwz     r4, 0(RS)
        addi    RS, RS, 4
        push    r4
        bdnz    1b
2:      push    r3
        blr

# A throw unless r3 is an address in a stack.
        .macro  stack_pointer bottom, top
        load    r4, \bottom
        load    r5, \top
        subf    r6, r4, r3
        subf    r5, r4, r5
        cmplw   r6, r5
        bgt     not_in_stack
        andi.   r6, r3, 3
        bne     not_in_stack
        .endm

not_in_stack:
        li      r3, THROW_ADDRESS
        b       throw_code

# sp@ ( -- addr ) Address of the top item before this one.
        code    "sp@", sp_fetch
        mr      r3, DS
        push    r3
        blr

# sp! ( addr -- )
        code    "sp!", sp_store
        lwz     r3, 0(DS)
        stack_pointer DATA_STACK, DATA_STACK_TOP
        mr      DS, r3
        blr

# rp@ ( -- addr )
        code    "rp@", rp_fetch
        push    RS
        blr

# rp! ( addr -- )
        code    "rp!", rp_store
        pop     r3
        stack_pointer RETURN_STACK, RETURN_STACK_TOP
        mr      RS, r3
        blr

# lp@ ( -- addr ) Frame of the locals.
        code    "lp@", lp_fetch
        push    LP
        blr
