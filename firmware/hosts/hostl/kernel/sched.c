/* The scheduler: runnable processes in turn, a slice each; sleeping; the clock. */
#include "kernel.h"

#define SLICE 4                         /* ticks */

u32 ticks, tick_length, switches;

static struct proc *pick(void)
{
    struct proc *p = current();
    for (u32 n = 0; n < PROCESSES; n++) {
        if (++p == processes + PROCESSES)
            p = processes + 1;          /* 0 is an idle one */
        if (p->state == RUNNABLE && (!p->cpu || p == current()))
            return p;
    }
    return this_cpu()->idle;
}

/* Let another process run. The caller continues when its turn comes again. */
void schedule(void)
{
    u32 msr = irq_save();
    struct proc *from = current(), *to = pick();
    struct cpu *cpu = this_cpu();
    cpu->resched = 0;
    cpu->slice = SLICE;
    if (from != to) {
        u32 depth = cpu->depth;
        switches++;
        fpu_give_up(from);
        if (module_switch)
            module_switch(from, to);
        context_switch(to);
        from->cpu = NULL;
        to->cpu = cpu;
        cpu->running = to;
        cpu->depth = 1;                 /* of a process that begins (entry.S) */
        asm volatile("mtsprg 3, %0\n mr 2, %1" :: "r"(physical(to)), "r"(to) : "memory");
        switch_stack(&from->sp, to->sp);
        this_cpu()->depth = depth;      /* perhaps of another processor */
    }
    irq_restore(msr);
}

/* Until wakeup(channel), or until a tick if deadline is not 0. Who checks a condition before
 * switches interrupts off first; they are off again afterwards. */
void sleep_on(const void *channel, u32 deadline)
{
    struct proc *p = current();
    u32 msr = irq_save();
    p->channel = channel;
    p->deadline = deadline;
    p->state = SLEEPING;
    schedule();
    p->channel = NULL;
    p->deadline = 0;
    irq_restore(msr);
}

void wakeup(const void *channel)
{
    u32 msr = irq_save();
    for (struct proc *p = processes; p < processes + PROCESSES; p++)
        if (p->state == SLEEPING && p->channel == channel)
            p->state = RUNNABLE;
    kick_idle();
    irq_restore(msr);
}

/* The decrementer has passed 0, unless a module had set it and has left early. The next period
 * begins where this one ended, not where the interrupt was taken. What was slept over is
 * skipped. Processor 0 counts the time. */
void tick(void)
{
    int left;
    asm volatile("mfdec %0" : "=r"(left));
    if (left > 0)
        return;
    struct cpu *cpu = this_cpu();
    for (; left <= 0; left += tick_length)
        ticks += cpu->number == 0;
    asm volatile("mtdec %0" :: "r"(left));
    current()->ticks++;
    for (struct proc *p = processes; p < processes + PROCESSES; p++)
        if (p->state == SLEEPING && p->deadline && (int)(ticks - p->deadline) >= 0) {
            p->state = RUNNABLE;
            kick_idle();
        }
    if (current() == cpu->idle || cpu->slice-- <= 1)
        cpu->resched = 1;
}
