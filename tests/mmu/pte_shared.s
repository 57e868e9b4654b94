# Processor 0 changes the page under an effective address that processor 1 reads all the time.
# `OMIT_...` leaves a step of the documented sequence out (PEM 7.6.3.2). While no PTE maps a page
# the word at its beginning is 0: r20 of processor 1 counts how often it has read that.

.equ TABLE, 0x200000
.equ EA, 0x40003000             # segment 4
.equ VSID, 0x123
.equ PTE, TABLE | ((VSID ^ 3) & 0x3ff) << 6
.equ HIGH, 0x80000000 | VSID << 7
.equ PAGE_A, 0x100000
.equ PAGE_B, 0x101000
.equ RIGHTS, 0x12               # M, read and write

        .section .vectors, "ax"
data_storage:                   # at 0x300: go on behind the access
        mfsrr0  r19
        addi    r19, r19, 4
        mtsrr0  r19
        li      r3, 1
        rfi

        .text
        .globl  _start
_start:
writer: bl      translate
        lis     r22, PAGE_A >> 16       # the page that is mapped
        lis     r23, PAGE_B >> 16       # and the other one
        ori     r23, r23, PAGE_B & 0xffff
        li      r29, 0
        li      r21, 12
round:  stw     r22, 0(r22)
        ori     r3, r22, RIGHTS
        stw     r3, 4(r25)
        eieio
        stw     r26, 0(r25)
        sync
        bl      wait
        lwz     r3, 0(r25)
        clrlwi  r3, r3, 1
remove: stw     r3, 0(r25)
        sync
.ifndef OMIT_TLBIE
        tlbie   r24
.endif
.ifndef OMIT_EIEIO
        eieio
.endif
.ifndef OMIT_TLBSYNC
        tlbsync
.endif
.ifndef OMIT_SYNC_TLBSYNC
        sync
.endif
        stw     r29, 0(r22)
        bl      wait
        mr      r3, r22
        mr      r22, r23
        mr      r23, r3
        addi    r21, r21, -1
        cmpwi   r21, 0
        bne     round
done:   b       done

wait:   li      r3, 50
        mtctr   r3
1:      bdnz    1b
        blr

reader: bl      translate
        li      r20, 0
1:      lwz     r3, 0(r24)
.ifdef SELDOM                   # not while no PTE maps the page
        li      r18, 130
        mtctr   r18
2:      bdnz    2b
.endif
        cmpwi   r3, 0
        bne     1b
        addi    r20, r20, 1
        b       1b

translate:
        mfhid0  r3
        ori     r3, r3, 8       # ABE
        mthid0  r3
        lis     r3, TABLE >> 16
        mtsdr1  r3
        li      r3, VSID
        mtsr    4, r3
        li      r3, 0xfe        # 8 MB from 0, supervisor
        mtdbatu 0, r3
        li      r3, 0x12
        mtdbatl 0, r3
        lis     r24, EA >> 16
        ori     r24, r24, EA & 0xffff
        lis     r25, PTE >> 16
        ori     r25, r25, PTE & 0xffff
        lis     r26, HIGH >> 16
        ori     r26, r26, HIGH & 0xffff
        mfmsr   r3
        ori     r3, r3, 0x10    # DR
        mtmsr   r3
        isync
        blr
