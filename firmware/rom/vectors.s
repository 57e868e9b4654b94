# Exception vectors. DSI and ISI go to the page fault handler; every other exception, and every
# fault that is not a missing page of a known window, goes to whoever expects it (SPRG3) or ends.

        .section .vectors, "ax"
        .org    ROM
        .ascii  "pteg first ROM\0"

# The short way: no memory is used, because a machine check may come before any has been found.
        .macro vector number
        .org    ROM + \number
        mtsprg  0, r3
        mtsprg  1, r4
        mfsrr1  r3
        li      r4, \number
        b       unexpected
        .endm

        .macro fault_vector number
        .org    ROM + \number
        stw     r3, save_r3(0)
        li      r3, \number
        b       page_fault
        .endm

        .org    ROM + 0x100             # system reset: where the processor starts
        b       reset
        vector  0x200                   # machine check
        fault_vector 0x300              # DSI
        fault_vector 0x400              # ISI
        vector  0x500                   # external interrupt
        vector  0x600                   # alignment
        vector  0x700                   # program
        vector  0x800                   # floating point unavailable
        vector  0x900                   # decrementer
        vector  0xC00                   # system call
        vector  0xD00                   # trace
        vector  0xF00                   # performance monitor
        vector  0x1300                  # instruction address breakpoint
        vector  0x1400                  # system management
        vector  0x1700                  # thermal

        .text

# An exception that is not a page fault to repair. r3 = cause, r4 = vector; their old values are in
# SPRG0 and SPRG1.
unexpected:
        mtsprg  2, r5
        mfsprg  r5, 3
        cmpwi   r5, 0
        beq     panic
        mtsrr0  r5                      # somebody waits for it: go on there
        li      r5, 0
        mtsprg  3, r5
        mfsprg  r5, 2
        rfi

# Nobody waits for it: say what happened and stop. Once the blocks are mapped, translation goes on
# again, because caches may be on too; nothing here needs the page table.
panic:  mr      r28, r3
        mr      r29, r4
        mfsrr0  r30
        mfsrr1  r31
        mfibatu r5, 0
        andi.   r5, r5, 2               # valid for the supervisor
        beq     1f
        li      r5, MSR_IP | MSR_IR | MSR_DR
        mtmsr   r5
        isync
1:      load    r3, panic_text
        bl      puts
        mr      r3, r29
        bl      puthex
        li      r3, '@'
        bl      putc
        mr      r3, r30
        bl      puthex
        li      r3, '/'
        bl      putc
        mr      r3, r28
        bl      puthex
        li      r3, '/'
        bl      putc
        mfdar   r3
        bl      puthex
        li      r3, '\n'
        bl      putc
stopped:
        b       stopped

        .section .rodata
panic_text:
        .asciz  "\npteg: unexpected exception, vector@SRR0/cause/DAR = "
        .text
