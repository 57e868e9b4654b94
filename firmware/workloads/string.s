# Counts the places where one string occurs in another.
#   r3: text, r4: what is looked for; both end with a zero byte; gives r3: count
    .globl  _start
_start:
    li      r5,0
place:
    lbz     r6,0(r3)
    cmpwi   r6,0
    beq     done
    mr      r7,r3
    mr      r8,r4
compare:
    lbz     r9,0(r8)
    cmpwi   r9,0
    beq     found
    lbz     r10,0(r7)
    addi    r7,r7,1
    addi    r8,r8,1
    cmpw    r9,r10
    beq     compare
    addi    r3,r3,1
    b       place
found:
    addi    r5,r5,1
    addi    r3,r3,1
    b       place
done:
    mr      r3,r5
    blr
