/* What each file of the kernel offers to the others. */
#ifndef KERNEL_H
#define KERNEL_H

#include "bugs.h"
#include "lib.h"
#include "memlayout.h"
#include "proc.h"
#include "pte.h"
#include "regs.h"

/* Processor state. Interrupts are on in system calls and faults; no process loses the processor
 * while it is in the kernel, unless it asks for that. One processor at a time is in the kernel
 * (processors.c). */
static inline u32 irq_save(void)
{
    u32 msr;
    asm volatile("mfmsr %0" : "=r"(msr) :: "memory");
    asm volatile("mtmsr %0" :: "r"(msr & ~MSR_EE) : "memory");
    return msr;
}
static inline void irq_restore(u32 msr) { asm volatile("mtmsr %0" :: "r"(msr) : "memory"); }
static inline void irq_enable(void) { irq_restore(MSR_KERNEL | MSR_EE); }
static inline u32 physical(const void *p) { return (u32)p - KERNEL_BASE; }
static inline void *virtual(u32 address) { return (void *)(address + KERNEL_BASE); }
static inline u32 timebase(void)
{
    u32 ticks;
    asm volatile("mftb %0" : "=r"(ticks));
    return ticks;
}

/* printk.c */
void printk(const char *format, ...) __attribute__((format(printf, 1, 2)));
void panic(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* boot.c, fdt.c, prom.c */
struct boot_info { u32 ram, timebase_hz, hash, swap, limit, cpus; char arguments[128]; };
extern struct boot_info boot_info;
void read_device_tree(const u32 *tree);
void prom_init(int (*client)(u32 array), u32 load_address);
const char *boot_option(const char *name);
void parse_arguments(void);

/* page.c */
struct page { struct page *next, *previous; u16 count, flags; u32 slot; };
enum page_flags { PAGE_FREE = 1, PAGE_WIRED = 2 };
extern struct page *pages;
extern u32 page_count, free_pages, first_page;
void page_init(u32 first, u32 end);
u32 page_alloc(void);                   /* physical address of a zeroed frame, or 0 */
u32 page_alloc_wired(u32 count, u32 alignment);
void page_free_wired(u32 address, u32 count);
void page_stored(u32 address);          /* before a process fetches from it */
void page_get(u32 address);
void page_put(u32 address);
struct page *page_of(u32 address);

/* What differs between hosts, in a folder machdep/ each.
 * hash.c or pmap.c, context.c */
void hash_init(u32 top);
int hash_page_fault(u32 address);
u32 hash_lock(void);
void hash_unlock(u32 msr);
void hash_insert(struct proc *p, u32 address, u32 *pte);
int hash_refill(struct proc *p, u32 address, int write);
void flush_hash_pages(struct proc *p, u32 address, u32 *ptes, u32 count, u32 clear);
void set_sdr1(u32 value);
extern u32 hash_base, hash_mask;
u32 vsid(u32 context, u32 address);
void context_init(void);
void segments_init(void);
u32 context_alloc(void);
void context_free(u32 context);
void context_switch(struct proc *p);

/* lent.c */
u32 context_lend(void);
void context_take_back(u32 context);
int context_is_lent(u32 context);
/* copy.c */
int copy_address(u32 *address);
int copy_in(void *to, u32 address, u32 size);
int copy_out(u32 address, const void *from, u32 size);
int copy_in_string(char *to, u32 address, u32 size);
/* machdep.c */
extern const char machdep_name[];
void machdep_init(void);
int machdep_call(struct frame *frame);
int machdep_trap(struct frame *frame);
void machdep_exit(struct proc *p);

/* table.c: page tables; region.c: what a process may access */
u32 *pte_find(struct proc *p, u32 address);
u32 *pte_make(struct proc *p, u32 address);
u32 pte_update(u32 *pte, u32 clear, u32 set);
int tables_fork(struct proc *child, struct proc *parent);
void tables_free_range(struct proc *p, u32 start, u32 end);
void tables_free(struct proc *p);
struct region *region_find(struct proc *p, u32 address);
struct region *region_add(struct proc *p, u32 start, u32 end, u32 flags);
u32 region_map(struct proc *p, u32 address, u32 size);
u32 region_map_physical(struct proc *p, u32 frames, u32 size);
void region_unmap_physical(struct proc *p);
int region_unmap(struct proc *p, u32 address, u32 size);
u32 region_grow_heap(struct proc *p, int bytes);

/* fault.c */
enum fault { FAULT_DONE, FAULT_BAD_ADDRESS, FAULT_NO_MEMORY };
enum fault page_in(struct proc *p, u32 address, int write);
void memory_fault(struct frame *frame, u32 address, int write);
int user_range(u32 address, u32 size, int write);
int pages_wire(struct proc *p, u32 address, u32 size);

/* swap.c, daemon.c */
struct slot { u16 count, unused; u32 frame; };
extern struct slot *slots;
extern u32 slot_count, free_slots, swap_base;
void swap_init(u32 base, u32 size);
int swap_out(struct proc *p, u32 address, u32 *pte);
u32 swap_in(struct proc *p, u32 slot, int writable);
void swap_forget(u32 frame);
void swap_get(u32 slot);
void swap_put(u32 slot);
extern u32 daemon_low, daemon_high;     /* frames: it begins below one, and ends at the other */
void daemon_init(void);
int memory_wait(void);

/* processors.c, idle.c */
#define CPUS 4
#define need_resched (this_cpu()->resched)
extern struct cpu cpus[CPUS];
extern u32 cpu_count;
void kernel_enter(void);
void kernel_leave(void);
void processors_start(void);
void doorbell_answer(void);
void kick_idle(void);
void idle(void) __attribute__((noreturn));

/* proc.c, sched.c, exec.c */
void proc_init(void);
struct proc *proc_new(const char *name);
struct proc *kernel_thread(const char *name, void (*function)(void *), void *argument);
int proc_fork(struct frame *frame);
void proc_exit(int status) __attribute__((noreturn));
int proc_wait(u32 status_address);
int proc_kill(u32 pid);
void schedule(void);
void sleep_on(const void *channel, u32 deadline);
void wakeup(const void *channel);
void tick(void);
extern u32 ticks, tick_length;
int proc_exec(struct frame *frame, const char *name, const char *argument);
void switch_stack(u32 *save, u32 to);
void process_begins(void);
void fpu_take(struct frame *frame);
void fpu_forget(struct proc *p);
void fpu_give_up(struct proc *p);
void fpu_sync(struct proc *p);
void fpu_save(u64 *registers);
void fpu_load(const u64 *registers);

/* trap.c, syscall.c */
void trap(struct frame *frame);
void system_call(struct frame *frame);

/* file.c, archive.c, uart.c, stat.c, module.c */
struct file {
    u32 count;
    const struct device *device;
    u32 position;
    const u8 *data;                     /* of the archive */
    u32 size;
    void *private;
};
struct device {
    const char *name;
    int (*open)(struct file *file);
    void (*close)(struct file *file);
    int (*read)(struct file *file, u32 address, u32 size);
    int (*write)(struct file *file, u32 address, u32 size);
    int (*ioctl)(struct file *file, u32 number, u32 argument);
    int (*poll)(struct file *file);     /* there is something to read */
    u32 (*map)(struct file *file, u32 size);    /* the first of its frames for a process, or 0 */
};
int device_register(const struct device *device);
void device_unregister(const struct device *device);
struct file *file_open(const char *name);
void file_close(struct file *file);
const u8 *archive_find(const char *name, u32 *size);
const char *archive_name(u32 number);
void uart_init(void);
void uart_put(char c);
void uart_interrupt(void);
extern const struct device console_device, stat_device;

/* module.c */
struct module { const char *name; int (*load)(void); void (*unload)(void); };
#define MODULE(name, load, unload) \
    static const struct module this_module __attribute__((section(".modules"), used)) \
        = { name, load, unload }
typedef void flush_hook(struct proc *owner, u32 address, u32 count);
typedef void switch_hook(struct proc *from, struct proc *to);
extern flush_hook *module_flush;
extern switch_hook *module_switch;
void vector_take(u32 vector, const void *handler, u32 *displaced);
void vector_restore(u32 vector, u32 displaced);
int module_load(const char *name);
int module_unload(const char *name);

#define ERROR (-1)
#endif
