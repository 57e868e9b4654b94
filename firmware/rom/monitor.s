# A prompt, when all is done. Commands: d ADDRESS (dump), w ADDRESS (walk), s (statistics), ?

monitor:
        load    r1, STACK_TOP
prompt: print   "ok "
        bl      read_line
        lbz     r3, line(0)
        cmpwi   r3, 0
        beq     prompt
        cmpwi   r3, 'd'
        beq     command_dump
        cmpwi   r3, 'w'
        beq     command_walk
        cmpwi   r3, 's'
        beq     command_statistics
        print   "d ADDRESS  dump 64 bytes\nw ADDRESS  walk: how an address is translated\ns          statistics\n"
        b       prompt

command_statistics:
        bl      report_events
        b       prompt

# Read a line to `line`, with echo, backspace and a zero at the end.
read_line:
        enter
        li      r31, line
1:      bl      getc
        cmpwi   r3, '\r'
        beq     4f
        cmpwi   r3, '\n'
        beq     4f
        cmpwi   r3, '\b'
        beq     2f
        cmpwi   r3, 0x7F
        beq     2f
        cmpwi   r3, ' '
        blt     1b
        cmpwi   r31, line_end - 1
        bge     1b                      # full
        stb     r3, 0(r31)
        addi    r31, r31, 1
        bl      putc
        b       1b
2:      cmpwi   r31, line
        ble     1b
        subi    r31, r31, 1
        print   "\b \b"
        b       1b
4:      li      r3, 0
        stb     r3, 0(r31)
        li      r3, '\n'
        bl      putc
        leave

# The hexadecimal number after the command letter: r3
read_number:
        li      r3, 0
        li      r4, line
1:      lbzu    r5, 1(r4)
        cmpwi   r5, 0
        beqlr
        cmpwi   r5, ' '
        beq     1b
        ori     r5, r5, 0x20            # lower case; digits stay digits
        subi    r5, r5, '0'
        cmplwi  r5, 10
        blt     2f
        subi    r5, r5, 'a' - '0' - 10
        cmplwi  r5, 16
        bgelr
        cmplwi  r5, 10
        bltlr
2:      slwi    r3, r3, 4
        or      r3, r3, r5
        b       1b

command_dump:
        bl      read_number
        clrrwi  r31, r3, 2
        li      r30, 16
1:      andi.   r3, r30, 3
        bne     2f
        mr      r3, r31
        bl      puthex
        print   ":"
2:      print   " "
        expect  dump_fault
        lwz     r29, 0(r31)
        li      r3, 0
        mtsprg  3, r3
        mr      r3, r29
        bl      puthex
        addi    r31, r31, 4
        subic.  r30, r30, 1
        andi.   r3, r30, 3
        bne     1b
        print   "\n"
        cmpwi   r30, 0
        bne     1b
        b       prompt
dump_fault:
        mr      r30, r3
        mr      r29, r4
        print   "exception "
        mr      r3, r29
        bl      puthex
        print   ", cause "
        mr      r3, r30
        bl      puthex
        print   "\n"
        b       prompt

# How an address is translated for data: by a block, or by which PTE.
command_walk:
        bl      read_number
        mr      r31, r3
        .irp    n, 0, 1, 2, 3
        mfdbatu r30, \n
        mfdbatl r29, \n
        li      r28, \n
        bl      block_match
        beq     walk_block
        .endr
        print   "segment "
        srwi    r3, r31, 28
        bl      putdec
        mfsrin  r30, r31
        print   ", VSID "
        slwi    r3, r30, 8
        li      r4, 24
        bl      puthex_digits
        print   ", page "
        rlwinm  r3, r31, 4, 0, 15
        li      r4, 16
        bl      puthex_digits
        hash    r31
        mr      r30, r7
        print   "\nhash "
        mr      r3, r30
        bl      puthex
        print   ", groups "
        hash    r31
        group   r3
        bl      puthex
        print   " and "
        hash    r31
        not     r7, r7
        group   r3
        bl      puthex
        mr      r3, r31
        bl      pte_find
        mr.     r30, r3
        mr      r29, r4
        beq     walk_nothing
        print   "\nPTE "
        lwz     r3, 0(r30)
        bl      puthex
        print   " "
        lwz     r3, 4(r30)
        bl      puthex
        print   " at "
        mr      r3, r30
        bl      puthex
        print   ", entry "
        mr      r3, r29
        bl      putdec
        print   " of 16: "
        lwz     r3, 4(r30)
        bl      put_bits
        print   ", physical "
        lwz     r3, 4(r30)
        rlwimi  r3, r31, 0, 20, 31
        bl      puthex
        print   "\n"
        b       prompt
walk_nothing:
        print   "\nno PTE in 16\n"
        b       prompt
walk_block:
        print   "DBAT"
        mr      r3, r28
        bl      putdec
        print   ", physical "
        rlwinm  r4, r30, 15, 4, 14      # BL: the address bits that the block keeps
        oris    r4, r4, 1
        ori     r4, r4, 0xFFFF
        and     r5, r31, r4
        clrrwi  r3, r29, 17
        or      r3, r3, r5
        bl      puthex
        print   "\n"
        b       prompt

# CR0[EQ] <- the address in r31 is in the block with upper word r30, valid for the supervisor
block_match:
        rlwinm  r4, r30, 15, 4, 14      # BL
        xor     r5, r31, r30
        clrrwi  r5, r5, 17
        andc    r5, r5, r4
        rlwinm  r6, r30, 31, 31, 31     # Vs
        xori    r6, r6, 1
        or.     r5, r5, r6
        blr
