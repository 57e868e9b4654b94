# COUNT pages are inserted whose addresses share a primary PTEG, and then a page is touched that has no
# PTE yet. Every register that the handler might change has a value of its own then.

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
        lis     r0, 0xa000      # SO and CA
        mtxer   r0
        lis     r3, 0x1357
        ori     r3, r3, 0x9bdf
        mtlr    r3
        mtctr   r0
        mtcrf   0xff, r3
.irp n, 0, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29, 30, 31
        addi    \n, r3, \n
.endr
        lis     r24, DEMAND@h
        ori     r24, r24, DEMAND@l
touch:  stw     r3, 8(r24)      # a page fault; then again
touched:
        stw     r3, 12(r24)
done:   b       done

# The grader starts here once more, when every entry of both PTEGs is valid.
full:   lis     r3, SHARED@h
        ori     r3, r3, SHARED@l
        lis     r4, FRAMES@h
        ori     r4, r4, 0x12
        lis     r5, VSID@h
        ori     r5, r5, VSID@l
        bl      htab_insert
refused:
        b       refused

.include "insert.s"
