# COUNT pages are inserted whose addresses share a primary PTEG, and then a page is touched that has no
# PTE yet. Everything that the handler might change has a value that is looked at afterwards.

.equ TABLE, 0x200000
.equ RETURNED, 0x5000           # what htab_insert has returned
.equ FRAMES, 0x300000           # frames of the inserted pages, one after the other

        .section .vectors, "ax"
        b       page_fault      # at 0x300

        .text
        .globl  _start
_start:
        lis     r3, TABLE@h
        mtsdr1  r3
        lis     r3, VSID@h
        ori     r3, r3, VSID@l
        lis     r4, SHARED@h
        mtsrin  r3, r4
        li      r3, 0xfe        # 8 MB from 0, supervisor
        mtdbatu 0, r3
        li      r3, 0x12
        mtdbatl 0, r3
        isync
        mfmsr   r3
        ori     r3, r3, 0x10    # DR
        mtmsr   r3
        isync
        lis     r24, SHARED@h
        ori     r24, r24, SHARED@l
        li      r25, COUNT
        li      r27, RETURNED
        lis     r26, FRAMES@h
        ori     r26, r26, 0x12  # M, read and write
1:      mr      r3, r24
        mr      r4, r26
        lis     r5, VSID@h
        ori     r5, r5, VSID@l
        bl      htab_insert
        stw     r3, 0(r27)
        addi    r27, r27, 4
        addis   r24, r24, 0x40  # EA[4-9] is the API: the PTEG stays
        addi    r26, r26, 0x1000
        addi    r25, r25, -1
        cmpwi   r25, 0
        bne     1b
inserted:
        lis     r24, DEMAND@h
        ori     r24, r24, DEMAND@l
        lis     r3, 0x1357
        ori     r3, r3, 0x9bdf
        mr      r0, r3
        addi    r4, r3, 1
        addi    r5, r3, 2
        addi    r6, r3, 3
        addi    r7, r3, 4
        addi    r8, r3, 5
        addi    r9, r3, 6
        addi    r10, r3, 7
        addi    r11, r3, 8
        addi    r12, r3, 9
        mtlr    r4
        mtctr   r5
        mtcrf   0xff, r3
        stw     r3, 8(r24)      # a page fault; then again
touched:
        stw     r3, 12(r24)
done:   b       done

.include "insert.s"
