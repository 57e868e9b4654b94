# From the reset vector to the first Forth word.

reset:  # MSR is 0x40: real mode, vectors in ROM. Registers, BATs, segments and TLBs hold anything.
        li      LP, 0
reset_again:                            # LP = 1: the variables were lost (throw.s)
        li      r3, MSR_IP | MSR_ME | MSR_RI
        mtmsr   r3                      # from here on a bus error is an exception
        li      r3, 0
        mtspr   iabr, r3
        isync
        load    r4, HID0_BHT | HID0_BTIC
        mtspr   hid0, r4                # caches are off: probing must reach the bus
        isync
        bl      probe_memory
        mr      r31, r3
        lis     r4, FIRMWARE_END@h
        cmplw   r3, r4
        blt     too_little_memory

        bl      turn_caches_on
        bl      copy_data
        stw     r31, memory_size(0)
        stw     LP, variables_lost(0)
        bl      make_vectors
        bl      make_translations
        bl      make_hash_table
        load    r12, own_environment    # a block for the ROM; everything else is mapped by pages
        bl      install_environment
        bl      clear_tlbs

        # rfi turns translation on and continues where it says, both in one step. From here on every
        # page of memory is found in the hash table, and put there when it is first missed.
        load    r3, translated
        mtsrr0  r3
        li      r3, MSR_FORTH
        mtsrr1  r3
        rfi
translated:
        load    RS, RETURN_STACK_TOP
        load    DS, DATA_STACK_TOP
        li      LP, 0
        load    r3, start_word
        lwz     r3, 0(r3)
        mtctr   r3
        bctr                            # `cold`, which does not return

# Variables get their initial values; buffers behind them are cleared.
copy_data:
        load    r5, data_image
        lwz     r4, 0(r5)               # where the image is in the ROM
        lwz     r5, 4(r5)               # its size, a multiple of 32
        srwi    r6, r5, 2
        mtctr   r6
        subi    r4, r4, 4
        li      r3, DATA - 4
1:      lwzu    r6, 4(r4)
        stwu    r6, 4(r3)
        bdnz    1b
        addi    r3, r3, 4
        load    r4, DATA_END
        subf    r4, r3, r4
        srwi    r4, r4, 5
        b       clear

# At each vector in RAM a branch to the one in the ROM, for clients, which run with MSR[IP] = 0.
make_vectors:
        li      r3, RAM_VECTORS
        load    r4, 0x48000002 | (ROM & 0x03FFFFFC)     # ba ROM
        li      r5, 0x17                                # vectors 0x100 to 0x1700
        mtctr   r5
1:      or      r6, r4, r3
        stw     r6, 0(r3)
        dcbst   0, r3
        sync
        icbi    0, r3
        addi    r3, r3, 0x100
        bdnz    1b
        sync
        isync
        blr

# The list of translations: RAM with its gaps, the ROM, and the windows of the devices.
make_translations:
        lwz     r5, memory_size(0)
        li      r3, TRANSLATIONS - 4
        load    r4, ram_pieces - 8
1:      lwzu    r6, 8(r4)
        lwz     r7, 4(r4)
        cmpwi   r7, 0
        bne     2f
        mr      r7, r5                  # the last piece ends where memory ends
2:      subf    r8, r6, r7
        li      r9, MODE_RAM
        stwu    r6, 4(r3)
        stwu    r8, 4(r3)
        stwu    r6, 4(r3)
        stwu    r9, 4(r3)
        cmplw   r7, r5
        blt     1b
        load    r4, windows
        lwz     r4, 0(r4)               # the compiler's: ROM and devices, size 0 at the end
        subi    r4, r4, 4
3:      lwzu    r6, 4(r4)
        lwzu    r7, 4(r4)
        lwzu    r8, 4(r4)
        lwzu    r9, 4(r4)
        stwu    r6, 4(r3)
        stwu    r7, 4(r3)
        stwu    r8, 4(r3)
        stwu    r9, 4(r3)
        cmpwi   r7, 0
        bne     3b
        blr

        .section .rodata
        .balign 4
ram_pieces:                             # begin and end; the gaps are the guards of the stacks
        .long   0, DATA_STACK - 0x1000
        .long   DATA_STACK, DATA_STACK_TOP
        .long   RETURN_STACK, RETURN_STACK_TOP
        .long   DICTIONARY, 0
        .text

make_hash_table:
        mflr    r12
        load    r3, HASH_TABLE
        li      r4, HASH_TABLE_SIZE / 32
        bl      clear                   # V = 0 everywhere
        sync
        mtlr    r12
        blr

# What the compiler fills in.
        .section .rodata
        .balign 4
start_word:     .long 0                 # xt of `cold`
data_image:     .long 0, 0              # address and size of the initial values
windows:        .long 0                 # address of the list of windows
message_uart:   .long 0                 # address of the console if it is a 16550
        .text
