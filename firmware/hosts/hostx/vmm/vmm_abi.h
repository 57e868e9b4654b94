/* The facility for virtual machines (vmm.c): what a monitor and the kernel agree on. Names are XNU's.
 *
 * A trap with r0 = TRAP_VMM, the call in r3, the machine (the address of its state) in r4, arguments in
 * r5 and r6. The result is 0 or VMM_BAD; of VMM_EXECUTE and VMM_MAP_EXECUTE, why the guest has stopped.
 */
#ifndef VMM_ABI_H
#define VMM_ABI_H

#define TRAP_VMM 0x6004
#define VMM_VERSION_NOW 1
#define VMM_BAD (-1)

enum vmm_call {
    VMM_VERSION,
    VMM_INIT,               /* a machine: the result is the address of its struct vmm_state */
    VMM_TEAR_DOWN,
    VMM_MAP_PAGE,           /* r5 = page of the monitor, r6 = page of the guest | VMM_READ_ONLY */
    VMM_UNMAP_PAGE,         /* r5 = page of the guest */
    VMM_UNMAP_ALL,
    VMM_GET_MAPPING,        /* r5 = page of the guest: the monitor's, or VMM_BAD */
    VMM_GET_DIRTY,          /* r5 = page of the guest, r6 = 1: and it is clean from now on */
    VMM_EXECUTE,            /* the guest runs until it stops */
    VMM_MAP_EXECUTE,        /* both, as VMM_MAP_PAGE */
};
#define VMM_READ_ONLY 1

/* Why it has stopped. */
enum vmm_stop {
    VMM_DATA_FAULT = 3, VMM_INSTRUCTION_FAULT, VMM_ALIGNMENT = 6, VMM_PROGRAM, VMM_SYSTEM_CALL,
    VMM_TRACE,
};

/* The guest's registers while it does not run. Floating-point registers are the monitor's. */
struct vmm_state {
    unsigned gpr[32], pc, cr, lr, ctr, xer;
    unsigned dar, dsisr, srr1;      /* of the exception that has stopped it */
};

#endif
