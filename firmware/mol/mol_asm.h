/* Macros of the assembly part. Register use in all of it:
 *   r1       the session's variables, physical
 *   r0-r7    free: the guest's are in mregs.gpr
 *   r8-r31   the guest's
 * lr, ctr and cr are free too; xer is the guest's. Translation is off. */
#include "offsets.h"
#include "registers.h"
#include "host_asm.h"
#include "mol_ioctl.h"
#include "rvec.h"

/* Physical address of something that is linked at a virtual one. */
#define PHYS(symbol) ((symbol) - HOST_VIRTUAL_BASE)

        .macro  count name, with=r2
        lwz     \with, (xCOUNTER + \name)(r1)
        addi    \with, \with, 1
        stw     \with, (xCOUNTER + \name)(r1)
        .endm

/* reg = physical address of a symbol */
        .macro  load_phys reg, symbol
        lis     \reg, PHYS(\symbol)@ha
        addi    \reg, \reg, PHYS(\symbol)@l
        .endm

/* r0 = the guest's instruction at r6. It was fetched a moment ago, but its page may be gone from the
 * data side: then the secondary handler, opcode_lost by default, makes the guest fetch it again. */
        .macro  get_opcode
        mfmsr   r2
        ori     r3, r2, MSR_DR
        mtmsr   r3
        isync
        lwz     r0, 0(r6)
        mtmsr   r2
        isync
        .endm
