# A pool of VSIDs that is flushed only when it is used up. vsid_new returns a VSID that no context
# has, and that no TLB and no PTE knows; or 0. vsid_free: r3 = a VSID that its context gives back.

.equ UNUSED, 0
.equ LIVE, 1
.equ DEAD, 2                    # given back, but page table and TLBs may still know it

        .globl  vsid_new, vsid_free
vsid_free:
        lis     r6, POOL@h
        ori     r6, r6, POOL@l
        lis     r4, FIRST@h
        ori     r4, r4, FIRST@l
        subf    r4, r4, r3
        li      r5, DEAD
        stbx    r5, r6, r4
        blr

vsid_new:
        mflr    r12
        lis     r6, POOL@h
        ori     r6, r6, POOL@l
        lis     r11, FIRST@h
        ori     r11, r11, FIRST@l
        li      r8, UNUSED
        bl      find
        beq     take
        li      r8, DEAD
        li      r3, 0           # if all of them are live
        bl      find
        bne     leave
        bl      flush
        li      r8, UNUSED
        bl      find
take:   li      r5, LIVE
        stbx    r5, r6, r4
        add     r3, r11, r4
leave:  mtlr    r12
        blr

find:                           # r4 = number of one in the state r8, if EQ
        li      r4, 0
        li      r5, COUNT
        mtctr   r5
1:      lbzx    r5, r6, r4
        cmpw    r5, r8
        beqlr
        addi    r4, r4, 1
        bdnz    1b
        blr

flush:                          # the dead become unused: no PTE and no TLB entry is left of them
        lis     r7, TABLE@h
        li      r8, 0x2000      # PTEs of a table of 64 KB
        mtctr   r8
1:      lwz     r9, 0(r7)
        cmpwi   r9, 0           # V is the sign
        bge     2f
        rlwinm  r10, r9, 25, 8, 31      # its VSID
        subf    r10, r11, r10
        cmplwi  r10, COUNT
        bge     2f
        lbzx    r10, r6, r10
        cmpwi   r10, DEAD
        bne     2f              # pages of the living stay
        clrlwi  r9, r9, 1
        stw     r9, 0(r7)       # V = 0
2:      addi    r7, r7, 8
        bdnz    1b
        sync                    # from here on, searches find none of them
        li      r8, 64          # tlbie takes all ways of a set, whatever their VSID is
        mtctr   r8
        li      r7, 0
3:      tlbie   r7              # this set
        addi    r7, r7, 0x1000
        bdnz    3b
        eieio                   # the last tlbie before tlbsync
        tlbsync                 # on every processor
        sync                    # and neither does a TLB
        li      r8, COUNT
        mtctr   r8
        li      r4, 0
4:      lbzx    r5, r6, r4
        cmpwi   r5, DEAD
        bne     5f
        li      r5, UNUSED
        stbx    r5, r6, r4
5:      addi    r4, r4, 1
        bdnz    4b
        blr
