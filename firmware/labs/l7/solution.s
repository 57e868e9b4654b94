# page_fault: r3 = EA, r4 = DSISR. Every register is free; r1 is a stack.
# Pages that were never stored to share TEMPLATE, read only. Frames are replaced by a clock.

.equ PAGE_OF, 0                 # of each frame: number of its page + 1, or 0
.equ PTE_OF, 0x100              # of each page: address of its PTE, or 0
.equ ON_DISK, 0x200             # of each page: 1 if the disk has it
.equ HAND, 0x300

        .globl  page_fault
page_fault:
        mflr    r31
        lis     r17, DATA@h
        rlwinm  r14, r3, 0, 0, 19       # EA of the page
        mr      r15, r4
        lis     r5, BASE@h
        ori     r5, r5, BASE@l
        sub     r16, r14, r5
        srwi    r16, r16, 12            # its number
        cmpwi   r16, FILES
        blt     own
        addi    r6, r17, ON_DISK
        lbzx    r18, r6, r16
        cmpwi   r18, 0
        bne     own
        andis.  r0, r15, 0x0200         # a store
        bne     copy
        lis     r4, TEMPLATE@h
        ori     r4, r4, 0x13            # M, read only
        b       map
copy:   slwi    r18, r16, 2
        addi    r18, r18, PTE_OF
        lwzx    r3, r17, r18
        cmpwi   r3, 0
        beq     1f
        mr      r4, r14
        bl      pte_remove              # of TEMPLATE
1:      bl      new_frame
        mr      r3, r20
        lis     r4, TEMPLATE@h
        bl      page_copy
        b       map_own
own:    bl      new_frame
        mr      r3, r16
        mr      r4, r20
        bl      disk_read
map_own:
        ori     r4, r20, 0x12           # M, read and write
map:    mr      r3, r14
        lis     r5, VSID@h
        ori     r5, r5, VSID@l
        bl      htab_insert
        slwi    r18, r16, 2
        addi    r18, r18, PTE_OF
        stwx    r3, r17, r18
        mtlr    r31
        blr

# A frame for page r16: its address is r20.
new_frame:
        mflr    r30
turn:   lwz     r21, HAND(r17)
        addi    r5, r21, 1
        andi.   r5, r5, FRAME_COUNT - 1
        stw     r5, HAND(r17)
        slwi    r20, r21, 12
        addis   r20, r20, FRAMES@h
        lbzx    r22, r17, r21
        cmpwi   r22, 0
        beq     taken                   # it is free
        addi    r22, r22, -1            # number of the page that has it
        slwi    r23, r22, 2
        addi    r23, r23, PTE_OF
        lwzx    r24, r17, r23           # its PTE
        slwi    r25, r22, 12
        lis     r5, BASE@h
        ori     r5, r5, BASE@l
        add     r25, r25, r5            # its EA
        lbz     r5, 6(r24)
        andi.   r6, r5, 1               # R
        beq     replace
        rlwinm  r5, r5, 0, 24, 30
        stb     r5, 6(r24)              # another chance; C is in another byte
        sync
        tlbie   r25                     # so that the next use sets R again
        eieio
        tlbsync
        sync
        b       turn
replace:
        mr      r3, r24
        mr      r4, r25
        bl      pte_remove
        li      r5, 0
        stwx    r5, r17, r23
        lbz     r5, 7(r24)              # C is certain now
        andi.   r5, r5, 0x80
        beq     taken
        addi    r6, r17, ON_DISK
        li      r5, 1
        stbx    r5, r6, r22
        mr      r3, r22
        mr      r4, r20
        bl      disk_write
taken:  addi    r5, r16, 1
        stbx    r5, r17, r21
        mtlr    r30
        blr
