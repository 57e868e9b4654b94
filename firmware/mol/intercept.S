/* Stores of the guest to its own hash table (point vi): those to PTEs that no shadow PTE was made of are
 * done here, at once. */
#include "mol_asm.h"

        .text
/* r3 = DAR, r4 = DSISR, r5 = offset in the hash table, if its page is the one that was mapped last. */
        .globl  store_to_hash
store_to_hash:
        lwz     r2, xPTHASH_SR(r1)
        mfsrin  r7, r3
        rlwinm  r7, r7, 0, 4, 2
        cmpw    r2, r7
        bne     dsi_to_c
        andis.  r0, r4, 0x0200          /* a store */
        beq     dsi_to_c
        andi.   r0, r3, 3
        bne     access_by_c             /* may touch two PTEs */
        andi.   r0, r3, 0xfff
        beq     access_by_c             /* may be the rest of a store that began a page before */
        rlwinm  r2, r5, 26, 6, 31       /* byte of the bitmap: offset / 64 */
        lwz     r7, xPTHASH_INUSE(r1)
        lbzx    r2, r7, r2
        rlwinm  r5, r5, 29, 29, 31      /* bit of the byte: offset / 8 */
        srw     r2, r2, r5
        andi.   r2, r2, 1
        bne     access_by_c             /* a shadow PTE must go */
        /* stw and stwx, the usual ones, at a multiple of 4: one PTE. */
        mr      r5, r3
        lwz     r6, xNIP(r1)
        get_opcode
        rlwinm  r2, r0, 6, 26, 31
        cmpwi   r2, 36
        beq     1f
        cmpwi   r2, 31
        bne     access_by_c
        rlwinm  r2, r0, 31, 22, 31
        cmpwi   r2, 151
        bne     access_by_c
1:      bl      read_rs
        load_phys r2, access_by_c
        stw     r2, xSECONDARY(r1)      /* if its page has gone meanwhile */
        mfsrr1  r7
        mfmsr   r2
        ori     r3, r2, MSR_DR
        mtmsr   r3
        isync
        stw     r4, 0(r5)
        mtmsr   r2
        isync
        load_phys r2, opcode_lost
        stw     r2, xSECONDARY(r1)
        count   C_pt_intercept_not_taken
        lwz     r5, xMSR(r1)
        b       resume_next

access_by_c:
        load_phys r2, opcode_lost
        stw     r2, xSECONDARY(r1)
        b       call_access
