# Shell sort of signed words.
#   r3: array, r4: elements
    .globl  _start
_start:
    srwi    r5,r4,1             # gap, in elements
    slwi    r6,r4,2             # end of the array, in bytes
gap:
    cmpwi   r5,0
    beqlr
    slwi    r7,r5,2             # gap, in bytes
    mr      r8,r7
next:
    cmpw    r8,r6
    bge     shrink
    lwzx    r9,r3,r8            # the element to insert
    mr      r10,r8
shift:
    subf.   r11,r7,r10
    blt     place
    lwzx    r12,r3,r11
    cmpw    r12,r9
    ble     place
    stwx    r12,r3,r10
    mr      r10,r11
    b       shift
place:
    stwx    r9,r3,r10
    addi    r8,r8,4
    b       next
shrink:
    srwi    r5,r5,1
    b       gap
