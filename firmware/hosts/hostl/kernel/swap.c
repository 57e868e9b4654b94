/* The swap area: slots of a page each, in memory that is set aside.
 *
 * A slot counts the page table entries that name it, and may know a frame with the same contents.
 * Such a frame need not be written again while it is clean, and who looks for the slot finds it
 * there.
 *
 * While entries name the slot of a frame, no process may store to the frame; the fault that allows
 * it parts the two (swap_forget). A frame that is dirty, or has no slot, is written when it goes.
 * One that is clean and has none holds what the first fault brought: it can simply go.
 */
#include "kernel.h"

struct slot *slots;
u32 slot_count, free_slots, swap_base;
u32 swap_written, swap_read;
static u32 next_slot = 1;

void swap_init(u32 base, u32 size)
{
    swap_base = base;
    slot_count = size >> PAGE_SHIFT;
    free_slots = slot_count ? slot_count - 1 : 0;       /* slot 0 is "none" */
    slots = virtual(page_alloc_wired((slot_count * sizeof(struct slot) >> PAGE_SHIFT) + 1, 1));
}

static void *contents(u32 slot)
{
    return virtual(swap_base + (slot << PAGE_SHIFT));
}

static int is_free(u32 slot)
{
    return slots[slot].count == 0 && slots[slot].frame == 0;
}

static u32 slot_alloc(void)
{
    for (u32 n = 1; free_slots && n < slot_count; n++) {
        u32 slot = next_slot;
        next_slot = slot + 1 < slot_count ? slot + 1 : 1;
        if (is_free(slot)) {
            free_slots--;
            return slot;
        }
    }
    return 0;
}

void swap_get(u32 slot)
{
    slots[slot].count++;
}

void swap_put(u32 slot)
{
    if (--slots[slot].count == 0 && is_free(slot))
        free_slots++;
}

/* The frame has no copy any more: it is free, or someone may store to it. */
void swap_forget(u32 frame)
{
    struct page *page = page_of(frame);
    if (!page->slot)
        return;
    slots[page->slot].frame = 0;
    if (is_free(page->slot))
        free_slots++;
    page->slot = 0;
}

/* A slot with the contents of the frame, or 0 if all are in use. */
static u32 write_out(u32 frame, u32 changed)
{
    struct page *page = page_of(frame);
    if (page->slot && !(changed && slots[page->slot].count == 0))
        return page->slot;
    if (!page->slot && !(page->slot = slot_alloc()))
        return 0;
    slots[page->slot].frame = frame;
    memcpy(contents(page->slot), virtual(frame), PAGE_SIZE);
    swap_written++;
    return page->slot;
}

/* Take a page away from a process. 0 if the swap area is full. */
int swap_out(struct proc *p, u32 address, u32 *pte)
{
    if (bug(BUG_SWAP_NO_FLUSH))
        pte_update(pte, PTE_PRESENT, 0);
    else
        flush_hash_pages(p, address, pte, 1, PTE_PRESENT);
    u32 frame = *pte & PTE_FRAME, value = 0;
    if (*pte & PTE_C || page_of(frame)->slot) {
        u32 slot = write_out(frame, *pte & PTE_C);
        if (!slot) {
            pte_update(pte, 0, PTE_PRESENT);
            return 0;
        }
        swap_get(slot);
        value = slot << PAGE_SHIFT | PTE_SWAPPED;
        p->swapped++;
    }
    *pte = value;
    p->resident--;
    page_put(frame);
    return 1;
}

/* The frame of a slot for one process, and which of PTE_RW and PTE_C its entry gets; 0 if there is
 * no memory. */
u32 swap_in(struct proc *p, u32 slot, int writable)
{
    struct slot *s = &slots[slot];
    u32 frame = s->frame;
    if (frame) {
        page_get(frame);
    } else {
        frame = page_alloc();
        if (!frame)
            return 0;
        memcpy(virtual(frame), contents(slot), PAGE_SIZE);
        page_stored(frame);
        swap_read++;
        page_of(frame)->slot = slot;
        s->frame = frame;
    }
    swap_put(slot);
    p->swapped--;
    if (s->count || page_of(frame)->count > 1)
        return frame;                   /* shared: a store copies it */
    u32 changed = 0;
    if (free_slots < slot_count / 4) {  /* rather a free slot than a copy that may be of use */
        swap_forget(frame);
        changed = PTE_C;
    }
    return frame | (writable ? PTE_RW : 0) | changed;
}
