/* From the vectors to what has to be done (MPC750 UM table 4-1). */
#include "kernel.h"

enum vector {
    CALL_KERNEL = 0, DSI = 0x300, ISI = 0x400, EXTERNAL = 0x500, ALIGNMENT = 0x600, PROGRAM = 0x700,
    NO_FPU = 0x800, DECREMENTER = 0x900, SYSTEM_CALL = 0xC00,
};

static void fatal(struct frame *frame)
{
    if (!(frame->msr & MSR_PR))
        panic("exception %x at %x, msr %x", frame->vector, frame->pc, frame->msr);
    printk("%s (%u): exception %x at %x\n", current()->name, current()->pid, frame->vector,
           frame->pc);
    proc_exit(ERROR);
}

/* A function of a module, for the process that is in it (entry.S). */
static void call_function(struct frame *frame)
{
    u32 (*function)(u32, u32, u32, u32) = (void *)frame->gpr[3];
    frame->gpr[3] = function(frame->gpr[4], frame->gpr[5], frame->gpr[6], frame->gpr[7]);
}

static void synchronous(struct frame *frame)
{
    if (frame->msr & MSR_EE || frame->vector == CALL_KERNEL)
        irq_enable();
    switch ((enum vector)frame->vector) {
    case CALL_KERNEL: call_function(frame); break;
    case DSI: memory_fault(frame, frame->dar, frame->dsisr & DSISR_STORE); break;
    case ISI: memory_fault(frame, frame->pc, 0); break;
    case NO_FPU: fpu_take(frame); break;
    case SYSTEM_CALL: system_call(frame); break;
    default: fatal(frame);
    }
}

/* Called by entry.S with interrupts off; exception_return comes next. */
void trap(struct frame *frame)
{
    if (frame->vector == DECREMENTER)
        tick();
    else if (frame->vector == EXTERNAL)
        uart_interrupt();
    else
        synchronous(frame);
    if (!(frame->msr & MSR_PR))
        return;
    irq_save();
    while (need_resched || current()->killed) {
        if (current()->killed)
            proc_exit(ERROR);
        schedule();
    }
}
