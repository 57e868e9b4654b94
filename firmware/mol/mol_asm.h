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

#define SPRG2_MAGIC 0x1779

#define MSR_EE  0x8000
#define MSR_PR  0x4000
#define MSR_FP  0x2000
#define MSR_ME  0x1000
#define MSR_SE  0x0400
#define MSR_BE  0x0200
#define MSR_IP  0x0040
#define MSR_IR  0x0020
#define MSR_DR  0x0010
#define MSR_RI  0x0002
#define MSR_MODE (MSR_PR | MSR_IR | MSR_DR)
#define MSR_GUEST (MSR_ME | MSR_EE | MSR_PR | MSR_IR | MSR_DR | MSR_RI)
#define MSR_RFI 0xFF77

#define SPR_DAR   19
#define SPR_DSISR 18
#define SPR_SRR0  26
#define SPR_SRR1  27
#define SPR_HID0  1008

/* Physical address of something that is linked at a virtual one. */
#define PHYS(symbol) ((symbol) - HOST_VIRTUAL_BASE)

/* enum sr_table, as offsets */
#define UNMAPPED_SR  (xSR)
#define SV_DATA_SR   (xSR + 64)
#define SV_INST_SR   (xSR + 128)
#define USER_DATA_SR (xSR + 192)
#define USER_INST_SR (xSR + 256)

/* enum kernel_call */
#define CALL_DSI       0
#define CALL_ISI       1
#define CALL_PRIV_INST 2
#define CALL_SPR_WRITE 3
#define CALL_ACCESS    4
#define CALL_SPLIT     5

/* enum spr_hook */
#define HOOK_READ    1
#define HOOK_WRITE   2
#define HOOK_SPECIAL 4
#define HOOK_C       8
#define HOOK_IGNORE  16

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
