# The hash table (PEM 7.6), filled on demand from the list of translations.
#
#   PTE, upper word   V:1  VSID:24                  H:1  API:6
#        lower word   RPN:20       000  R:1  C:1  WIMG:4  0  PP:2
#
# The list says what is mapped; the hash table is only a cache of it. A page that the list has not
# is a fault. Handlers run in real mode and never miss.

# DSI and ISI. r3 = vector, its old value is in FRAME. Only r4 to r12 and CR are used.
page_fault:
        .irp    n, 4, 5, 6, 7, 8, 9, 10, 11, 12
        stw     r\n, SAVE + 4 * \n(0)
        .endr
        mfcr    r4
        mfctr   r5
        stw     r4, SAVE(0)
        stw     r5, SAVE + 4(0)
        cmpwi   r3, 0x300
        bne     1f
        mfdsisr r5
        mfdar   r4
        b       2f
1:      mfsrr1  r5
        mfsrr0  r4
2:      andis.  r5, r5, 0x4000          # a page without PTE, or something worse?
        beq     not_mapped

        # Look for the page in the list. r4 = effective address -> r5 = lower word of its PTE
        li      r6, TRANSLATIONS - 16
3:      lwzu    r7, 16(r6)              # virtual
        lwz     r8, 4(r6)               # size
        cmpwi   r8, 0
        beq     not_mapped
        subf    r7, r7, r4
        cmplw   r7, r8
        bge     3b
        lwz     r5, 8(r6)               # physical
        lwz     r6, 12(r6)              # mode
        add     r5, r5, r7
        clrrwi  r5, r5, 12
        or      r5, r5, r6              # R and C are 0: the processor sets them

        # Its place. r7 = primary hash, r8 = upper word, r9 = address of the table
        mfsrin  r6, r4
        rlwinm  r9, r4, 20, 16, 31      # page index EA[4-19]
        clrlwi  r7, r6, 13
        xor     r7, r7, r9              # VSID[5-23] ^ page index
        rlwinm  r8, r6, 7, 1, 24        # VSID
        rlwimi  r8, r9, 22, 26, 31      # API = EA[4-9]
        oris    r8, r8, 0x8000          # V
        mfsdr1  r9
        load    r10, HASH_TABLE
        cmplw   r9, r10
        bne     not_mapped              # a client's own table
        rlwinm  r10, r9, 10, 13, 21     # HTABMASK selects hash bits above the lowest ten
        ori     r10, r10, 0x3FF
        clrrwi  r9, r9, 16
4:      and     r11, r7, r10
        slwi    r11, r11, 6
        or      r11, r11, r9            # the group
        li      r12, 8
        mtctr   r12
        subi    r12, r11, 8
5:      lwzu    r6, 8(r12)
        cmpwi   r6, 0
        bge     6f                      # V = 0
        bdnz    5b
        not     r7, r7                  # the other group: its hash is the complement
        xori    r8, r8, PTE_H
        andi.   r6, r8, PTE_H
        bne     4b
        # Both are full: the entries of the primary group are replaced in turn.
        and     r12, r7, r10
        slwi    r12, r12, 6
        or      r12, r12, r9
        lwz     r6, evicted(0)
        rlwimi  r12, r6, 3, 26, 28
        addi    r6, r6, 1
        stw     r6, evicted(0)
        li      r6, 0
        stw     r6, 0(r12)
        sync
        tlbie   r4                      # the victim has the same TLB set: its hash is the same
        sync
        tlbsync
        sync
6:      stw     r5, 4(r12)              # the lower word first: V makes the entry valid
        eieio
        stw     r8, 0(r12)
        sync
        lwz     r4, SAVE(0)
        lwz     r5, SAVE + 4(0)
        mtcr    r4
        mtctr   r5
        .irp    n, 4, 5, 6, 7, 8, 9, 10, 11, 12
        lwz     r\n, SAVE + 4 * \n(0)
        .endr
        lwz     r3, FRAME_R + 12(0)
        rfi

not_mapped:
        lwz     r4, SAVE(0)
        lwz     r5, SAVE + 4(0)
        mtcr    r4
        mtctr   r5
        .irp    n, 4, 5, 6, 7, 8, 9, 10, 11, 12
        lwz     r\n, SAVE + 4 * \n(0)
        .endr
        b       exception

# unmap-page ( virtual -- ) Take a page out of the hash table and the TLBs.
        code    "unmap-page", unmap_page
        pop     r4
        mfsrin  r6, r4
        rlwinm  r9, r4, 20, 16, 31
        clrlwi  r7, r6, 13
        xor     r7, r7, r9
        rlwinm  r8, r6, 7, 1, 24
        rlwimi  r8, r9, 22, 26, 31
        oris    r8, r8, 0x8000
        mfsdr1  r9
        rlwinm  r10, r9, 10, 13, 21
        ori     r10, r10, 0x3FF
        clrrwi  r9, r9, 16
1:      and     r11, r7, r10
        slwi    r11, r11, 6
        or      r11, r11, r9
        li      r12, 8
        mtctr   r12
        subi    r12, r11, 8
2:      lwzu    r6, 8(r12)
        cmplw   r6, r8
        bne     3f
        li      r6, 0
        stw     r6, 0(r12)
3:      bdnz    2b
        not     r7, r7
        xori    r8, r8, PTE_H
        andi.   r6, r8, PTE_H
        bne     1b
        sync
        tlbie   r4
        sync
        tlbsync
        sync
        blr
