/* Floating-point registers are switched when they are needed: user programs begin with MSR[FP] off,
 * and the first use is an exception. A process that has the registers keeps them until another one
 * asks; with several processors, until it does not run any more, as it may go on elsewhere. */
#include "kernel.h"

#define owner (this_cpu()->fpu)

static u32 fpu_enable(void)
{
    u32 msr = irq_save();
    asm volatile("mtmsr %0; isync" :: "r"((msr & ~MSR_EE) | MSR_FP) : "memory");
    return msr;
}

/* Write the registers of a process down, if it has them. */
void fpu_sync(struct proc *p)
{
    if (owner != p)
        return;
    u32 msr = fpu_enable();
    fpu_save(p->fpu);
    irq_restore(msr);
}

/* Another process runs, and this one may continue on another processor. */
void fpu_give_up(struct proc *p)
{
    if (cpu_count == 1 || owner != p)
        return;
    fpu_sync(p);
    user_frame(p)->msr &= ~MSR_FP;
    owner = NULL;
}

void fpu_forget(struct proc *p)
{
    if (owner == p)
        owner = NULL;
}

/* The exception: the registers become the current process's. */
void fpu_take(struct frame *frame)
{
    struct proc *p = current();
    if (!(frame->msr & MSR_PR))
        panic("floating point in the kernel at %x", frame->pc);
    if (owner != p) {
        u32 msr = fpu_enable();
        if (owner) {
            fpu_save(owner->fpu);
            user_frame(owner)->msr &= ~MSR_FP;
        }
        fpu_load(p->fpu);
        owner = p;
        irq_restore(msr);
    }
    p->fpu_used = 1;
    frame->msr |= MSR_FP;
}
