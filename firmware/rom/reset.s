# From the reset vector to a running MMU.

reset:  # MSR is 0x40: real mode, vectors in ROM. Registers, BATs, segments and TLBs hold anything.
        li      r3, MSR_IP | MSR_ME | MSR_RI
        mtmsr   r3                      # from here on a bus error is an exception
        li      r3, 0
        mtsprg  3, r3                   # nobody expects one
        load    r4, HID0_BHT            # caches are off: probing must reach the bus
        mtspr   hid0, r4
        isync

        bl      uart_init
        load    r3, banner
        bl      puts

        bl      memory_size_probe
        lis     r4, MEMORY_LEAST@h
        cmplw   r3, r4
        blt     too_small
        mr      r31, r3                 # memory size, until there are variables

        # Empty both caches, then turn them on. The serial port must not be read through a cache,
        # so it is out of reach until its BAT maps it.
        mfspr   r3, hid0
        ori     r4, r3, HID0_ICE | HID0_DCE | HID0_ICFI | HID0_DCFI
        ori     r3, r3, HID0_ICE | HID0_DCE
        isync
        mtspr   hid0, r4
        mtspr   hid0, r3
        isync

        bl      clear_variables
        stw     r31, memory_size(0)
        bl      map_blocks
        bl      make_hash_table
        bl      load_segments
        bl      clear_tlbs

        # rfi turns translation on and goes on where it says, both in one step.
        load    r3, translated
        mtsrr0  r3
        li      r3, MSR_IP | MSR_ME | MSR_RI | MSR_IR | MSR_DR
        mtsrr1  r3
        load    r1, STACK_TOP           # its page is not mapped yet: the first fault
        rfi
translated:
        bl      report_machine
        bl      self_test
        mr      r31, r3
        bl      report_events
        mr      r3, r31
        bl      report_result
        b       monitor

too_small:
        load    r3, too_small_text
        bl      puts
1:      b       1b

# Find out how much RAM there is: double the size until a read is not answered (which the bus
# reports as an error, and the processor as a machine check), or what is written there appears at
# address 0 as well, because the address wraps. Nothing is changed. r3 <- bytes
memory_size_probe:
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
2:      li      r3, 0
        mtsprg  3, r3
        mr      r3, r6
        mtlr    r12
        blr

# dcbz clears a cache line of 32 bytes without reading it.
clear_variables:
        li      r3, VARIABLES
        li      r4, (variables_end - VARIABLES + 31) / 32
# Clear r4 blocks of 32 bytes from r3 on.
clear:  mtctr   r4
1:      dcbz    0, r3
        addi    r3, r3, 32
        bdnz    1b
        blr

# Blocks: the ROM, and the serial port, which must be neither cached nor read ahead.
map_blocks:
        li      r0, 0
        .irp    n, 0, 1, 2, 3
        mtibatu \n, r0                  # invalid first: two blocks must never overlap
        mtdbatu \n, r0
        .endr
        load    r3, ROM | 1             # lower word: read-only
        load    r4, ROM | 0x1E          # upper word: 1 MB, valid for the supervisor
        mtibatl 0, r3
        mtdbatl 0, r3
        isync
        mtibatu 0, r4
        mtdbatu 0, r4
        load    r3, (UART & 0xFFFE0000) | 0x2A  # caching-inhibited, guarded, read and write
        load    r4, (UART & 0xFFFE0000) | 2     # 128 KB, valid for the supervisor
        mtdbatl 1, r3
        mtdbatu 1, r4
        isync
        blr

# The hash table has a size that the manual recommends (PEM 7.6.1.2): a PTEG for every two pages of
# memory, 1/128 of it, at least 64 KB; at the top of memory, where its alignment comes by itself.
make_hash_table:
        mflr    r12
        lwz     r5, memory_size(0)
        srwi    r6, r5, 7
        lis     r7, 1                   # 64 KB
        cmplw   r6, r7
        bge     1f
        mr      r6, r7
1:      subf    r3, r6, r5              # HTABORG
        subi    r7, r6, 1
        srwi    r7, r7, 16              # HTABMASK: 64 KB is 0, 128 KB 1, 256 KB 3, …
        or      r7, r7, r3
        srwi    r4, r6, 5
        bl      clear                   # V = 0 everywhere
        sync
        mtsdr1  r7
        isync
        mtlr    r12
        blr

# Sixteen segments with VSIDs that spread over the hash table; the user's key is 1.
load_segments:
        li      r3, 0                   # effective address
        lis     r4, 0x2000              # Kp
        li      r5, 16
        mtctr   r5
1:      mtsrin  r4, r3
        addi    r4, r4, 0x111
        addis   r3, r3, 0x1000
        bdnz    1b
        load    r4, 0x30000999          # READ_ONLY must not be run either: N
        mtsr    READ_ONLY >> 28, r4
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
        tlbsync
        sync
        blr

        .section .rodata
banner: .asciz  "\npteg: first light\n"
too_small_text:
        .asciz  "pteg: 1 MB of memory is required\n"
        .text
