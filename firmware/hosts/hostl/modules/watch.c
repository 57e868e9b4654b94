/* The module `watch` uses each hook once: it counts decrementer exceptions at their vector, pages
 * that are flushed, process switches, and tells through /dev/watch.
 */
#include "../user/abi.h"
#include "kernel.h"

/* watch.S */
extern u32 watch_page, watch_decrementer, watch_displaced;
extern const u8 watch_vector[];

static u32 flushes, flushed_pages, process_switches;

static void flushed(struct proc *owner, u32 address, u32 count)
{
    (void)owner, (void)address;
    flushes++;
    flushed_pages += count;
}

static void switched(struct proc *from, struct proc *to)
{
    (void)from, (void)to;
    process_switches++;
}

static int watch_ioctl(struct file *file, u32 number, u32 argument)
{
    struct watch_counts counts = { watch_decrementer, flushes, flushed_pages, process_switches };
    (void)file;
    return number == WATCH_COUNTS && copy_out(argument, &counts, sizeof counts) ? 0 : ERROR;
}

/* A process can have the words of watch.S in its own memory. */
static u32 watch_map(struct file *file, u32 size)
{
    (void)file;
    return size <= PAGE_SIZE ? physical(&watch_page) : 0;
}

static const struct device watch_device = {
    .name = "watch", .ioctl = watch_ioctl, .map = watch_map,
};

static int watch_load(void)
{
    if (module_flush || module_switch || device_register(&watch_device) < 0)
        return ERROR;
    watch_decrementer = flushes = flushed_pages = process_switches = 0;
    module_flush = flushed;
    module_switch = switched;
    vector_take(0x900, watch_vector, &watch_displaced);
    return 0;
}

static void watch_unload(void)
{
    vector_restore(0x900, watch_displaced);
    module_flush = NULL;
    module_switch = NULL;
    device_unregister(&watch_device);
}

MODULE("watch", watch_load, watch_unload);
