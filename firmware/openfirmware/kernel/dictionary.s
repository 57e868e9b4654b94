# The dictionary. A word list is
#
#       +0      number of threads, a power of two, minus 1
#       +4      the word list made before it
#       +8      its name, an xt, or 0
#       +12     the xts of the latest word of each thread, or 0
#
# and before the code of a word, at its xt, there is its header:
#
#       name, padded with zeros to a multiple of 4
#       xt - 8  xt of the word before it in its thread
#       xt - 4  length of the name:8  flags:8  0:16

# In letters, case does not count. \c <- \c in lower case; uses \t
        .macro  lower c, t
        subi    \t, \c, 'A'
        cmplwi  \t, 26
        bge     .Lother\@
        ori     \c, \c, 0x20
.Lother\@:
        .endm

# Thread of a name: r3 = address, r4 = length, -> r6 = hash. Uses r5, r7, r8, CTR.
name_hash:
        mr      r6, r4
        cmpwi   r4, 0
        beqlr
        mtctr   r4
        subi    r5, r3, 1
1:      lbzu    r7, 1(r5)
        ori     r7, r7, 0x20
        rotlwi  r6, r6, 5
        xor     r6, r6, r7
        bdnz    1b
        srwi    r7, r6, 16
        xor     r6, r6, r7
        srwi    r7, r6, 8
        xor     r6, r6, r7
        blr

# >thread ( addr len wid -- thread ) Where the chain of such names begins in a word list.
        code    ">thread", to_thread
        mflr    r0
        lwz     r12, 0(DS)
        lwz     r4, 4(DS)
        lwzu    r3, 8(DS)
        bl      name_hash
        lwz     r5, 0(r12)
        and     r6, r6, r5
        slwi    r6, r6, 2
        add     r6, r6, r12
        addi    r6, r6, 12
        result  r6
        mtlr    r0
        blr

# (find) ( addr len wid -- xt | 0 )
        code    "(find)", paren_find
        mflr    r0
        lwz     r12, 0(DS)
        lwz     r4, 4(DS)
        lwzu    r3, 8(DS)
        bl      name_hash
        lwz     r5, 0(r12)
        and     r6, r6, r5
        slwi    r6, r6, 2
        add     r6, r6, r12
        addi    r5, r6, 12 + 8          # r5 - 8 holds the first xt
        mtlr    r0
        addi    r12, r4, 3
        clrrwi  r12, r12, 2             # room that the name takes
1:      lwz     r5, -8(r5)
        cmpwi   r5, 0
        beq     false_result
        lbz     r6, -4(r5)
        cmplw   r6, r4
        bne     1b
        subf    r7, r12, r5
        subi    r7, r7, 9               # before the name
        subi    r8, r3, 1
        mtctr   r4
2:      lbzu    r9, 1(r7)
        lbzu    r10, 1(r8)
        cmplw   r9, r10
        beq     3f
        lower   r9, r11
        lower   r10, r11
        cmplw   r9, r10
        bne     1b
3:      bdnz    2b
        result  r5
        blr
