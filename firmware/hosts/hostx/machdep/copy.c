/* Copying from and to the memory of the current process, which the kernel does not see.
 *
 * Segment 14 of the kernel is a window: during a copy it is a segment of the process. A fault in it
 * is a fault of the process at the address behind the window. While the process waits for the page
 * others run, with windows of their own.
 */
#include "kernel.h"
#include "pmap.h"

#define WINDOW 0xE0000000u
#define SEGMENT 0x10000000u

static u8 windows[PROCESSES];           /* segment that each process's window shows, + 1; 0: none */

/* Segment register 14 as a process needs it now. */
void window_load(struct proc *p)
{
    u32 shown = windows[p - processes];
    u32 id = shown ? vsid(p->context, (shown - 1) << 28) : vsid(0, WINDOW);
    asm volatile("isync; mtsr 14, %0; isync" :: "r"(SR_KP | id) : "memory");
}

static void show(u32 segment_and_one)
{
    u32 msr = irq_save();
    windows[current() - processes] = segment_and_one;
    window_load(current());
    irq_restore(msr);
}

/* A fault of the kernel: does it copy? Then the address is the one behind the window. */
int copy_address(u32 *address)
{
    u32 shown = windows[current() - processes];
    if (!shown || *address < WINDOW || *address - WINDOW >= SEGMENT)
        return 0;
    *address = (shown - 1) << 28 | (*address - WINDOW);
    return 1;
}

/* Segment by segment. */
static void copy(u32 address, u8 *kernel, u32 size, int out)
{
    while (size) {
        u32 offset = address % SEGMENT, part = SEGMENT - offset;
        if (part > size)
            part = size;
        show((address >> 28) + 1);
        if (out)
            memcpy((void *)(WINDOW + offset), kernel, part);
        else
            memcpy(kernel, (void *)(WINDOW + offset), part);
        show(0);
        address += part;
        kernel += part;
        size -= part;
    }
}

int copy_in(void *to, u32 address, u32 size)
{
    if (!user_range(address, size, 0))
        return 0;
    copy(address, to, size, 0);
    return 1;
}

int copy_out(u32 address, const void *from, u32 size)
{
    if (!user_range(address, size, 1))
        return 0;
    copy(address, (u8 *)from, size, 1);
    return 1;
}

int copy_in_string(char *to, u32 address, u32 size)
{
    while (size--) {
        if (!copy_in(to, address++, 1))
            return 0;
        if (!*to++)
            return 1;
    }
    return 0;
}
