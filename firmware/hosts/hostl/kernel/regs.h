/* Registers and their bits, for assembly and C (PEM chapter 2; MPC750 UM chapter 2). */
#ifndef REGS_H
#define REGS_H

/* MSR */
#define MSR_POW 0x40000         /* power-save mode that HID0 names */
#define MSR_EE  0x8000
#define MSR_PR  0x4000
#define MSR_FP  0x2000
#define MSR_ME  0x1000
#define MSR_IR  0x0020
#define MSR_DR  0x0010
#define MSR_RI  0x0002
#define MSR_KERNEL (MSR_ME | MSR_IR | MSR_DR | MSR_RI)
#define MSR_USER   (MSR_KERNEL | MSR_EE | MSR_PR)

/* HID0 */
#define HID0_DOZE 0x800000
#define HID0_ICE  0x8000
#define HID0_DCE  0x4000
#define HID0_ICFI 0x0800
#define HID0_DCFI 0x0400
#define HID0_BTIC 0x0020
#define HID0_ABE  0x0008        /* broadcasts */
#define HID0_BHT  0x0004

/* Special-purpose registers whose names some assemblers do not know. */
#define SPR_SDR1  25
#define SPR_HID0  1008
#define SPR_IBATU(n) (528 + 2 * (n))
#define SPR_IBATL(n) (529 + 2 * (n))
#define SPR_DBATU(n) (536 + 2 * (n))
#define SPR_DBATL(n) (537 + 2 * (n))

/* A segment register: user state has key 1, supervisor state key 0 (PEM 7.5.2.2). */
#define SR_KP 0x20000000

/* DSISR, and SRR1 after an ISI: why. */
#define DSISR_NO_PTE     0x40000000
#define DSISR_PROTECTION 0x08000000
#define DSISR_STORE      0x02000000

#ifdef __ASSEMBLER__
#include "gpr.h"

#define tophys(rd, rs) addis rd, rs, 0x4000        /* - 0xC0000000 */
#define tovirt(rd, rs) addis rd, rs, -0x4000       /* + 0xC0000000 */
#define load(rd, value) lis rd, (value)@h; ori rd, rd, (value)@l
#endif
#endif
