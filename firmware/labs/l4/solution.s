# htab_insert: r3 = EA, r4 = second word, r5 = VSID; returns the PTE's address, or 0 (PEM 7.6.1)

        .globl  htab_insert, page_fault
htab_insert:
        rlwinm  r6, r3, 20, 16, 31      # page index
        xor     r7, r6, r5              # hash
        rlwinm  r8, r3, 10, 26, 31      # API
        slwi    r9, r5, 7
        or      r8, r8, r9
        oris    r8, r8, 0x8000          # V
        li      r10, 2                  # PTEGs
next_group:
        rlwinm  r9, r7, 6, 16, 25
        oris    r9, r9, TABLE@h
        li      r11, 8
        mtctr   r11
next_entry:
        lwz     r12, 0(r9)
        cmpwi   r12, 0                  # V is the sign
        bge     free
        addi    r9, r9, 8
        bdnz    next_entry
        not     r7, r7
        ori     r8, r8, 0x40            # H
        addi    r10, r10, -1
        cmpwi   r10, 0
        bne     next_group
        li      r3, 0                   # both are full
        blr
free:   stw     r4, 4(r9)
        eieio
        stw     r8, 0(r9)
        sync
        mr      r3, r9
        blr

.equ SAVED, 0x4000

page_fault:
        mtsprg  0, r3
        li      r3, SAVED
        stmw    r4, 0(r3)
        mfcr    r4
        stw     r4, 112(r3)
        mflr    r4
        stw     r4, 116(r3)
        mfctr   r4
        stw     r4, 120(r3)
        mfdar   r3
        lis     r4, FRAME@h
        ori     r4, r4, FRAME@l
        ori     r4, r4, 0x12            # M, read and write
        lis     r5, VSID@h
        ori     r5, r5, VSID@l
        bl      htab_insert
        li      r3, SAVED
        lwz     r4, 120(r3)
        mtctr   r4
        lwz     r4, 116(r3)
        mtlr    r4
        lwz     r4, 112(r3)
        mtcrf   0xff, r4
        lmw     r4, 0(r3)
        mfsprg  r3, 0
        rfi
