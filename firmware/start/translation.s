# Segments and TLBs before translation is turned on.

# Sixteen segments with VSIDs that spread over the hash table.
load_segments:
        li      r3, 0                   # effective address
        lis     r4, 0x2000              # Kp
        li      r5, 16
        mtctr   r5
1:      mtsrin  r4, r3
        addi    r4, r4, 0x111
        addis   r3, r3, 0x1000
        bdnz    1b
        isync
        blr

# A tlbie for each of the 64 sets; the address bits EA[14-19] are what counts.
clear_tlbs:
        li      r3, 0
        li      r4, 64
        mtctr   r4
1:      tlbie   r3
        addi    r3, r3, 0x1000
        bdnz    1b
        eieio                           # all of them before the tlbsync (PEM 7.6.3.2)
        tlbsync
        sync
        blr
