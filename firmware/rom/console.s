# The serial port (a 16550) and the printing of numbers.

RBR             = UART + 0      # receiver buffer
THR             = UART + 0      # transmitter holding
DLL             = UART + 0      # divisor, with LCR[DLAB]
DLM             = UART + 1
IER             = UART + 1
FCR             = UART + 2
LCR             = UART + 3
LSR             = UART + 5
LCR_DLAB        = 0x80
LCR_8N1         = 0x03
FCR_ON          = 0x07          # FIFOs on and empty
LSR_DATA        = 0x01
LSR_ROOM        = 0x20
DIVISOR         = 1             # 1.8432 MHz / 16 / 115200

uart_init:
        lis     r4, UART@ha
        li      r3, 0
        stb     r3, IER@l(r4)           # no interrupts
        li      r3, LCR_DLAB
        stb     r3, LCR@l(r4)
        li      r3, DIVISOR
        stb     r3, DLL@l(r4)
        li      r3, DIVISOR >> 8
        stb     r3, DLM@l(r4)
        li      r3, LCR_8N1
        stb     r3, LCR@l(r4)
        li      r3, FCR_ON
        stb     r3, FCR@l(r4)
        eieio
        blr

# Print the character in r3. Uses r11, r12.
putc:   lis     r12, UART@ha
1:      lbz     r11, LSR@l(r12)
        andi.   r11, r11, LSR_ROOM
        beq     1b
        stb     r3, THR@l(r12)
        eieio
        blr

# Wait for a character: r3.
getc:   lis     r12, UART@ha
1:      lbz     r11, LSR@l(r12)
        andi.   r11, r11, LSR_DATA
        beq     1b
        lbz     r3, RBR@l(r12)
        blr

# Print the text at r3. Uses no memory: it works before any has been found.
puts:   mflr    r10
        subi    r9, r3, 1
1:      lbzu    r3, 1(r9)
        cmpwi   r3, 0
        beq     2f
        bl      putc
        b       1b
2:      mtlr    r10
        blr

# Print r3 as eight hexadecimal digits, or its upper r4 bits (a multiple of 4).
puthex: li      r4, 32
puthex_digits:
        mflr    r10
        mr      r9, r3
1:      rotlwi  r9, r9, 4
        clrlwi  r3, r9, 28
        cmpwi   r3, 10
        blt     2f
        addi    r3, r3, 'a' - '0' - 10
2:      addi    r3, r3, '0'
        bl      putc
        subic.  r4, r4, 4
        bne     1b
        mtlr    r10
        blr

# Print r3 in decimal.
putdec: mflr    r10
        mr      r9, r3
        lis     r8, 1000000000@h
        ori     r8, r8, 1000000000@l    # the digit's weight
        li      r7, 0                   # a digit has been printed
        li      r6, 10
1:      divwu   r3, r9, r8
        mullw   r5, r3, r8
        subf    r9, r5, r9
        or.     r7, r7, r3
        bne     2f
        cmpwi   r8, 1
        bne     3f                      # leading zero
2:      addi    r3, r3, '0'
        bl      putc
3:      divwu   r8, r8, r6
        cmpwi   r8, 0
        bne     1b
        mtlr    r10
        blr
