# enable_mmu: no block but two. 0 to 16 MB are themselves, for instructions and data; the window is
# for data, caching-inhibited and guarded. All blocks are for the supervisor only.

.equ KERNEL, 0x7f << 2 | 2      # 16 MB from 0, Vs
.equ KERNEL_RIGHTS, 0x12        # from 0, M, read and write
.equ WINDOW, WINDOW_EA | (WINDOW_SIZE - 1) >> 17 << 2 | 2
.equ WINDOW_RIGHTS, WINDOW_PA | 0x2a    # I, G, read and write

        .globl  enable_mmu
enable_mmu:
        li      r3, 0
        mtibatu 0, r3           # invalid while the lower registers change
        mtibatu 1, r3
        mtibatu 2, r3
        mtibatu 3, r3
        mtdbatu 0, r3
        mtdbatu 1, r3
        mtdbatu 2, r3
        mtdbatu 3, r3
        li      r3, KERNEL_RIGHTS
        mtibatl 0, r3
        mtdbatl 0, r3
        li      r3, KERNEL
        mtibatu 0, r3
        mtdbatu 0, r3
        lis     r3, WINDOW_RIGHTS@h
        ori     r3, r3, WINDOW_RIGHTS@l
        mtdbatl 1, r3
        lis     r3, WINDOW@h
        ori     r3, r3, WINDOW@l
        mtdbatu 1, r3
        isync                   # the blocks are there for what follows (PEM table 2-22)
        mfmsr   r3
        ori     r3, r3, 0x30    # IR, DR
        mtmsr   r3
        isync                   # fetched with translation on from here
        blr
