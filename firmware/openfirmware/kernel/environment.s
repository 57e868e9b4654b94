# The environment of a program: SDR1, the BATs, the segment registers. A client in real mode, or one
# that has taken over the MMU, may have its own when it calls; ours comes back for the time of the
# call. All of this is executed in real mode.
#
# A list of values: SDR1, upper and lower words of IBAT0, DBAT0, IBAT1, …, then SR0 to SR15.
ENVIRONMENT_SIZE = 4 * (1 + 16 + 16)
BLOCK_ROM_UPPER = ROM | 0x1E            # 1 MB, valid for the supervisor
BLOCK_ROM_LOWER = ROM | 1               # read-only

# Is the environment our own? r8 = 0 and CR0[EQ] = 1 if it is. Uses r4 to r7.
check_environment:
        mfsdr1  r8
        load    r4, HASH_TABLE
        xor     r8, r8, r4
        load    r5, BLOCK_ROM_UPPER
        load    r6, BLOCK_ROM_LOWER
        .irp    side, i, d
        mf\side\()batu r4, 0
        xor     r4, r4, r5
        or      r8, r8, r4
        mf\side\()batl r4, 0
        xor     r4, r4, r6
        or      r8, r8, r4
        .irp    n, 1, 2, 3
        mf\side\()batu r4, \n
        or      r8, r8, r4
        .endr
        .endr
        lis     r5, 0x2000
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        mfsr    r4, \n
        xor     r4, r4, r5
        or      r8, r8, r4
        addi    r5, r5, 0x111
        .endr
        cmpwi   r8, 0
        blr

# Put the environment into a list at r12. Uses r4, r5, r6, CTR.
save_environment:
        mfsdr1  r4
        stw     r4, 0(r12)
        .irp    n, 0, 1, 2, 3
        mfibatu r4, \n
        stw     r4, 16 * \n + 4(r12)
        mfibatl r4, \n
        stw     r4, 16 * \n + 8(r12)
        mfdbatu r4, \n
        stw     r4, 16 * \n + 12(r12)
        mfdbatl r4, \n
        stw     r4, 16 * \n + 16(r12)
        .endr
        addi    r6, r12, 64
        li      r5, 0
        li      r4, 16
        mtctr   r4
1:      mfsrin  r4, r5
        stwu    r4, 4(r6)
        addis   r5, r5, 0x1000
        bdnz    1b
        blr

# Install the environment of a list at r12. The TLBs are emptied if segments or hash table change.
# Uses r4 to r8, CTR.
install_environment:
        lwz     r4, 0(r12)
        mfsdr1  r7
        xor     r8, r4, r7
        sync
        mtsdr1  r4
        .irp    n, 0, 1, 2, 3
        li      r4, 0
        mtibatu \n, r4                  # not valid while the two halves differ
        mtdbatu \n, r4
        lwz     r4, 16 * \n + 8(r12)
        mtibatl \n, r4
        lwz     r4, 16 * \n + 16(r12)
        mtdbatl \n, r4
        lwz     r4, 16 * \n + 4(r12)
        mtibatu \n, r4
        lwz     r4, 16 * \n + 12(r12)
        mtdbatu \n, r4
        .endr
        addi    r6, r12, 64
        li      r5, 0
        li      r4, 16
        mtctr   r4
1:      lwzu    r4, 4(r6)
        mfsrin  r7, r5
        xor     r7, r7, r4
        or      r8, r8, r7
        mtsrin  r4, r5
        addis   r5, r5, 0x1000
        bdnz    1b
        isync
        cmpwi   r8, 0
        beqlr
        li      r4, 0
        li      r5, 64
        mtctr   r5
2:      tlbie   r4
        addi    r4, r4, 0x1000
        bdnz    2b
        eieio                           # all tlbie before the tlbsync (PEM 7.6.3.2)
        tlbsync
        sync
        blr

        .pushsection .rodata
        .balign 4
own_environment:
        .long   HASH_TABLE
        .long   BLOCK_ROM_UPPER, BLOCK_ROM_LOWER, BLOCK_ROM_UPPER, BLOCK_ROM_LOWER
        .long   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
        .long   0x20000000 + 0x111 * \n
        .endr
        .popsection
