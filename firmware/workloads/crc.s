# CRC-32 (IEEE 802.3), bit by bit.
#   r3: bytes, r4: their number, not 0; gives r3: CRC
    .globl  _start
_start:
    lis     r5,0xEDB8
    ori     r5,r5,0x8320
    li      r6,-1
    li      r8,8
    addi    r3,r3,-1
byte:
    lbzu    r7,1(r3)
    xor     r6,r6,r7
    mtctr   r8
bit:
    andi.   r7,r6,1
    srwi    r6,r6,1
    beq     zero
    xor     r6,r6,r5
zero:
    bdnz    bit
    addic.  r4,r4,-1
    bne     byte
    not     r3,r6
    blr
