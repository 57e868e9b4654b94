# Contexts come and go, as a list of operations says; the student's vsid_new and vsid_free give each
# its VSID. An operation is four words: what, the context's slot (times 4), an EA, a word.
# r29 is the first load that has read what is not its context's, r30 the first that has found no page
# where one was mapped: addresses of their operations, or 0.

.equ SLOTS, 0x4000              # VSID of each slot
.equ STACK, 0x7ff0

        .section .vectors, "ax"
        li      r19, 1          # at 0x300: note it, and go on behind the access
        mfsrr0  r18
        addi    r18, r18, 4
        mtsrr0  r18
        rfi

        .text
        .globl  _start, done
_start:
        li      r1, STACK
        li      r29, 0
        li      r30, 0
        lis     r3, TABLE@h
        mtsdr1  r3
        li      r3, 0xfe        # 8 MB from 0, supervisor
        mtdbatu 0, r3
        li      r3, 0x12
        mtdbatl 0, r3
        isync
        mfmsr   r3
        ori     r3, r3, 0x10    # DR
        mtmsr   r3
        isync
        lis     r31, LOG@h      # what vsid_new returns
        lis     r25, LIST@h
        b       first
next:   addi    r25, r25, 16
first:  lwz     r20, 0(r25)
        lwz     r21, 4(r25)
        lwz     r22, 8(r25)
        lwz     r23, 12(r25)
        cmpwi   r20, NEW
        beq     new
        cmpwi   r20, FREE
        beq     free_slot
        cmpwi   r20, MAP
        beq     map
        cmpwi   r20, LOAD
        bne     done
        lwz     r3, SLOTS(r21)  # the context runs, and loads
        mtsrin  r3, r22
        isync
        li      r19, 0
        lwz     r24, 0(r22)
        cmpwi   r23, 0          # no page may be there
        bne     1f
        cmpwi   r19, 0
        bne     next
        b       foreign
1:      cmpwi   r19, 0
        bne     absent
        cmpw    r24, r23
        beq     next
foreign:
        cmpwi   r29, 0
        bne     next
        mr      r29, r25
        b       next
absent: cmpwi   r30, 0
        bne     next
        mr      r30, r25
        b       next
done:   b       done

new:    bl      vsid_new
        stw     r3, SLOTS(r21)
        stw     r3, 0(r31)
        addi    r31, r31, 4
        b       next

free_slot:
        lwz     r3, SLOTS(r21)
        bl      vsid_free
        b       next

map:    mr      r3, r22         # the word is the second one of the PTE
        mr      r4, r23
        lwz     r5, SLOTS(r21)
        bl      htab_insert
        b       next
