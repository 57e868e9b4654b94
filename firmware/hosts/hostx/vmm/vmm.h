/* The facility for virtual machines, for the rest of the kernel. */
#ifndef VMM_H
#define VMM_H

#include "kernel.h"

int vmm_call(struct frame *frame);
int vmm_trap(struct frame *frame);
void vmm_exit(struct proc *p);

#endif
