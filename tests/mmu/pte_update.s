# Pages change places under one effective address, many times. `OMIT_...` leaves a step of the
# documented sequence out (PEM 7.6.3.2). r20 counts what went wrong, r21 the rounds that are left.

.equ TABLE, 0x200000
.equ EA, 0x40003000             # segment 4
.equ VSID, 0x123
.equ PTE, TABLE | ((VSID ^ 3) & 0x3ff) << 6
.equ HIGH, 0x80000000 | VSID << 7
.equ PAGE_A, 0x100000
.equ PAGE_B, 0x101000
.equ RIGHTS, 0x12               # M, read and write

        .section .vectors, "ax"
data_storage:                   # at 0x300: count, and go on behind the access
        mfsrr0  r19
        addi    r19, r19, 4
        mtsrr0  r19
        li      r19, 1
        rfi

        .text
        .globl  _start
_start:
start:
        li      r20, 0
        li      r21, 12
        lis     r3, TABLE >> 16
        mtsdr1  r3
        li      r3, VSID
        mtsr    4, r3
        li      r3, 0xfe        # 8 MB from 0, supervisor
        mtdbatu 0, r3
        li      r3, 0x12
        mtdbatl 0, r3
        isync
        mfmsr   r3
        ori     r3, r3, 0x10    # DR
        mtmsr   r3
        isync
        lis     r3, PAGE_A >> 16
        stw     r3, 0(r3)       # each page begins with its number
        lis     r4, PAGE_B >> 16
        ori     r4, r4, PAGE_B & 0xffff
        stw     r4, 0(r4)
        mr      r22, r3         # the page that is mapped
        mr      r23, r4         # and the other one
        lis     r24, EA >> 16
        ori     r24, r24, EA & 0xffff
        lis     r25, PTE >> 16
        ori     r25, r25, PTE & 0xffff
        lis     r26, HIGH >> 16
        ori     r26, r26, HIGH & 0xffff
        bl      install

round:  bl      expect_page
        stw     r21, 4(r24)     # sets C
        bl      remove
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

remove: lwz     r3, 0(r25)
        clrlwi  r3, r3, 1
.ifndef OMIT_INVALIDATE
        stw     r3, 0(r25)
.endif
.ifndef OMIT_SYNC
        sync
.endif
.ifdef BY_SET
        addis   r27, r24, 4     # another page whose entries are in the same set
        tlbie   r27
.else
.ifndef OMIT_TLBIE
        tlbie   r24
.endif
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
        blr

install:
        ori     r3, r22, RIGHTS
        stw     r3, 4(r25)
.ifndef OMIT_EIEIO_STORES
        eieio
.endif
        stw     r26, 0(r25)
.ifndef OMIT_SYNC_VALID
        sync
.endif
        blr
