/* main: from a processor with BATs to the first program. */
#include "kernel.h"

struct boot_info boot_info = {
    .timebase_hz = 40500000, .hash = 256 << 10, .swap = 4 << 20, .cpus = 1,
};
enum bug planted;

extern const char arguments[];          /* image.py's, if no one gives others */

extern u8 _end[];

#define TICKS_PER_SECOND 1000

/* What is behind the name in the arguments, or NULL. */
const char *boot_option(const char *name)
{
    for (const char *at = boot_info.arguments; *at; at++)
        if (begins(at, name))
            return at + strlen(name);
    return NULL;
}

static void plant(const char *name)
{
    static const char *const names[] = BUG_NAMES;
    for (u32 n = 0; n < COUNT(names); n++)
        if (begins(name, names[n]))
            planted = n;
}

/* hash=, swap=: their sizes; mem=: so much memory is used for processes and the kernel's tables;
 * cpus=: so many processors are used; bug=: see bugs.h. */
void parse_arguments(void)
{
    const char *text;
    if ((text = boot_option("hash=")))
        boot_info.hash = number_of(text);
    if ((text = boot_option("swap=")))
        boot_info.swap = number_of(text);
    if ((text = boot_option("mem=")))
        boot_info.limit = number_of(text) >> PAGE_SHIFT;
    if ((text = boot_option("cpus=")))
        boot_info.cpus = number_of(text);
    if ((text = boot_option("bug=")))
        plant(text);
}

static void memory_init(void)
{
    u32 hash = boot_info.ram - boot_info.hash, swap = hash - boot_info.swap;
    page_init((physical(_end) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1), swap);
    hash_init(hash);
    swap_init(swap, boot_info.swap);
    printk("%u KB memory, %u frames free, hash table %u KB, swap area %u KB\n",
           boot_info.ram >> 10, free_pages, boot_info.hash >> 10, boot_info.swap >> 10);
}

/* Process 0 is what runs now, and later the idle loop of processor 0. */
static void process_zero(void)
{
    struct proc *p = processes;
    asm volatile("mtsprg 3, %0\n mr 2, %1" :: "r"(physical(p)), "r"(p) : "memory");
    p->state = RUNNABLE;
    p->cpu = &cpus[0];
    cpus[0].idle = cpus[0].running = p;
    kernel_enter();
    strcopy(p->name, "idle", NAME_SIZE);
    context_switch(p);
}

static void init(void *unused)
{
    (void)unused;
    for (u32 n = 0; n < 3; n++)
        current()->files[n] = file_open("/dev/console");
    if (proc_exec(user_frame(current()), "init", "init") == ERROR)
        panic("no init");
}

void main(u32 ram_end, const u32 *tree);
void main(u32 ram_end, const u32 *tree)
{
    uart_init();
    printk("%s\n", machdep_name);
    if (ram_end)
        boot_info.ram = ram_end;
    if (!boot_info.arguments[0])
        strcopy(boot_info.arguments, arguments, sizeof boot_info.arguments);
    if (tree)
        read_device_tree(virtual((u32)tree));
    parse_arguments();
    process_zero();
    context_init();
    memory_init();
    machdep_init();
    device_register(&console_device);
    device_register(&stat_device);
    kernel_thread("init", init, NULL);
    daemon_init();
    tick_length = boot_info.timebase_hz / TICKS_PER_SECOND;
    asm volatile("mtdec %0" :: "r"(tick_length));
    processors_start();
    idle();
}
