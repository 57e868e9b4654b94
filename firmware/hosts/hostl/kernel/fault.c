/* Page faults: from "no entry in the hash table" to a page of the process.
 *
 * Most faults only refill the hash table from the page tables. The others bring in a page: a zeroed
 * one, one with contents of the program file, one from the swap area, or a copy of a shared one.
 */
#include "kernel.h"

/* The first contents of a page, as far as the program file has them. */
static void fill(struct region *r, u32 address, u32 frame)
{
    u32 start = address, end = address + PAGE_SIZE;
    if (start < r->data_start)
        start = r->data_start;
    if (end > r->data_start + r->data_size)
        end = r->data_start + r->data_size;
    if (r->data && start < end)
        memcpy((u8 *)virtual(frame) + (start - address), r->data + (start - r->data_start),
               end - start);
    page_stored(frame);
}

static enum fault bring_in(struct proc *p, struct region *r, u32 address, u32 *pte)
{
    u32 value;
    if (*pte & PTE_SWAPPED) {
        value = swap_in(p, *pte >> PAGE_SHIFT, r->flags & REGION_WRITE);
    } else if (r->flags & REGION_PHYSICAL) {
        value = (r->frames + address - r->start) | PTE_RW | PTE_SPECIAL;
    } else if ((value = page_alloc())) {
        if (r->data)
            fill(r, address, value);
        value |= r->flags & REGION_WRITE ? PTE_RW : 0;
    }
    if (!value)
        return FAULT_NO_MEMORY;
    *pte = value | PTE_PRESENT | PTE_USER | PTE_COHERENT | PTE_R;
    p->resident++;
    return FAULT_DONE;
}

/* A store to a page that may not be written yet: the last user keeps the frame, others copy it. */
static enum fault make_writable(struct proc *p, u32 address, u32 *pte)
{
    u32 old = *pte & PTE_FRAME, frame = old;
    if (page_of(old)->count > 1) {
        frame = page_alloc();
        if (!frame)
            return FAULT_NO_MEMORY;
        memcpy(virtual(frame), virtual(old), PAGE_SIZE);
        page_stored(frame);
    } else {
        swap_forget(old);               /* slots that others still need keep their contents */
    }
    flush_hash_pages(p, address, pte, 1, 0);
    *pte = frame | (*pte & ~PTE_FRAME) | PTE_RW | PTE_C | PTE_R;
    if (frame != old)
        page_put(old);
    return FAULT_DONE;
}

/* Make a page of a process present, and writable if that is asked for. */
static enum fault resolve(struct proc *p, u32 address, int write)
{
    struct region *r = region_find(p, address);
    if (!r || (write && !(r->flags & REGION_WRITE)))
        return FAULT_BAD_ADDRESS;
    u32 *pte = pte_make(p, address);
    if (!pte)
        return FAULT_NO_MEMORY;
    if (!(*pte & PTE_PRESENT)) {
        enum fault fault = bring_in(p, r, address, pte);
        if (fault != FAULT_DONE)
            return fault;
        p->faults++;
    }
    if (write && !(*pte & PTE_RW)) {
        p->faults++;
        return make_writable(p, address, pte);
    }
    return FAULT_DONE;
}

/* The same; the page is referenced, and changed if it is for writing. Waits for the page daemon
 * while there is no memory. */
enum fault page_in(struct proc *p, u32 address, int write)
{
    enum fault fault;
    address &= ~(PAGE_SIZE - 1);
    while ((fault = resolve(p, address, write)) == FAULT_NO_MEMORY)
        if (!memory_wait())
            return fault;
    if (fault == FAULT_DONE)
        pte_update(pte_find(p, address), 0, PTE_R | (write ? PTE_C : 0));
    return fault;
}

/* Bring pages in for good, each with a frame of its own. 0: they are no memory of the process, or there
 * is too little. A fork ends it. */
int pages_wire(struct proc *p, u32 address, u32 size)
{
    if (!user_range(address, size, 1))
        return 0;
    for (u32 end = address + size; address < end; address += PAGE_SIZE) {
        if (page_in(p, address, 1) != FAULT_DONE)
            return 0;
        pte_update(pte_find(p, address), 0, PTE_WIRED);
    }
    return 1;
}

/* DSI and ISI. */
void memory_fault(struct frame *frame, u32 address, int write)
{
    struct proc *p = current();
    int user = frame->msr & MSR_PR;
    if (!user && hash_page_fault(address))
        return;
    if (!user && !copy_address(&address))
        panic("kernel at %x accesses %x", frame->pc, address);
    switch (page_in(p, address, write)) {
    case FAULT_DONE:
        hash_insert(p, address & ~(PAGE_SIZE - 1), pte_find(p, address));
        return;
    case FAULT_BAD_ADDRESS:
        if (!user)
            panic("kernel at %x accesses %x of %s", frame->pc, address, p->name);
        printk("%s (%u): bad address %x at %x\n", p->name, p->pid, address, frame->pc);
        break;
    case FAULT_NO_MEMORY:
        printk("%s (%u): out of memory\n", p->name, p->pid);
    }
    proc_exit(ERROR);
}

/* May the current process access all of this? A system call asks before it copies. */
int user_range(u32 address, u32 size, int write)
{
    u32 end = address + size;
    if (end < address)
        return 0;
    while (address < end) {
        struct region *r = region_find(current(), address);
        if (!r || (write && !(r->flags & REGION_WRITE)))
            return 0;
        address = r->end;
    }
    return 1;
}
