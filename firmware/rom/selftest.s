# The machine checks itself. Each test returns r3 = 0 if all is well.

# r3 <- number of tests that failed
self_test:
        enter
        li      r30, 0
        load    r31, tests - 4
1:      lwzu    r3, 4(r31)
        cmpwi   r3, 0
        beq     4f
        bl      puts
        lwzu    r3, 4(r31)
        mtctr   r3
        bctrl
        cmpwi   r3, 0
        bne     2f
        print   "pass\n"
        b       1b
2:      addi    r30, r30, 1
        print   "FAIL\n"
        b       1b
4:      mr      r3, r30
        leave

        .macro test name, text
        .pushsection .rodata
.Lname\@: .asciz "\text"
        .balign 4
        .popsection
        .pushsection .rodata.tests, "a"
        .long   .Lname\@, \name
        .popsection
        .endm

        .pushsection .rodata.tests, "a"
        .balign 4
tests:
        .popsection
        test    test_window,     "test window   "
        test    test_bits,       "test R and C  "
        test    test_code,       "test code     "
        test    test_protection, "test rights   "
        test    test_tlbie,      "test tlbie    "
        test    test_spaces,     "test spaces   "
        test    test_exceptions, "test causes   "
        .pushsection .rodata.tests, "a"
        .long   0
        .popsection

# What is written through the window must appear at the address that is mapped 1:1: a pattern over
# a page's end, by bytes, half words and words.
test_window:
        load    r5, WINDOW + SCRATCH + 0x0FF0
        load    r6, SCRATCH + 0x0FF0
        load    r7, 0x01234567
        li      r8, 0
1:      add     r9, r7, r8
        stwx    r9, r5, r8
        addi    r8, r8, 4
        cmpwi   r8, 0x20
        blt     1b
        li      r3, 0
        li      r8, 0
2:      add     r9, r7, r8              # the word, and its four bytes read one by one
        lwzx    r10, r6, r8
        xor     r10, r10, r9
        or      r3, r3, r10
        add     r11, r6, r8
        lhz     r10, 0(r11)
        lbz     r12, 2(r11)
        slwi    r10, r10, 16
        rlwimi  r10, r12, 8, 16, 23
        lbz     r12, 3(r11)
        or      r10, r10, r12
        xor     r10, r10, r9
        or      r3, r3, r10
        addi    r8, r8, 4
        cmpwi   r8, 0x20
        blt     2b
        lwz     r10, 0x0E(r6)           # misaligned, on both pages
        load    r9, 0x45730123          # lower half of 01234573, upper half of 01234577
        xor     r10, r10, r9
        or      r3, r3, r10
        blr

# A load sets R, a store sets C, in the PTE in memory.
test_bits:
        enter
        load    r31, WINDOW + SCRATCH + 0x2000
        lwz     r3, 0(r31)
        mr      r3, r31
        bl      pte_find
        mr.     r30, r3
        beq     1f
        lwz     r29, 4(r30)
        stw     r29, 0(r31)             # C = 0: the TLB entry does not do, a second search sets it
        sync
        lwz     r28, 4(r30)
        print   "after load "
        mr      r3, r29
        bl      put_bits
        print   ", after store "
        mr      r3, r28
        bl      put_bits
        print   ", "
        andi.   r3, r29, PTE_R | PTE_C
        andi.   r4, r28, PTE_R | PTE_C
        xori    r3, r3, PTE_R
        xori    r4, r4, PTE_R | PTE_C
        or      r3, r3, r4
        b       2f
1:      li      r3, 1
2:      leave

# Print R and C of the lower word in r3.
put_bits:
        mflr    r8
        mr      r7, r3
        li      r3, 'R'
        bl      putc
        rlwinm  r3, r7, 24, 31, 31
        addi    r3, r3, '0'
        bl      putc
        li      r3, 'C'
        bl      putc
        rlwinm  r3, r7, 25, 31, 31
        addi    r3, r3, '0'
        bl      putc
        mtlr    r8
        blr

# Code that was written to a page runs there; its first fetch is an ISI.
test_code:
        mflr    r12
        load    r5, SCRATCH + 0x3000
        load    r6, sample_code
        lwz     r7, 0(r6)
        lwz     r8, 4(r6)
        stw     r7, 0(r5)
        stw     r8, 4(r5)
        dcbst   0, r5                   # to memory, and out of the instruction cache
        sync
        icbi    0, r5
        sync
        isync
        lwz     r9, isi_count(0)
        load    r7, WINDOW + SCRATCH + 0x3000
        mtctr   r7
        li      r3, 0
        bctrl
        xori    r3, r3, 750
        lwz     r4, isi_count(0)
        subf    r4, r9, r4
        xori    r4, r4, 1
        or      r3, r3, r4
        mtlr    r12
        blr

        .pushsection .rodata
        .balign 4
