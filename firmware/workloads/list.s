# Reverses a linked list, then walks it again; both times a checksum takes in the values.
#   r3: first node (address of the next, value); gives r3: checksum, r5: first node
    .globl  _start
_start:
    li      r5,0                # the node before
    li      r6,0                # checksum
reverse:
    cmpwi   r3,0
    beq     again
    lwz     r7,0(r3)
    lwz     r8,4(r3)
    rotlwi  r6,r6,5
    xor     r6,r6,r8
    stw     r5,0(r3)
    mr      r5,r3
    mr      r3,r7
    b       reverse
again:
    mr      r3,r5
walk:
    cmpwi   r3,0
    beq     done
    lwz     r8,4(r3)
    lwz     r3,0(r3)
    rotlwi  r6,r6,5
    add     r6,r6,r8
    b       walk
done:
    mr      r3,r6
    blr
