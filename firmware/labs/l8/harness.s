# Two pages change places under one effective address, many times. r20 counts what went wrong, r21
# the rounds that are left. EA, VSID and PTE are the student's numbers.

.equ TABLE, 0x200000
.equ HIGH, 0x80000000 | VSID << 7 | (EA >> 22 & 0x3f)
.equ PAGE_A, 0x100000
.equ PAGE_B, 0x101000
.equ RIGHTS, 0x12               # M, read and write

        .section .vectors, "ax"
data_storage:                   # at 0x300: note it, and go on behind the access
        mfsrr0  r19
        addi    r19, r19, 4
        mtsrr0  r19
        li      r19, 1
        rfi

        .text
        .globl  _start
_start:
        li      r20, 0
        li      r21, 12
        lis     r3, TABLE@h
        mtsdr1  r3
        lis     r3, VSID@h
        ori     r3, r3, VSID@l
        lis     r24, EA@h
        ori     r24, r24, EA@l
        mtsrin  r3, r24
        li      r3, 0xfe        # 8 MB from 0, supervisor
        mtdbatu 0, r3
        li      r3, 0x12
        mtdbatl 0, r3
        isync
        mfmsr   r3
        ori     r3, r3, 0x10    # DR
        mtmsr   r3
        isync
        lis     r3, PAGE_A@h
        stw     r3, 0(r3)       # each page begins with its number
        lis     r4, PAGE_B@h
        ori     r4, r4, PAGE_B@l
        stw     r4, 0(r4)
        mr      r22, r3         # the page that is mapped
        mr      r23, r4         # and the other one
        lis     r25, PTE@h
        ori     r25, r25, PTE@l
        bl      install

round:  bl      expect_page
        stw     r21, 4(r24)     # sets C
        mr      r3, r25
        mr      r4, r24
        bl      pte_remove
        li      r19, 0
        lwz     r3, 0(r24)      # a page fault
        cmpwi   r19, 1
        beq     1f
        addi    r20, r20, 1
1:      mr      r3, r22
        mr      r22, r23
        mr      r23, r3
        bl      install
        bl      expect_page
        addi    r21, r21, -1
        cmpwi   r21, 0
        bne     round
done:   b       done

expect_page:
        li      r19, 0
        lwz     r3, 0(r24)
        cmpwi   r19, 0
        bne     2f
        cmpw    r3, r22
        beqlr
2:      addi    r20, r20, 1
        blr

install:
        mr      r3, r25
        lis     r4, HIGH@h
        ori     r4, r4, HIGH@l
        ori     r5, r22, RIGHTS
        b       pte_install

.include "update.s"
