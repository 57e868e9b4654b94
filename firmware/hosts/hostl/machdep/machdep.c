/* What a host has of its own beside memory: HostL has nothing. */
#include "kernel.h"

const char machdep_name[] = "HostL";

void machdep_init(void) { }

/* A system call that syscall.c does not know. */
int machdep_call(struct frame *frame)
{
    (void)frame;
    return ERROR;
}

/* An exception in another address space than the process's own: there is none. */
int machdep_trap(struct frame *frame)
{
    (void)frame;
    return 0;
}

/* A process ends. */
void machdep_exit(struct proc *p)
{
    (void)p;
}
