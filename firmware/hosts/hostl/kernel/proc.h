/* A process: an address space, a kernel stack, open files. */
#ifndef PROC_H
#define PROC_H

#include "frame.h"
#include "memlayout.h"

#define PROCESSES 32
#define FILES     8
#define REGIONS   12
#define NAME_SIZE 16

enum state { UNUSED, NEW, RUNNABLE, SLEEPING, ZOMBIE };
enum region_flags { REGION_WRITE = 1, REGION_STACK = 2, REGION_HEAP = 4,
                    REGION_PHYSICAL = 8 };

/* Addresses start to end - 1. What is behind `data` is their first contents, the rest is zero. The
 * pages of a REGION_PHYSICAL are those frames of a device that begin at `frames`. */
struct region {
    u32 start, end, flags;
    const u8 *data;                     /* contents of the byte at data_start */
    u32 data_start, data_size, frames;
};

/* A processor: processors.c. */
struct cpu {
    u32 number;
    u32 resched;                        /* another process shall run */
    u32 slice;                          /* ticks that are left */
    u32 depth;                          /* how often it holds the lock of the kernel */
    struct proc *idle;                  /* runs when no other can */
    struct proc *running;
    struct proc *fpu;                   /* whose values are in the floating-point registers */
};

struct proc {
    u32 stack_top;                      /* of the kernel stack; frame.h knows these three */
    u32 sp;                             /* of the kernel, while another process runs */
    u32 self;                           /* a word of its own, for fast traps (HostX) */
    struct proc *space;                 /* whose address space it is in instead of its own, or NULL */
    u32 pid, context;
    enum state state;
    struct cpu *cpu;                    /* that it runs on, or NULL */
    struct proc *parent;
    u32 *directory;                     /* page directory */
    struct region regions[REGIONS];
    const void *channel;                /* what it sleeps on */
    u32 deadline;                       /* tick that ends the sleep, or 0 */
    u32 killed;                         /* it ends before it is in user state again */
    int status;                         /* of exit */
    struct file *files[FILES];
    u32 resident, swapped;              /* pages */
    u32 faults, ticks;
    u32 fpu_used;
    u64 fpu[33];
    char name[NAME_SIZE];
};

extern struct proc processes[PROCESSES];

static inline struct proc *current(void)
{
    struct proc *p;
    asm("mr %0, 2" : "=r"(p));
    return p;
}

static inline struct cpu *this_cpu(void) { return current()->cpu; }

/* Where a process that is in the kernel has left user state. */
static inline struct frame *user_frame(struct proc *p)
{
    return (struct frame *)(p->stack_top - FRAME_SIZE);
}

#endif
