# A guest in user state. Its monitor skips each instruction that causes an exception.
#
#   pteg asm guest.s
#   pteg run --kernel guest.elf --rom none --cpu functional --instructions 20K --ledger events.jsonl

        .text
        .org    0x700           # program exception
        mtsprg  0, r3
        mfsrr0  r3
        addi    r3, r3, 4
        mtsrr0  r3
        mfsprg  r3, 0
        rfi

        .org    0xc00           # system call: SRR0 is the address behind it
        rfi

        .org    0x1000
_start: lis     r3, guest@h
        ori     r3, r3, guest@l
        mtsrr0  r3
        li      r3, 0x4000      # MSR[PR]
        mtsrr1  r3
        rfi

guest:  mfmsr   r5              # your program
        mftb    r6
        sc
        b       guest
