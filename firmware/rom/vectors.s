# Exception vectors. DSI and ISI go to the page fault handler; every other exception, and every
# fault that is not a missing page of a known window, goes where it is expected (SPRG3) or ends.

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

        .macro interrupt_vector number
        vector  \number                 # none is expected: MSR[EE] = 0
        .endm

        .include "../start/vectors.s"

        .text

# An exception that is not a page fault to repair. r3 = cause, r4 = vector; their old values are in
# SPRG0 and SPRG1.
unexpected:
        mtsprg  2, r5
        mfsprg  r5, 3
        cmpwi   r5, 0
        beq     panic
        mtsrr0  r5                      # it is expected: continue there
        li      r5, 0
        mtsprg  3, r5
        mfsprg  r5, 2
        rfi

# It is not expected: say what happened and stop. Once the blocks are mapped, translation is turned
# on again, because caches may be on too; nothing here needs the page table.
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
