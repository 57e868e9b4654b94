# Double-cell numbers; the upper cell is on top. ANS 6.1 and 8.6.

# d+ ( d1 d2 -- d3 )
        code    "d+", d_plus
        lwz     r4, 12(DS)
        lwz     r3, 8(DS)
        lwz     r6, 4(DS)
        lwz     r5, 0(DS)
        addc    r4, r4, r6
        adde    r3, r3, r5
        stw     r4, 12(DS)
        stwu    r3, 8(DS)
        blr

# d- ( d1 d2 -- d3 )
        code    "d-", d_minus
        lwz     r4, 12(DS)
        lwz     r3, 8(DS)
        lwz     r6, 4(DS)
        lwz     r5, 0(DS)
        subfc   r4, r6, r4
        subfe   r3, r5, r3
        stw     r4, 12(DS)
        stwu    r3, 8(DS)
        blr

# dnegate ( d1 -- d2 )
        code    "dnegate", dnegate
        lwz     r4, 4(DS)
        lwz     r3, 0(DS)
        subfic  r4, r4, 0
        subfze  r3, r3
        stw     r4, 4(DS)
        stw     r3, 0(DS)
        blr

# d2* ( d1 -- d2 )
        code    "d2*", d_two_star
        lwz     r4, 4(DS)
        lwz     r3, 0(DS)
        slwi    r3, r3, 1
        rlwimi  r3, r4, 1, 31, 31
        slwi    r4, r4, 1
        stw     r4, 4(DS)
        stw     r3, 0(DS)
        blr

# d2/ ( d1 -- d2 )
        code    "d2/", d_two_slash
        lwz     r4, 4(DS)
        lwz     r3, 0(DS)
        srwi    r4, r4, 1
        rlwimi  r4, r3, 31, 0, 0
        srawi   r3, r3, 1
        stw     r4, 4(DS)
        stw     r3, 0(DS)
        blr

# um* ( u1 u2 -- ud )
        code    "um*", um_star
        lwz     r3, 4(DS)
        lwz     r4, 0(DS)
        mullw   r5, r3, r4
        mulhwu  r6, r3, r4
        stw     r5, 4(DS)
        stw     r6, 0(DS)
        blr

# m* ( n1 n2 -- d )
        code    "m*", m_star
        lwz     r3, 4(DS)
        lwz     r4, 0(DS)
        mullw   r5, r3, r4
        mulhw   r6, r3, r4
        stw     r5, 4(DS)
        stw     r6, 0(DS)
        blr

# um/mod ( ud u -- remainder quotient ) One quotient bit a turn. A quotient that does not fit in a
# cell is an error (THROW -11).
        code    "um/mod", um_slash_mod
        lwz     r5, 0(DS)               # divisor
        lwz     r3, 4(DS)               # upper half: the partial remainder
        lwzu    r4, 8(DS)               # lower half: quotient bits come in from the right
        cmpwi   r5, 0
        beq     divided_by_zero
        cmplw   r3, r5
        bge     quotient_too_large
        li      r6, 32
        mtctr   r6
1:      srwi    r7, r3, 31              # a bit that leaves the register counts too
        slwi    r3, r3, 1
        rlwimi  r3, r4, 1, 31, 31
        slwi    r4, r4, 1
        cmpwi   r7, 0
        bne     2f
        cmplw   r3, r5
        blt     3f
2:      subf    r3, r5, r3
        ori     r4, r4, 1
3:      bdnz    1b
        result  r3
        push    r4
        blr
quotient_too_large:
        li      r3, THROW_RANGE
        b       throw_code

# d< ( d1 d2 -- flag )
        code    "d<", d_less
        lwz     r5, 0(DS)
        lwz     r6, 4(DS)
        lwz     r3, 8(DS)
        lwzu    r4, 12(DS)
        cmpw    r3, r5
        blt     true_result
        bgt     false_result
        cmplw   r4, r6
        blt     true_result
        b       false_result

# du< ( ud1 ud2 -- flag )
        code    "du<", du_less
        lwz     r5, 0(DS)
        lwz     r6, 4(DS)
        lwz     r3, 8(DS)
        lwzu    r4, 12(DS)
        cmplw   r3, r5
        blt     true_result
        bgt     false_result
        cmplw   r4, r6
        blt     true_result
        b       false_result

# d= ( d1 d2 -- flag )
        code    "d=", d_equal
        lwz     r5, 0(DS)
        lwz     r6, 4(DS)
        lwz     r3, 8(DS)
        lwzu    r4, 12(DS)
        xor     r3, r3, r5
        xor     r4, r4, r6
        or.     r3, r3, r4
        beq     true_result
        b       false_result
