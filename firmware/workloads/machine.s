# A state machine that counts words (a letter, then letters and digits) and numbers (digits).
#   r3: text that ends with a zero byte; gives r3: words, r4: numbers
    .globl  _start
_start:
    li      r5,0
    li      r6,0
    lis     r7,states@ha
    addi    r7,r7,states@l
    li      r8,0                # the state, as an offset into the table
    addi    r3,r3,-1
next:
    lbzu    r9,1(r3)
    cmpwi   r9,0
    beq     done
    lwzx    r10,r7,r8
    mtctr   r10
    bctr
between:
    cmpwi   r9,'0'
    blt     next
    cmpwi   r9,'9'
    ble     number
    cmpwi   r9,'a'
    blt     next
    cmpwi   r9,'z'
    bgt     next
    addi    r5,r5,1
    li      r8,4
    b       next
number:
    addi    r6,r6,1
    li      r8,8
    b       next
in_word:
    cmpwi   r9,'0'
    blt     leave
    cmpwi   r9,'9'
    ble     next
    cmpwi   r9,'a'
    blt     leave
    cmpwi   r9,'z'
    ble     next
leave:
    li      r8,0
    b       next
in_number:
    cmpwi   r9,'0'
    blt     leave
    cmpwi   r9,'9'
    ble     next
    li      r8,0
    b       between             # a letter begins a word
done:
    mr      r3,r5
    mr      r4,r6
    blr
    .balign 4
states:
    .long   between,in_word,in_number
