/* Several processors: the lock of the kernel, how the others start, and how they are woken.
 *
 * One processor at a time is in the kernel. It takes the lock when it comes from user state, or from
 * the idle loop, and gives it back when it returns there. The lock is the processor's, not the
 * process's: whoever switches to another process passes it on. What needs no more than the lock of
 * the hash table goes without (hash_refill). One processor alone only counts: a reservation of its
 * process is left alone.
 */
#include "kernel.h"

/* Of the doorbell (components/doorbell.py): interrupt and soft reset of processor n. */
enum { INTERRUPT = 0, RESET = 1, WORDS = 4 };

struct cpu cpus[CPUS];
u32 cpu_count = 1;                      /* that are running */
static u32 kernel_lock;

static volatile u32 *const doorbell = (volatile u32 *)DOORBELL;

/* What the next processor to start begins with (head.S). */
u32 secondary_stack, secondary_process;
extern const char secondary_start[];

static void write_doorbell(u32 number, u32 which, u32 value)
{
    doorbell[number * WORDS + which] = value;
    asm volatile("eieio" ::: "memory");
}

static void lock(void)
{
    u32 old;
    asm volatile(
        "1: lwarx   %0, 0, %1\n"
        "   cmpwi   %0, 0\n"
        "   bne-    1b\n"
        "   stwcx.  %1, 0, %1\n"
        "   bne-    1b\n"
        "   isync"
        : "=&r"(old) : "r"(&kernel_lock) : "cr0", "memory");
}

void kernel_enter(void)
{
    u32 msr = irq_save();
    if (this_cpu()->depth++ == 0 && cpu_count > 1)
        lock();
    irq_restore(msr);
}

/* What the kernel knows is consistent here: the checker waits for it. */
static __attribute__((noinline)) void kernel_unlock(void)
{
    asm volatile("sync" ::: "memory");
    *(volatile u32 *)&kernel_lock = 0;
}

void kernel_leave(void)
{
    u32 msr = irq_save();
    if (--this_cpu()->depth == 0)
        kernel_unlock();
    irq_restore(msr);
}

/* Bus operations of tlbie, tlbsync and icbi reach the others from now on (MPC7400 UM 5.4.3.2; a 750
 * does not send them). */
static void broadcast(void)
{
    u32 hid0;
    asm volatile("mfspr %0, %1" : "=r"(hid0) : "i"(SPR_HID0));
    asm volatile("sync; isync; mtspr %1, %0; isync"
                 :: "r"(hid0 | HID0_ABE), "i"(SPR_HID0) : "memory");
}

/* Where a processor comes into C, as its idle process. */
void secondary_main(void) __attribute__((noreturn));
void secondary_main(void)
{
    broadcast();
    set_sdr1(hash_base | ((hash_mask + 1) * 64 - 1) >> 16);
    segments_init();
    context_switch(current());
    asm volatile("mtdec %0" :: "r"(tick_length));
    *(volatile u32 *)&cpu_count = this_cpu()->number + 1;
    kernel_enter();
    idle();
}

static void start(u32 number)
{
    struct cpu *cpu = &cpus[number];
    struct proc *p = proc_new("idle");
    u32 displaced;
    if (!p)
        panic("no process for processor %u", number);
    cpu->number = number;
    cpu->idle = cpu->running = p;       /* it stays NEW: the scheduler does not look for it */
    p->cpu = cpu;
    secondary_stack = p->stack_top;
    secondary_process = (u32)p;
    vector_take(0x100, secondary_start, &displaced);
    write_doorbell(number, RESET, 1);
    while (*(volatile u32 *)&cpu_count == number)
        ;
    write_doorbell(number, RESET, 0);
    vector_restore(0x100, displaced);
}

/* The others take exception 0x100, as after a soft reset, and wait for the lock of the kernel. */
void processors_start(void)
{
    if (boot_info.cpus <= 1)
        return;
    broadcast();
    lock();                             /* the caller is in the kernel */
    while (cpu_count < boot_info.cpus && cpu_count < CPUS)
        start(cpu_count);
    printk("%u processors\n", cpu_count);
}

/* A process can run: another processor that has nothing to do looks for it. */
void kick_idle(void)
{
    for (u32 n = 0; n < cpu_count; n++) {
        struct cpu *cpu = &cpus[n];
        if (cpu->running != cpu->idle || cpu->resched)
            continue;
        cpu->resched = 1;
        if (cpu != this_cpu())
            write_doorbell(n, INTERRUPT, 1);
    }
}

/* The external interrupt was, or may have been, the doorbell. */
void doorbell_answer(void)
{
    if (cpu_count > 1)
        write_doorbell(this_cpu()->number, INTERRUPT, 0);
}
