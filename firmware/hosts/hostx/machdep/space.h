/* For entry.S and vectors.S: what changes at the border between a process and the kernel.
 *
 * The kernel has an address space of its own, number 0. In it segments 0 to 11 have no pages. The
 * segments of the current process come back from SPRG2, which is its segment register 0: the others
 * differ in the segment's number, the upper 4 bits of a VSID (space.c).
 */
#ifndef SPACE_H
#define SPACE_H

        .macro  load_segments base
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        mtsr    \n, \base
        addis   \base, \base, 0x10
        .endr
        .endm

        /* r11 = physical address of the frame; r3 to r9 have been saved */
        .macro  enter_kernel
        lwz     r3, FRAME_MSR(r11)
        andi.   r3, r3, MSR_PR
        beq     1f
        lis     r3, SR_KP >> 16
        load_segments r3
1:
        .endm

        /* r1 = frame; the registers of the process are not back yet */
        .macro  leave_kernel
        lwz     r3, FRAME_MSR(r1)
        andi.   r3, r3, MSR_PR
        beq     1f
        mfsprg  r3, 2
        load_segments r3
1:
        .endm

        /* System calls that need neither a frame nor translation (XNU's numbers). The word that a
         * process has of its own: 7FF1 sets it to r3, 7FF2 reads it. SPRG0, SPRG1 = r10, r11;
         * r10 = CR. */
        .macro  fast_trap
        cmpwi   r0, 0x7FF1
        beq     1f
        cmpwi   r0, 0x7FF2
        bne     3f
1:      mfsprg  r11, 3
        lwz     r11, PROC_SPACE(r11)
        cmpwi   r11, 0                  /* a guest's is none */
        bne     3f
        mfsprg  r11, 3
        cmpwi   r0, 0x7FF1
        beq     1f
        lwz     r3, PROC_SELF(r11)
        b       2f
1:      stw     r3, PROC_SELF(r11)
2:      mtcrf   0xFF, r10
        mfsprg  r10, 0
        mfsprg  r11, 1
        rfi
3:
        .endm

#endif
