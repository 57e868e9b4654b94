/* /dev/stat: what the kernel has counted, for `ps` and `free`. */
#include "../user/abi.h"
#include "kernel.h"

extern u32 hash_inserted, hash_evicted, hash_flushed, swap_written, swap_read, switches;

static int memory(u32 address)
{
    struct memory_stat s = {
        page_count, free_pages, slot_count, free_slots, swap_written, swap_read,
        hash_mask + 1, hash_inserted, hash_evicted, hash_flushed, ticks, switches,
    };
    return copy_out(address, &s, sizeof s) ? 0 : ERROR;
}

static int process(u32 address)
{
    struct process_stat s;
    if (!copy_in(&s, address, sizeof s) || s.number >= PROCESSES)
        return ERROR;
    struct proc *p = &processes[s.number];
    s = (struct process_stat){ s.number, p->state == UNUSED ? 0 : p->pid,
                               p->parent ? p->parent->pid : 0, p->state, p->context, p->resident,
                               p->swapped, p->faults, p->ticks, "" };
    strcopy(s.name, p->name, sizeof s.name);
    return copy_out(address, &s, sizeof s) ? 0 : ERROR;
}

static int file(u32 address)
{
    struct file_stat s;
    const char *name;
    if (!copy_in(&s, address, sizeof s) || !(name = archive_name(s.number)))
        return ERROR;
    strcopy(s.name, name, sizeof s.name);
    archive_find(name, &s.size);
    return copy_out(address, &s, sizeof s) ? 0 : ERROR;
}

static int clock(u32 address)
{
    struct clock_stat s = { boot_info.timebase_hz };
    return copy_out(address, &s, sizeof s) ? 0 : ERROR;
}

static int stat_ioctl(struct file *unused, u32 number, u32 argument)
{
    (void)unused;
    switch (number) {
    case STAT_MEMORY: return memory(argument);
    case STAT_PROCESS: return process(argument);
    case STAT_FILE: return file(argument);
    case STAT_CLOCK: return clock(argument);
    default: return ERROR;
    }
}

const struct device stat_device = { .name = "stat", .ioctl = stat_ioctl };
