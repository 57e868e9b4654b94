/* System calls (user/abi.h). */
#include "../user/abi.h"
#include "kernel.h"

#define NAME_MAX 32
#define ARGUMENT_MAX 128

static struct file *file_of(u32 number)
{
    return number < FILES ? current()->files[number] : NULL;
}

static int sys_open(u32 name_address)
{
    char name[NAME_MAX];
    if (!copy_in_string(name, name_address, sizeof name))
        return ERROR;
    for (u32 n = 0; n < FILES; n++) {
        if (current()->files[n])
            continue;
        current()->files[n] = file_open(name);
        return current()->files[n] ? (int)n : ERROR;
    }
    return ERROR;
}

static int sys_close(u32 number)
{
    struct file *file = file_of(number);
    if (!file)
        return ERROR;
    current()->files[number] = NULL;
    file_close(file);
    return 0;
}

static int sys_read(u32 number, u32 address, u32 size)
{
    struct file *file = file_of(number);
    return file && file->device->read && user_range(address, size, 1)
        ? file->device->read(file, address, size) : ERROR;
}

static int sys_write(u32 number, u32 address, u32 size)
{
    struct file *file = file_of(number);
    return file && file->device->write && user_range(address, size, 0)
        ? file->device->write(file, address, size) : ERROR;
}

static int sys_ioctl(u32 number, u32 request, u32 argument)
{
    struct file *file = file_of(number);
    return file && file->device->ioctl ? file->device->ioctl(file, request, argument) : ERROR;
}

/* Wait for something to read, at most so many ticks. 1: there is something. */
static int sys_poll(u32 number, u32 limit)
{
    struct file *file = file_of(number);
    u32 deadline = ticks + limit, msr = irq_save();
    int ready = 0;
    if (file && file->device->poll)
        while (!(ready = file->device->poll(file)) && (int)(deadline - ticks) > 0
               && !current()->killed)
            sleep_on(file->device, deadline);
    irq_restore(msr);
    return ready;
}

/* The frames of a device, which stay in memory. */
static u32 sys_map_file(u32 number, u32 size)
{
    struct file *file = file_of(number);
    u32 frames = file && file->device->map ? file->device->map(file, size) : 0;
    return frames ? region_map_physical(current(), frames, size) : 0;
}

static int sys_exec(struct frame *frame)
{
    char name[NAME_MAX], argument[ARGUMENT_MAX];
    if (!copy_in_string(name, frame->gpr[3], sizeof name)
        || !copy_in_string(argument, frame->gpr[4], sizeof argument))
        return ERROR;
    return proc_exec(frame, name, argument);
}

static int sys_sleep(u32 length)
{
    if (length)
        sleep_on(current(), ticks + length);
    return 0;
}

/* Load (1) or unload (0) a module. */
static int sys_module(u32 name_address, u32 load)
{
    char name[NAME_MAX];
    if (!copy_in_string(name, name_address, sizeof name))
        return ERROR;
    return load ? module_load(name) : module_unload(name);
}

static void sys_halt(void)
{
    printk("halted\n");
    irq_save();
    for (;;)
        ;
}

void system_call(struct frame *frame)
{
    const u32 *r = frame->gpr;
    int result = 0;
    switch ((enum system_call)r[0]) {
    case SYS_EXIT:   proc_exit(r[3]);
    case SYS_FORK:   result = proc_fork(frame); break;
    case SYS_WAIT:   result = proc_wait(r[3]); break;
    case SYS_EXEC:   result = sys_exec(frame); break;
    case SYS_OPEN:   result = sys_open(r[3]); break;
    case SYS_CLOSE:  result = sys_close(r[3]); break;
    case SYS_READ:   result = sys_read(r[3], r[4], r[5]); break;
    case SYS_WRITE:  result = sys_write(r[3], r[4], r[5]); break;
    case SYS_IOCTL:  result = sys_ioctl(r[3], r[4], r[5]); break;
    case SYS_POLL:   result = sys_poll(r[3], r[4]); break;
    case SYS_MAP:    result = region_map(current(), r[3], r[4]); break;
    case SYS_MAP_FILE: result = sys_map_file(r[3], r[4]); break;
    case SYS_UNMAP:  result = region_unmap(current(), r[3], r[4]); break;
    case SYS_GROW:   result = region_grow_heap(current(), r[3]); break;
    case SYS_SLEEP:  result = sys_sleep(r[3]); break;
    case SYS_YIELD:  schedule(); break;
    case SYS_GETPID: result = current()->pid; break;
    case SYS_KILL:   result = proc_kill(r[3]); break;
    case SYS_MODULE: result = sys_module(r[3], r[4]); break;
    case SYS_HALT:   sys_halt(); break;
    case SYS_WIRE:   result = pages_wire(current(), r[3], r[4]) ? 0 : ERROR; break;
    default:         result = machdep_call(frame);
    }
    frame->gpr[3] = result;
}
