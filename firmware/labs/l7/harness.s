# A program that accesses the pages of a string, and a disk. What the student's page_fault does, others
# note down: each page that the disk reads or writes, with the number of the access.

.equ SAVED, 0x4000              # registers of the program that was interrupted
.equ LOGGED, 0x40f0             # where the next entry of the log goes
.equ TEMPORARY, 0x4100
.equ STACK, 0x7ff0

        .section .vectors, "ax"
        b       fault           # at 0x300

        .text
        .globl  _start, disk_read, disk_write, page_copy
_start:
        lis     r3, TABLE@h
        mtsdr1  r3
        lis     r3, VSID@h
        ori     r3, r3, VSID@l
        lis     r4, BASE@h
        mtsrin  r3, r4
        li      r3, 0xfe        # 8 MB from 0, supervisor
        mtdbatu 0, r3
        li      r3, 0x12
        mtdbatl 0, r3
        isync
        lis     r3, LOG@h
        stw     r3, LOGGED(0)
        mfmsr   r3
        ori     r3, r3, 0x10    # DR
        mtmsr   r3
        isync
        lis     r24, STRING@h   # of each access: EA, and what is read or stored
        li      r23, 0          # number of the access
next:   lwz     r25, 0(r24)     # bit 31: a store
        cmpwi   r25, 0
        beq     done
        lwz     r26, 4(r24)
        addi    r24, r24, 8
        andi.   r27, r25, 1
        bne     1f
        lwz     r28, 0(r25)
        cmpw    r28, r26
        bne     wrong
        addi    r23, r23, 1
        b       next
1:      rlwinm  r27, r25, 0, 0, 29
        stw     r26, 0(r27)
        addi    r23, r23, 1
        b       next
wrong:  b       wrong
done:   b       done

fault:  mtsprg  0, r1
        li      r1, SAVED
        stmw    r2, 8(r1)
        stw     r0, 0(r1)
        mfcr    r2
        mflr    r3
        mfctr   r4
        mfxer   r5
        stw     r2, 128(r1)
        stw     r3, 132(r1)
        stw     r4, 136(r1)
        stw     r5, 140(r1)
        mfdar   r3
        mfdsisr r4
        li      r1, STACK
        bl      page_fault
        li      r1, SAVED
        lwz     r2, 128(r1)
        lwz     r3, 132(r1)
        lwz     r4, 136(r1)
        lwz     r5, 140(r1)
        mtcrf   0xff, r2
        mtlr    r3
        mtctr   r4
        mtxer   r5
        lwz     r0, 0(r1)
        lmw     r2, 8(r1)
        mfsprg  r1, 0
        rfi

# r3 = number of a page, r4 = frame: its physical address
disk_write:
        lis     r6, 0x8000
        b       1f
disk_read:
        li      r6, 0
1:      or      r6, r6, r3
        lwz     r7, LOGGED(0)
        stw     r6, 0(r7)
        lwz     r8, SAVED + 92(0)       # r23 of the program
        stw     r8, 4(r7)
        addi    r7, r7, 8
        stw     r7, LOGGED(0)
        slwi    r3, r3, 12
        addis   r3, r3, DISK@h
        cmpwi   r6, 0
        bge     page_move
page_copy:                      # r3 = to, r4 = from
        mr      r5, r3
        mr      r3, r4
        mr      r4, r5
page_move:                      # r3 = from, r4 = to
        stmw    r16, TEMPORARY(0)
        li      r5, 64
        mtctr   r5
1:      lmw     r16, 0(r3)
        stmw    r16, 0(r4)
        addi    r3, r3, 64
        addi    r4, r4, 64
        bdnz    1b
        lmw     r16, TEMPORARY(0)
        blr
