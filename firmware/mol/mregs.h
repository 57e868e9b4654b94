/* The guest's registers, shared by the user part and the kernel part. */
#ifndef MOL_MREGS_H
#define MOL_MREGS_H

/* Special registers live at their number. In the guest's time a decrementer is a stamp: the value of
 * the time base at which the decrementer is 0. */
struct mac_regs {
    unsigned spr[1024];
    unsigned gpr[32];       /* r13 to r31 only while the user part runs */
    unsigned segr[16];
    unsigned cr, lr, ctr, xer;
    unsigned nip, msr;
    unsigned inst_opcode;   /* of the instruction that caused an exit */
    unsigned rvec_param[2]; /* arguments of the RVEC */
    unsigned dec_stamp;
    unsigned dec_armed;     /* the decrementer has not passed zero since it was positive */
    unsigned dec_pending;   /* it has, and the guest has not taken the exception */
    unsigned timer_stamp;   /* RVEC_TIMER is wanted when the time base has reached it */
    unsigned timer_armed;
    unsigned interrupt;     /* level of the guest's external interrupt */
    unsigned in_guest;
    unsigned trace;         /* MSR_SE: RVEC_TRACE behind each instruction that the guest executes
                             * itself, or that assembly emulates without a change of MSR; 0: not */
    unsigned exit_request;  /* the user part wants to be told of the next RVEC_NOP */
    unsigned fp_ready;      /* 1: fp_value is to be stored, or a load may be made; 2: it has been */
    unsigned long long fp_value;
    unsigned doze_ticks;    /* of the time base, for which the guest has slept */
};

/* It has pages of its own, which others may see: the user part, and a guest that reads its registers
 * there (docs/mol/emuaccel.md). */
#define MREGS_SIZE 0x2000

#endif
