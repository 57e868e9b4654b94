/* The idle process of each processor: runs when no other can. The processor dozes until the next
 * interrupt. */
#include "kernel.h"

static void doze(void)
{
    kernel_leave();
    asm volatile("sync; mtmsr %0; isync" :: "r"(MSR_KERNEL | MSR_EE | MSR_POW) : "memory");
    irq_save();
    kernel_enter();
}

void idle(void)
{
    for (;;) {
        schedule();
        irq_save();
        while (!need_resched)
            doze();
    }
}
