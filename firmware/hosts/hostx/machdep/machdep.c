/* What HostX has of its own beside memory: Mach's traps, and those for virtual machines. */
#include "port.h"
#include "vmm.h"
#include "vmm_abi.h"

const char machdep_name[] = "HostX";

void machdep_init(void) { }

/* A port with a receive right for the caller. */
static u32 reply_port(void)
{
    struct port *port = port_new(NULL);
    return port ? name_add((struct carried){ port, RIGHT_RECEIVE }) : 0;
}

int machdep_call(struct frame *frame)
{
    const u32 *r = frame->gpr;
    switch ((enum mach_trap)r[0]) {
    case TRAP_REPLY_PORT: return reply_port();
    case TRAP_TASK_SELF:  return task_self();
    case TRAP_MACH_MSG:   return mach_msg(r[3], r[4], r[5], r[6]);
    }
    return r[0] == TRAP_VMM ? vmm_call(frame) : ERROR;
}

/* In another address space than its own: a guest's. */
int machdep_trap(struct frame *frame) { return vmm_trap(frame); }

void machdep_exit(struct proc *p)
{
    names_drop(p);
    vmm_exit(p);
}
