# The stacks, the hash table and the dictionary need the first megabyte. With less, there is only a
# message, in real mode and without memory; then the processor waits for a reset.

too_little_memory:                      # r31 = bytes
        load    r9, message_uart
        lwz     r9, 0(r9)
        cmpwi   r9, 0
        beq     2f
        li      r3, 0x83                # LCR: divisor latch, 8 data bits
        stb     r3, 3(r9)
        li      r3, 0
        stb     r3, 1(r9)
        li      r3, 1                   # 115200 baud
        stb     r3, 0(r9)
        li      r3, 3
        stb     r3, 3(r9)
        load    r4, little_begin
        bl      little_print
        srwi    r5, r31, 10
        li      r6, 100
1:      divwu   r3, r5, r6
        mullw   r7, r3, r6
        subf    r5, r7, r5
        cmplwi  r3, 1                   # 64 has no hundreds; no other digit is 0
        blt     3f
        addi    r3, r3, '0'
        bl      little_emit
3:      li      r7, 10
        divwu   r6, r6, r7
        cmpwi   r6, 0
        bne     1b
        load    r4, little_end
        bl      little_print
2:      b       2b

# Print text at r4 up to a zero. Uses r3, r8.
little_print:
        mflr    r8
        subi    r4, r4, 1
1:      lbzu    r3, 1(r4)
        cmpwi   r3, 0
        beq     2f
        bl      little_emit
        b       1b
2:      mtlr    r8
        blr

little_emit:
        lbz     r0, 5(r9)               # LSR: is there room?
        andi.   r0, r0, 0x20
        beq     little_emit
        stb     r3, 0(r9)
        eieio
        blr

        .pushsection .rodata
little_begin:   .asciz "\r\npteg Open Firmware needs 1 MB of memory, not "
little_end:     .asciz " KB.\r\n"
        .popsection
