# Arithmetic, logic and comparison of cells: IEEE 1275 7.3.2 and 7.3.6, ANS 6.1.

# One operand, one instruction: ( x1 -- x2 )
        .macro  unary name, label, instruction:vararg
        code    "\name", \label
        lwz     r3, 0(DS)
        \instruction
        result  r3
        blr
        .endm

        unary   "negate", negate, neg r3, r3
        unary   "invert", invert, not r3, r3
        unary   "not", not_word, not r3, r3
        unary   "1+", one_plus, addi r3, r3, 1
        unary   "1-", one_minus, subi r3, r3, 1
        unary   "2+", two_plus, addi r3, r3, 2
        unary   "2-", two_minus, subi r3, r3, 2
        unary   "4+", four_plus, addi r3, r3, 4
        unary   "2*", two_star, slwi r3, r3, 1
        unary   "2/", two_slash, srawi r3, r3, 1
        unary   "u2/", u_two_slash, srwi r3, r3, 1

# abs ( n -- u )
        code    "abs", abs_word
        lwz     r3, 0(DS)
        srawi   r4, r3, 31
        xor     r3, r3, r4
        subf    r3, r4, r3
        result  r3
        blr

# Two operands, one instruction: ( x1 x2 -- x3 ), x1 in r3, x2 in r4
        .macro  binary name, label, instruction:vararg
        code    "\name", \label
        pop2    r3, r4
        \instruction
        result  r3
        blr
        .endm

        binary  "+", plus, add r3, r3, r4
        binary  "-", minus, subf r3, r4, r3
        binary  "*", star, mullw r3, r3, r4
        binary  "and", and_word, and r3, r3, r4
        binary  "or", or_word, or r3, r3, r4
        binary  "xor", xor_word, xor r3, r3, r4
# Counts of 32 to 63 shift everything out, as the instructions do; larger ones would wrap.
        binary  "lshift", lshift, slw r3, r3, r4
        binary  "rshift", rshift, srw r3, r3, r4
        binary  "<<", shift_left, slw r3, r3, r4
        binary  ">>", shift_right, srw r3, r3, r4
        binary  ">>a", shift_arithmetic, sraw r3, r3, r4

# A quotient is rounded down, and the remainder has the sign of the divisor (floored division).
# r3 = dividend, r4 = divisor -> r3 = quotient, r5 = remainder. Only -80000000 / -1 does not fit.
        .macro  floored
        cmpwi   r4, 0
        beq     divided_by_zero
        addi    r5, r4, 1
        xoris   r6, r3, 0x8000
        or.     r5, r5, r6
        beq     quotient_too_large
        divw    r6, r3, r4
        mullw   r5, r6, r4
        subf    r5, r5, r3
        cmpwi   r5, 0
        beq     1f
        xor     r7, r5, r4
        cmpwi   r7, 0
        bge     1f
        subi    r6, r6, 1
        add     r5, r5, r4
1:      mr      r3, r6
        .endm

divided_by_zero:
        li      r3, THROW_DIVISION
        b       throw_code

# /mod ( n1 n2 -- remainder quotient )
        code    "/mod", slash_mod
        pop2    r3, r4
        floored
        result  r5
        push    r3
        blr

# / ( n1 n2 -- quotient )
        code    "/", slash
        pop2    r3, r4
        floored
        result  r3
        blr

# mod ( n1 n2 -- remainder )
        code    "mod", mod
        pop2    r3, r4
        floored
        result  r5
        blr

# u/mod ( u1 u2 -- remainder quotient )
        code    "u/mod", u_slash_mod
        pop2    r3, r4
        cmpwi   r4, 0
        beq     divided_by_zero
        divwu   r5, r3, r4
        mullw   r6, r5, r4
        subf    r3, r6, r3
        result  r3
        push    r5
        blr

# Two operands and a comparison: ( x1 x2 -- flag )
        .macro  comparison name, label, compare, branch
        code    "\name", \label
        pop2    r3, r4
        \compare r3, r4
        \branch true_result
        b       false_result
        .endm

        comparison "=", equal, cmpw, beq
        comparison "<>", not_equal, cmpw, bne
        comparison "<", less, cmpw, blt
        comparison ">", greater, cmpw, bgt
        comparison "<=", less_equal, cmpw, ble
        comparison ">=", greater_equal, cmpw, bge
        comparison "u<", u_less, cmplw, blt
        comparison "u>", u_greater, cmplw, bgt
        comparison "u<=", u_less_equal, cmplw, ble
        comparison "u>=", u_greater_equal, cmplw, bge

# One operand and zero: ( x -- flag )
        .macro  test name, label, branch
        code    "\name", \label
        lwz     r3, 0(DS)
        cmpwi   r3, 0
        \branch true_result
        b       false_result
        .endm

        test    "0=", zero_equal, beq
        test    "0<>", zero_not_equal, bne
        test    "0<", zero_less, blt
        test    "0>", zero_greater, bgt
        test    "0<=", zero_less_equal, ble
        test    "0>=", zero_greater_equal, bge

true_result:
        li      r3, -1
        result  r3
        blr
false_result:
        li      r3, 0
        result  r3
        blr

# The smaller and the larger of two: ( x1 x2 -- x )
        .macro  choice name, label, compare, branch
        code    "\name", \label
        pop2    r3, r4
        \compare r3, r4
        \branch 1f
        result  r4
1:      blr
        .endm

        choice  "min", min, cmpw, blt
        choice  "max", max, cmpw, bgt
        choice  "umin", umin, cmplw, blt
        choice  "umax", umax, cmplw, bgt

# within ( n low high -- flag ) low <= n < high, also across the wrap
        code    "within", within
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwzu    r3, 8(DS)
        subf    r3, r4, r3
        subf    r5, r4, r5
        cmplw   r3, r5
        blt     true_result
        b       false_result

# between ( n low high -- flag ) low <= n <= high
        code    "between", between
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwzu    r3, 8(DS)
        cmpw    r3, r4
        blt     false_result
        cmpw    r3, r5
        ble     true_result
        b       false_result
