# From the reset vector to a running MMU.

reset:  # MSR is 0x40: real mode, vectors in ROM. Registers, BATs, segments and TLBs hold anything.
        li      r3, MSR_IP | MSR_ME | MSR_RI
        mtmsr   r3                      # from here on a bus error is an exception
        li      r3, 0
        mtsprg  3, r3                   # none is expected
        load    r4, HID0_BHT            # caches are off: probing must reach the bus
        mtspr   hid0, r4
        isync

        bl      uart_init
        load    r3, banner
        bl      puts

        bl      probe_memory
        lis     r4, MEMORY_LEAST@h
        cmplw   r3, r4
        blt     too_small
        mr      r31, r3                 # memory size, until there are variables

        # The serial port must not be read through a cache: out of reach until its BAT maps it.
        bl      turn_caches_on
        bl      clear_variables
        stw     r31, memory_size(0)
        bl      map_blocks
        bl      make_hash_table
        bl      load_segments
        bl      forbid_fetching
        bl      clear_tlbs

        # rfi turns translation on and continues where it says, both in one step.
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

clear_variables:
        li      r3, VARIABLES
        li      r4, (variables_end - VARIABLES + 31) / 32
        b       clear

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

# READ_ONLY must not be run either: its segment gets N.
forbid_fetching:
        load    r4, 0x30000999
        mtsr    READ_ONLY >> 28, r4
        isync
        blr

        .section .rodata
banner: .asciz  "\npteg: first light\n"
too_small_text:
        .asciz  "pteg: 1 MB of memory is required\n"
        .text
