# The guest of exits.py: each kind of exit many times. A label exit_NAME stands before the
# instruction that causes exits of that kind.
        .macro load reg, value
        lis     \reg, (\value)@h
        ori     \reg, \reg, (\value)@l
        .endm
        .macro  times n
        li      r3, \n
        mtctr   r3
        .endm
VIRT    = 0x1032

        .globl  _start
_start: li      r3, 0x12
        mtspr   ibat3l, r3
        mtspr   dbat3l, r3
        li      r3, 0x1f
        mtspr   ibat3u, r3
        mtspr   dbat3u, r3
        lis     r3, 8
        mtsdr1  r3
        times   16
        li      r4, 0
        lis     r5, 0x2000
1:      mtsrin  r5, r4
        addi    r5, r5, 1
        addis   r4, r4, 0x1000
        bdnz    1b
        load    r3, 0x0e00002a
        mtspr   dbat2l, r3
        load    r3, 0xe0000003
        mtspr   dbat2u, r3
        li      r4, VIRT
        mtmsr   r4
        isync
        lis     r30, 0xe000
        load    r20, 0x50000ff0
        lwz     r5, 0x10(r20)           # segment 5 is known now

        times   40
1:
exit_mfmsr:
        mfmsr   r5
        bdnz    1b
        li      r4, VIRT
        times   40
1:      xori    r4, r4, 0x8000
exit_mtmsr__EE_changes:
        mtmsr   r4
        bdnz    1b
        li      r4, VIRT
        li      r5, VIRT & ~0x10
        times   40
1:
exit_mtmsr__DR_off:
        mtmsr   r5
        isync
exit_mtmsr__DR_on:
        mtmsr   r4
        isync
        bdnz    1b
        li      r4, VIRT & ~0x20        # fetches in real mode, data in the same segment
        mtmsr   r4
        isync
        li      r5, 0x3000
        times   40
1:
exit_load_in_split_mode:
        lwz     r6, 0(r5)
exit_store_in_split_mode:
        stw     r6, 0(r5)
        bdnz    1b
        li      r4, VIRT
        mtmsr   r4
        isync
        times   40
1:
exit_mfspr_sprg0:
        mfsprg  r5, 0
exit_mtspr_sprg0:
        mtsprg  0, r5
exit_mtspr_srr0:
        mtsrr0  r5
exit_mfsr:
        mfsr    r6, 8
        bdnz    1b
        lis     r6, 0x2000              # VSID 5 is known
        ori     r6, r6, 5
        times   40
1:
exit_mtsr__known:
        mtsr    8, r6
        bdnz    1b
        li      r6, 0x700
        times   40
1:      addi    r6, r6, 1
exit_mtsr__new:
        mtsr    8, r6
        bdnz    1b
        li      r6, VIRT
        mtsrr1  r6
        load    r6, 2f
        mtsrr0  r6
        times   40
1:
exit_rfi:
        rfi
2:      bdnz    1b
        load    r6, 0x50003000
        times   40
1:
exit_tlbie:
        tlbie   r6
        bdnz    1b
        times   20
1:
exit_sc:
        sc
exit_tw:
        twi     31, r3, 0
        bdnz    1b
        li      r6, 0x2002
        times   20
1:
exit_alignment:
        lwarx   r7, 0, r6
        bdnz    1b
        load    r6, 0x7fffffff
        times   20
1:
exit_mtdec:
        mtdec   r6
        bdnz    1b
        li      r6, 0
        load    r7, 0x70000003
        times   20
1:
exit_mtspr_dbat1u:
        mtspr   dbat1u, r7
        mtspr   dbat1u, r6
        bdnz    1b
        times   20
1:      load    r3, 0x113724fa
        load    r4, 0x77810f9b
        li      r5, 18                  # how much memory?
exit_hypercall:
        sc
        bdnz    1b
        times   20
1:
exit_device_store:
        stw     r3, 4(r30)
exit_device_load:
        lwz     r5, 4(r30)
        bdnz    1b
        load    r20, 0x50001ff0         # a new page each time
        times   40
1:
exit_shadow_entry__data:
        lwz     r5, 0x10(r20)
        addi    r20, r20, 0x1000
        bdnz    1b
        load    r20, 0x60001000
        li      r10, 40
1:      mtctr   r20
        bctrl
        addi    r20, r20, 0x1000
        addic.  r10, r10, -1
        bne     1b
        load    r20, 0x70001000
        times   20
1:
exit_page_fault_of_the_guest:
        lwz     r5, 0(r20)
        addi    r20, r20, 0x1000
        bdnz    1b
        load    r20, 2000               # time for the host
        mtctr   r20
1:      bdnz    1b
        b       0x3F00
