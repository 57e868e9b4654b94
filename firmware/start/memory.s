# Memory: its size, and how to clear it.

# Find out how much RAM there is: double the size until a read is not answered (which the bus
# reports as an error, and the processor as a machine check), or what is written there appears at
# address 0 as well, because the address wraps. Nothing is changed. r3 <- bytes
probe_memory:
        mflr    r12
        load    r5, 0x50544547          # "PTEG"
        lis     r6, 1                   # 64 KB, the least that a board has
        lis     r7, MEMORY_MOST@h
        lwz     r8, 0(0)                # to be put back
1:      expect  2f
        lwz     r9, 0(r6)               # machine check here: no memory
        stw     r5, 0(r6)
        sync
        lwz     r10, 0(r6)
        stw     r9, 0(r6)
        cmpw    r10, r5
        bne     2f                      # something answers that is not RAM
        stw     r5, 0(0)
        not     r10, r5
        stw     r10, 0(r6)
        sync
        lwz     r11, 0(0)
        stw     r9, 0(r6)
        stw     r8, 0(0)
        cmpw    r11, r5
        bne     2f                      # the same word answers at both places
        slwi    r6, r6, 1
        cmplw   r6, r7
        blt     1b
2:      expect_none
        mr      r3, r6
        mtlr    r12
        blr

# Clear r4 blocks of 32 bytes from r3 on. dcbz clears a cache line without reading it.
clear:  mtctr   r4
1:      dcbz    0, r3
        addi    r3, r3, 32
        bdnz    1b
        blr
