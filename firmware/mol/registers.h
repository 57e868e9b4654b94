/* Registers and their bits, for assembly and C (PEM chapter 2; MPC750 UM chapter 2). */
#ifndef MOL_REGISTERS_H
#define MOL_REGISTERS_H

#define MSR_POW 0x40000
#define MSR_EE  0x8000
#define MSR_PR  0x4000
#define MSR_FP  0x2000
#define MSR_ME  0x1000
#define MSR_FE0 0x0800
#define MSR_SE  0x0400
#define MSR_BE  0x0200
#define MSR_FE1 0x0100
#define MSR_IP  0x0040
#define MSR_IR  0x0020
#define MSR_DR  0x0010
#define MSR_RI  0x0002
/* What the guest always really has. */
#define MSR_GUEST (MSR_ME | MSR_EE | MSR_PR | MSR_IR | MSR_DR | MSR_RI)
#define MSR_MODE (MSR_PR | MSR_IR | MSR_DR)
#define MSR_WRITTEN 0x0005FF77      /* bits that mtmsr can change */
#define MSR_RFI 0xFF77              /* bits that rfi copies, without those of the causes */

#define SPR_DSISR 18
#define SPR_DAR   19
#define SPR_DEC   22
#define SPR_SDR1  25
#define SPR_SRR0  26
#define SPR_SRR1  27
#define SPR_PVR   287
#define SPR_IBAT0U 528
#define SPR_DBAT0U 536
#define SPR_HID0  1008

#define SPRG2_MAGIC 0x1779          /* the guest is in */

#ifdef __ASSEMBLER__
#include "gpr.h"

/* Offsets of the guest's registers. */
#define GPR(number) (xGPR + 4 * (number))
#define SPR(number) (xSPR + 4 * (number))
#endif
#endif
