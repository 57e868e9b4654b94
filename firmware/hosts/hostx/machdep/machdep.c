/* What HostX has of its own beside memory: Mach's traps. */
#include "kernel.h"

const char machdep_name[] = "HostX";

void machdep_init(void) { }
int machdep_call(struct frame *frame) { (void)frame; return ERROR; }
void machdep_exit(struct proc *p) { (void)p; }
