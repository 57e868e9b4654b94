# test: returns in r3 how many accesses have gone wrong. Two frames change places under EA.

.equ A, 0x100000
.equ B, 0x101000
.equ HIGH, 0x80000000 | VSID << 7 | (EA >> 22 & 0x3f)
.equ RIGHTS, 0x12               # M, read and write
.equ ROUNDS, 12

        .globl  test
test:   mflr    r28
        li      r20, 0
        li      r21, ROUNDS
        lis     r22, A@h
        lis     r23, B@h
        ori     r23, r23, B@l
        stw     r22, 0(r22)     # each frame begins with its number
        stw     r23, 0(r23)
        lis     r24, EA@h
        ori     r24, r24, EA@l
        lis     r25, PTE@h
        ori     r25, r25, PTE@l
round:  mr      r3, r25
        lis     r4, HIGH@h
        ori     r4, r4, HIGH@l
        ori     r5, r22, RIGHTS
        bl      pte_install
        li      r19, 0
        lwz     r3, 0(r24)      # it must be there at once
        cmpwi   r19, 0
        bne     1f
        cmpw    r3, r22
        beq     2f
1:      addi    r20, r20, 1
2:      stw     r21, 4(r24)     # sets C
        mr      r3, r25
        mr      r4, r24
        bl      pte_remove
        li      r19, 0
        lwz     r3, 0(r24)      # and now it must be gone
        cmpwi   r19, 1
        beq     3f
        addi    r20, r20, 1
3:      mr      r3, r22
        mr      r22, r23
        mr      r23, r3
        addi    r21, r21, -1
        cmpwi   r21, 0
        bne     round
        mr      r3, r20
        mtlr    r28
        blr
