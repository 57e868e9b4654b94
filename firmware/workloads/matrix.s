# Product of two square matrices of words, modulo 2^32.
#   r3: first matrix, by rows; the second follows it; r4: rows; r5: product
    .globl  _start
_start:
    slwi    r6,r4,2             # bytes of a row
    mullw   r7,r6,r4
    add     r7,r3,r7            # second matrix
    mr      r8,r4
row:
    mr      r9,r4
    mr      r10,r7
column:
    li      r11,0
    mr      r12,r3
    mr      r14,r10
    mtctr   r4
product:
    lwz     r15,0(r12)
    lwz     r16,0(r14)
    mullw   r15,r15,r16
    add     r11,r11,r15
    addi    r12,r12,4
    add     r14,r14,r6
    bdnz    product
    stw     r11,0(r5)
    addi    r5,r5,4
    addi    r10,r10,4
    addic.  r9,r9,-1
    bne     column
    add     r3,r3,r6
    addic.  r8,r8,-1
    bne     row
    blr
