/* From the loader, or from Open Firmware, to main().
 *
 * The loader enters in real mode, the kernel at physical 0: r1 = 256 below the end of RAM, r3 = a
 * flattened device tree or 0, r5 = 0. Open Firmware enters with translation on, the kernel
 * somewhere else, r5 = its client interface. Then prom.c asks it what there is to know, at the
 * virtual addresses that the kernel is linked to, through a BAT of our own, before the kernel moves
 * to 0.
 */
#include "regs.h"
#include "memlayout.h"

        .text
        .globl  boot
boot:   mr      r30, r3                 /* device tree */
        mr      r31, r5                 /* client interface */
        addi    r29, r1, 0x100          /* end of RAM, if the loader is right */
        bl      1f
1:      mflr    r28
        load(r4, 1b - KERNEL_BASE)
        subf    r28, r4, r28            /* where the kernel is */
        cmpwi   r31, 0
        beq     move

        li      r0, 0
        mtspr   SPR_IBATU(3), r0
        mtspr   SPR_DBATU(3), r0
        ori     r4, r28, 2              /* read and write */
        mtspr   SPR_IBATL(3), r4
        mtspr   SPR_DBATL(3), r4
        load(r4, KERNEL_BASE | 0x1FE)   /* 16 MB, for the supervisor */
        mtspr   SPR_IBATU(3), r4
        mtspr   SPR_DBATU(3), r4
        isync
        load(r1, boot_stack_top - 16)
        load(r4, prom_init)
        mtctr   r4
        mr      r3, r31
        mr      r4, r28
        bctrl
        .balign 32                      /* all on one page: an ISI would change SRR0 and SRR1 */
        load(r4, real - KERNEL_BASE)
        add     r4, r4, r28
        mtsrr0  r4
        li      r4, MSR_ME
        mtsrr1  r4
        rfi
real:   li      r29, 0                  /* prom.c has written down what memory there is */
        li      r30, 0

/* Copy the kernel to 0, and go on there. Real mode stores go through the data cache. */
move:   li      r4, 0
        mtmsr   r4
        isync
        cmpwi   r28, 0
        beq     moved
        load(r5, _edata - KERNEL_BASE)
        addi    r5, r5, 31
        srwi    r5, r5, 5
        mtctr   r5
        subi    r6, r28, 4
        li      r7, -4
1:      .rept   8
        lwzu    r8, 4(r6)
        stwu    r8, 4(r7)
        .endr
        dcbst   0, r7
        sync
        icbi    0, r7
        bdnz    1b
        sync
        isync
        load(r4, moved - KERNEL_BASE)
        mtctr   r4
        bctr

/* At physical 0, in real mode. Caches: both on; what a cache holds that is on already stays. */
moved:  bl      caches
        load(r3, _bss - KERNEL_BASE)    /* clear bss */
        load(r4, _end - KERNEL_BASE)
        subf    r4, r3, r4
        srwi    r4, r4, 2
        mtctr   r4
        subi    r3, r3, 4
        li      r0, 0
1:      stwu    r0, 4(r3)
        bdnz    1b
        bl      bats
        load(r1, boot_stack_top - 16)
        load(r4, main)
        mr      r3, r29
        b       begin

/* Another processor, at vector 0x100, in real mode (processors.c): to secondary_main(). */
        .globl  secondary_start
secondary_start:
        bl      caches
        bl      bats
        load(r4, secondary_stack - KERNEL_BASE)
        lwz     r1, 0(r4)
        subi    r1, r1, 16
        load(r4, secondary_process - KERNEL_BASE)
        lwz     r2, 0(r4)
        tophys(r4, r2)
        mtsprg  3, r4
        load(r4, secondary_main)

/* r4 = a function of the kernel, which is called with r3 and r30. */
begin:  li      r0, 0
        mtsprg  2, r0
        mtsrr0  r4
        li      r4, MSR_KERNEL
        mtsrr1  r4
        mr      r4, r30
        li      r5, 0
        mtlr    r5
        rfi

caches: mfspr   r3, SPR_HID0
        andi.   r4, r3, HID0_DCE
        bne     1f
        load(r4, HID0_ICE | HID0_DCE | HID0_ICFI | HID0_DCFI)
        or      r4, r3, r4
        sync
        isync
        mtspr   SPR_HID0, r4
1:      lis     r5, HID0_DOZE >> 16     /* what MSR[POW] means: idle.c */
        ori     r5, r5, HID0_ICE | HID0_DCE | HID0_BTIC | HID0_BHT
        or      r3, r3, r5
        sync
        isync
        mtspr   SPR_HID0, r3
        sync
        blr

bats:   li      r0, 0
        .irp    n, 0, 1, 2, 3           /* invalid, then ours; two must never overlap */
        mtspr   SPR_IBATU(\n), r0
        mtspr   SPR_DBATU(\n), r0
        .endr
        isync
        li      r4, 0x12                /* physical 0, memory coherence, read and write */
        mtspr   SPR_IBATL(0), r4
        mtspr   SPR_DBATL(0), r4
        load(r4, KERNEL_BASE | 0xFFE)   /* 128 MB, for the supervisor */
        mtspr   SPR_IBATU(0), r4
        mtspr   SPR_DBATU(0), r4
        load(r4, DEVICES | 0x2A)        /* not cached, guarded, read and write */
        mtspr   SPR_DBATL(1), r4
        load(r4, DEVICES_VIRTUAL | 0x1E) /* 1 MB, for the supervisor */
        mtspr   SPR_DBATU(1), r4
        li      r4, 64                  /* tlbie names one of 64 sets: EA[14-19] */
        mtctr   r4
        li      r5, 0
1:      tlbie   r5
        addi    r5, r5, PAGE_SIZE
        bdnz    1b
        eieio
        tlbsync
        sync
        blr

        .section .bss
        .balign 16
        .globl  boot_stack, boot_stack_top
boot_stack:
        .space  2 * PAGE_SIZE
boot_stack_top:
