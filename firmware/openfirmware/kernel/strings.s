# Strings.

# comp ( addr1 addr2 len -- -1|0|1 )            IEEE 1275 7.3.3.2
        code    "comp", comp
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwzu    r3, 8(DS)
        subi    r3, r3, 1
        subi    r4, r4, 1
        cmpwi   r5, 0
        beq     false_result
        mtctr   r5
1:      lbzu    r6, 1(r3)
        lbzu    r7, 1(r4)
        cmplw   r6, r7
        blt     true_result
        bgt     2f
        bdnz    1b
        b       false_result
2:      li      r3, 1
        result  r3
        blr

# cstrlen ( addr -- len ) Length of a string with a zero at its end.
        code    "cstrlen", cstrlen
        lwz     r3, 0(DS)
        subi    r4, r3, 1
1:      lbzu    r5, 1(r4)
        cmpwi   r5, 0
        bne     1b
        subf    r3, r3, r4
        result  r3
        blr

# skip-blanks ( addr len -- addr' len' ) Characters up to the blank are blanks: boot scripts have
# lines that end with CR, and tabs.
        code    "skip-blanks", skip_blanks
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
1:      cmpwi   r4, 0
        beq     2f
        lbz     r5, 0(r3)
        cmpwi   r5, ' '
        bgt     2f
        addi    r3, r3, 1
        subi    r4, r4, 1
        b       1b
2:      stw     r3, 4(DS)
        stw     r4, 0(DS)
        blr

# scan-blank ( addr len -- addr' len' ) To the first blank.
        code    "scan-blank", scan_blank
        lwz     r4, 0(DS)
        lwz     r3, 4(DS)
1:      cmpwi   r4, 0
        beq     2f
        lbz     r5, 0(r3)
        cmpwi   r5, ' '
        ble     2f
        addi    r3, r3, 1
        subi    r4, r4, 1
        b       1b
2:      stw     r3, 4(DS)
        stw     r4, 0(DS)
        blr

# scan ( addr len char -- addr' len' ) To the first such character.
        code    "scan", scan
        lwz     r5, 0(DS)
        lwz     r4, 4(DS)
        lwz     r3, 8(DS)
        addi    DS, DS, 4
1:      cmpwi   r4, 0
        beq     2f
        lbz     r6, 0(r3)
        cmpw    r5, r6
        beq     2f
        addi    r3, r3, 1
        subi    r4, r4, 1
        b       1b
2:      stw     r3, 4(DS)
        stw     r4, 0(DS)
        blr