sample_code:
        li      r3, 750
        blr
        .popsection

# A store to a page that is read-only, a fetch from a segment that is not to be run, a store to the
# block of the ROM: three faults with their causes.
test_protection:
        load    r5, READ_ONLY + SCRATCH
        lwz     r6, 0(r5)               # reading is allowed
        expect  1f
        stw     r6, 0(r5)
        li      r3, 0
1:      load    r7, 0x0A000000          # protection, store
        xor     r8, r3, r7
        expect  2f
        load    r6, ROM
        stw     r6, 0(r6)
        li      r3, 0
2:      xor     r7, r3, r7
        or      r8, r8, r7
        expect  3f
        mtctr   r5
        bctr
3:      rlwinm  r3, r3, 0, 1, 4         # ISI: no-execute
        xoris   r3, r3, 0x1000
        xori    r4, r4, 0x400
        or      r3, r3, r4
        or      r3, r3, r8
        blr

# A page is moved: after tlbie the same address shows the other page.
test_tlbie:
        enter
        load    r31, WINDOW + SCRATCH + 0x4000
        load    r30, SCRATCH + 0x5000
        li      r3, 1
        stw     r3, 0(r31)              # at the old place
        li      r3, 2
        stw     r3, 0(r30)              # at the new one
        mr      r3, r31
        bl      pte_find
        cmpwi   r3, 0
        beq     1f
        ori     r4, r30, PTE_M | RIGHTS_RW
        mr      r5, r31
        bl      pte_change
        lwz     r3, 0(r31)
        xori    r3, r3, 2
        b       2f
1:      li      r3, 1
2:      leave

# One effective address, many address spaces: each has a page of its own, and all of them have the
# same hash. Their PTEs fill the primary group, then the secondary, then push each other out.
test_spaces:
        enter
        lwz     r28, evicted_count(0)
        lis     r31, SPACES@h
        load    r30, SPACE_VSID
        li      r29, 0
1:      mtsr    SPACES >> 28, r30       # the TLB knows the spaces apart: no tlbie is needed
        isync
        stw     r30, 0(r31)
        addis   r30, r30, 8             # next VSID with this hash
        addi    r29, r29, 1
        cmpwi   r29, SPACE_COUNT
        blt     1b
        li      r3, 0
        load    r30, SPACE_VSID
        load    r29, SPACE_PAGES
2:      mtsr    SPACES >> 28, r30
        isync
        lwz     r4, 0(r31)              # its own VSID must stand there,
        lwz     r5, 0(r29)              # and in the physical page that is meant
        xor     r4, r4, r30
        xor     r5, r5, r30
        or      r3, r3, r4
        or      r3, r3, r5
        addis   r30, r30, 8
        addi    r29, r29, 0x1000
        srwi    r4, r30, 19
        cmpwi   r4, SPACE_COUNT
        blt     2b
        lwz     r4, evicted_count(0)
        subf    r4, r28, r4
        cmpwi   r4, SPACE_COUNT - 16    # at least those that never fitted
        bge     3f
        li      r3, 1
3:      leave

# Exceptions report their cause: vector in r4, SRR1 in r3.
test_exceptions:
        li      r12, 0
        expect  1f
        sc
1:      xori    r4, r4, 0xC00
        or      r12, r12, r4
        expect  2f
        trap
2:      xori    r4, r4, 0x700
        rlwinm  r3, r3, 0, 11, 14
        xoris   r3, r3, 0x0002          # trap
        or      r12, r12, r4
        or      r12, r12, r3
        expect  3f
        .long   0                       # no instruction
3:      xori    r4, r4, 0x700
        rlwinm  r3, r3, 0, 11, 14
        xoris   r3, r3, 0x0008          # illegal
        or      r12, r12, r4
        or      r12, r12, r3
        expect  4f
        fmr     f0, f0                  # MSR[FP] is 0
4:      xori    r4, r4, 0x800
        or      r12, r12, r4
        load    r5, SCRATCH + 1
        expect  5f
        lwarx   r6, 0, r5               # must be at a multiple of 4
5:      xori    r4, r4, 0x600
        or      r3, r12, r4
        blr
