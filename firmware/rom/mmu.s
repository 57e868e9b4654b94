# The hash table (PEM 7.6): page faults, PTEs, the search for a translation.
#
#   PTE, upper word   V:1  VSID:24                  H:1  API:6
#        lower word   RPN:20       000  R:1  C:1  WIMG:4  0  PP:2

# From the effective address \ea: r6 = page index EA[4-19], r7 = primary hash, r8 = upper word of its
# primary PTE, r9 = place of the table, r10 = mask for hashes. Uses r5.
        .macro hash ea
        mfsrin  r5, \ea
        rlwinm  r6, \ea, 20, 16, 31
        clrlwi  r7, r5, 13
        xor     r7, r7, r6              # VSID[5-23] ^ page index
        rlwinm  r8, r5, 7, 1, 24        # VSID
        rlwimi  r8, r6, 22, 26, 31      # API = EA[4-9]
        oris    r8, r8, 0x8000          # V
        mfsdr1  r9
        rlwinm  r10, r9, 10, 13, 21     # HTABMASK selects hash bits above the lowest ten
        ori     r10, r10, 0x3FF
        clrrwi  r9, r9, 16
        .endm

# \pteg = address of the group for the hash in r7
        .macro group pteg
        and     \pteg, r7, r10
        slwi    \pteg, \pteg, 6
        or      \pteg, \pteg, r9
        .endm

# Registers of the interrupted program, in the order of the save area after r3.
        .macro save_registers
        .irp    n, 4, 5, 6, 7, 8, 9, 10, 11, 12
        stw     r\n, save_r3 + 4 * (\n - 3)(0)
        .endr
        mfcr    r4
        mflr    r5
        mfctr   r6
        stw     r4, save_cr(0)
        stw     r5, save_lr(0)
        stw     r6, save_ctr(0)
        .endm

        .macro restore_registers
        lwz     r4, save_cr(0)
        lwz     r5, save_lr(0)
        lwz     r6, save_ctr(0)
        mtcr    r4
        mtlr    r5
        mtctr   r6
        .irp    n, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
        lwz     r\n, save_r3 + 4 * (\n - 3)(0)
        .endr
        .endm

        .macro count variable
        lwz     r12, \variable(0)
        addi    r12, r12, 1
        stw     r12, \variable(0)
        .endm

# DSI and ISI: if the page belongs to a window, make its PTE and run the instruction again. In real
# mode; r3 = vector, its old value is in save_r3.
page_fault:
        save_registers
        stw     r3, fault_vector_taken(0)
        cmpwi   r3, 0x300
        bne     1f
        count   dsi_count
        mfdsisr r5
        mfdar   r3
        b       2f
1:      count   isi_count
        mfsrr1  r5
        mfsrr0  r3
2:      stw     r5, fault_cause(0)
        andis.  r5, r5, 0x4000          # a page without PTE, or something worse?
        beq     3f
        bl      page_for
        cmpwi   r4, 0
        beq     3f
        bl      pte_insert
        count   repaired_count
        restore_registers
        rfi
3:      restore_registers
        mtsprg  0, r3
        mtsprg  1, r4
        lwz     r3, fault_cause(0)
        lwz     r4, fault_vector_taken(0)
        b       unexpected

# What belongs at an effective address: r3 = address -> r4 = lower word of its PTE, 0 if nothing.
page_for:
        srwi    r5, r3, 28
        load    r6, segment_rights
        lbzx    r6, r6, r5
        cmpwi   r6, 0
        beq     nothing
        clrlwi  r4, r3, 4               # each window shows RAM from its start
        cmpwi   r5, SPACES >> 28
        bne     1f
        cmplwi  r4, 0x1000              # but this one is a page of its own in each space
        bge     nothing
        mfsrin  r5, r3
        rlwinm  r5, r5, 25, 15, 19      # space number = VSID >> 19, times 4096
        addis   r4, r5, SPACE_PAGES@h
1:      lwz     r5, memory_size(0)
        cmplw   r4, r5
        bge     nothing
        clrrwi  r4, r4, 12
        or      r4, r4, r6              # R and C start as 0: the processor sets them
        ori     r4, r4, PTE_M
        blr
nothing:
        li      r4, 0
        blr

        .section .rodata
segment_rights:                         # PP of the pages of each segment; 0: not for use
        .byte   RIGHTS_RW, 0, 0, 0, 0, 0, 0, 0, RIGHTS_RW, RIGHTS_RO, RIGHTS_RW, 0, 0, 0, 0, 0
        .text

# Make a PTE: r3 = effective address, r4 = lower word. In real mode.
pte_insert:
        hash    r3
1:      group   r11
        li      r12, 8
        mtctr   r12
        subi    r11, r11, 8
2:      lwzu    r12, 8(r11)
        cmpwi   r12, 0
        bge     pte_store               # V = 0
        bdnz    2b
        not     r7, r7                  # the other group: its hash is the complement
        xori    r8, r8, PTE_H
        andi.   r12, r8, PTE_H
        bne     1b
        # Both are full. The victims of the primary group are taken in turn.
        group   r11
        lwz     r12, evicted_count(0)
        rlwimi  r11, r12, 3, 26, 28
        addi    r12, r12, 1
        stw     r12, evicted_count(0)
        lwz     r12, 4(r11)
        andi.   r12, r12, PTE_C
        beq     3f
        lwz     r12, evicted_changed_count(0)   # an operating system would write the page out
        addi    r12, r12, 1
        stw     r12, evicted_changed_count(0)
3:      # The victim's page index, as far as tlbie compares it: its hash ^ its VSID.
        lwz     r12, 0(r11)
        rlwinm  r5, r12, 25, 8, 31
        xor     r5, r5, r7
        andi.   r6, r12, PTE_H
        beq     4f
        not     r5, r5
4:      slwi    r5, r5, 12
        clrlwi  r12, r12, 1
        stw     r12, 0(r11)             # invalid first, then out of the TLB (PEM 7.6.3)
        sync
        tlbie   r5
        eieio
        tlbsync
        sync
pte_store:
        stw     r4, 4(r11)              # the half with V last: the search may come in between
        eieio
        stw     r8, 0(r11)
        sync
        blr

# Search as the processor does: r3 = effective address -> r3 = address of the PTE or 0, r4 = number
# of PTEs that were looked at. With translation on: the table is in a window like all of RAM.
pte_find:
        hash    r3
        li      r4, 0
1:      group   r11
        li      r12, 8
        mtctr   r12
        mr      r3, r11
2:      lwz     r12, 0(r3)
        addi    r4, r4, 1
        cmpw    r12, r8
        beqlr
        addi    r3, r3, 8
        bdnz    2b
        not     r7, r7
        xori    r8, r8, PTE_H
        andi.   r12, r8, PTE_H
        bne     1b
        li      r3, 0
        blr

# Change the lower word of the PTE at r3 to r4, which maps effective address r5, as the manual
# asks (PEM 7.6.3.2): no search may see a mixture, no TLB may keep the old one.
pte_change:
        lwz     r6, 0(r3)
        clrlwi  r7, r6, 1
        stw     r7, 0(r3)
        sync
        tlbie   r5
        eieio
        tlbsync
        sync
        stw     r4, 4(r3)
        eieio
        stw     r6, 0(r3)
        sync
        blr
