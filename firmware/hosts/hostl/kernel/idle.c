/* Process 0: runs when no other can. The processor dozes until the next interrupt. */
#include "kernel.h"

static void doze(void)
{
    asm volatile("sync; mtmsr %0; isync" :: "r"(MSR_KERNEL | MSR_EE | MSR_POW) : "memory");
}

void idle(void) __attribute__((noreturn));
void idle(void)
{
    for (;;) {
        schedule();
        irq_save();
        while (!need_resched)
            doze();
    }
}
