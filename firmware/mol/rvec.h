/* Why the guest was left: what the user part finds in r3, with arguments in mregs.rvec_param. */
#ifndef MOL_RVEC_H
#define MOL_RVEC_H

#define RVEC_NOP            0   /* enter again */
#define RVEC_CALL_KERNEL    1   /* the user part calls MOL_IOCTL_CALL_KERNEL */
#define RVEC_RELOAD         2   /* enter again, with r13 to r31 from mregs.gpr */
#define RVEC_ACCESS         4   /* the user part calls MOL_IOCTL_EMULATE_ACCESS */
#define RVEC_TOUCH          5   /* address in the owner, 1 to store: the user part touches it */
#define RVEC_ENABLE_FPU     3   /* execute a floating-point instruction, then enter again */
#define RVEC_TRACE          6   /* a step, because of mregs.trace */
#define RVEC_SPR_READ       13  /* number */
#define RVEC_SPR_WRITE      14
#define RVEC_PRIV_INST      15  /* a privileged instruction that the kernel part does not know */
#define RVEC_OSI_SYSCALL    23
#define RVEC_TIMER          24
#define RVEC_IO_READ        25  /* guest-physical address, cookie or 0 */
#define RVEC_IO_WRITE       26
#define RVEC_MSR_POW        27  /* the guest sleeps until an interrupt */
#define RVEC_FP_LOAD        28  /* a load or store of a floating-point register at nip: the user */
#define RVEC_FP_STORE       29  /* part calls MOL_IOCTL_EMULATE_ACCESS with mregs.fp_ready = 1 */
#define RVEC_INTERNAL_ERROR 30  /* number */
#define RVEC_BAD_NIP        33  /* guest-physical address from which it would fetch */
#define RVEC_OUT_OF_MEMORY  34
#define RVEC_REFUSED        63  /* the host took the entry for an illegal instruction */

#endif
