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
    if (frame->msr & MSR_PR && current()->space && machdep_trap(frame))
        return;
    switch ((enum vector)frame->vector) {
    case CALL_KERNEL: call_function(frame); break;
    case DSI: memory_fault(frame, frame->dar, frame->dsisr & DSISR_STORE); break;
    case ISI: memory_fault(frame, frame->pc, 0); break;
    case NO_FPU: fpu_take(frame); break;
    case SYSTEM_CALL: system_call(frame); break;
    default: fatal(frame);
    }
}

/* Only the hash table lacks the page: one processor alone saves nothing by looking first. */
static int refill(struct frame *frame)
{
    u32 store = frame->dsisr & DSISR_STORE;
    if (cpu_count == 1 || !(frame->msr & MSR_PR))
        return 0;
    if (frame->vector == DSI)
        return frame->dsisr & DSISR_NO_PTE && hash_refill(current(), frame->dar, store);
    return frame->vector == ISI && frame->msr & DSISR_NO_PTE
           && hash_refill(current(), frame->pc, 0);
}

static void external(void)
{
    doorbell_answer();
    if (this_cpu()->number == 0)
        uart_interrupt();
}

/* Called by entry.S with interrupts off; exception_return comes next. */
void trap(struct frame *frame)
{
    if (refill(frame))
        return;
    kernel_enter();
    if (frame->vector == DECREMENTER)
        tick();
    else if (frame->vector == EXTERNAL)
        external();
    else
        synchronous(frame);
    irq_save();
    if (!(frame->msr & MSR_PR)) {
        kernel_leave();
        return;
    }
    while (need_resched || current()->killed) {
        if (current()->killed)
            proc_exit(ERROR);
        schedule();
    }
    kernel_leave();
}
