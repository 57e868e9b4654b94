/* Frames of physical memory: one struct page each, and a list of those that are free.
 *
 * count is the number of page table entries that map a frame of a process; a wired frame belongs to
 * the kernel and has count 1. Frames below first_page hold the kernel; those of hash table and swap
 * area are behind the last.
 */
#include "kernel.h"

struct page *pages;
u32 page_count, free_pages, first_page;
static struct page free_list = { &free_list, &free_list, 0, 0, 0 };

struct page *page_of(u32 address)
{
    return &pages[(address >> PAGE_SHIFT) - first_page];
}

static u32 address_of(const struct page *page)
{
    return (u32)(page - pages + first_page) << PAGE_SHIFT;
}

static void put_on_list(struct page *page)
{
    page->flags = PAGE_FREE;
    page->next = free_list.next;
    page->previous = &free_list;
    free_list.next->previous = page;
    free_list.next = page;
    free_pages++;
}

static void take_off_list(struct page *page)
{
    page->previous->next = page->next;
    page->next->previous = page->previous;
    page->next = page->previous = NULL;
    page->flags = 0;
    page->count = 1;
    free_pages--;
}

/* Whole data cache lines become zero without being read (dcbz, MPC750 UM 3.4.2.3). */
static void clear_page(u32 address)
{
    u32 line = (u32)virtual(address);
    for (u32 end = line + PAGE_SIZE; line < end; line += 32)
        asm volatile("dcbz 0, %0" :: "r"(line) : "memory");
}

/* The kernel has stored to a frame that a process may fetch from: what is in the data cache goes to
 * memory, and the instruction cache forgets what was there before (MPC750 UM 3.4.2.6). The process has
 * done it for its own stores; that it fetches from another frame now, it cannot know. */
void page_stored(u32 address)
{
    u32 first = (u32)virtual(address), end = first + PAGE_SIZE, line;
    for (line = first; line < end; line += 32)
        asm volatile("dcbst 0, %0" :: "r"(line) : "memory");
    asm volatile("sync" ::: "memory");
    for (line = first; line < end; line += 32)
        asm volatile("icbi 0, %0" :: "r"(line) : "memory");
    asm volatile("sync; isync" ::: "memory");
}

/* The array itself lies at `first`; the frames behind it, up to `end`, become free. */
void page_init(u32 first, u32 end)
{
    pages = virtual(first);
    page_count = (end - first) >> PAGE_SHIFT;
    u32 size = (page_count * sizeof(struct page) + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    first_page = (first + size) >> PAGE_SHIFT;
    page_count = (end >> PAGE_SHIFT) - first_page;
    if (boot_info.limit && page_count > boot_info.limit)
        page_count = boot_info.limit;
    for (u32 n = page_count; n--; )
        put_on_list(&pages[n]);
}

u32 page_alloc(void)
{
    struct page *page = free_list.next;
    if (page == &free_list)
        return 0;
    take_off_list(page);
    clear_page(address_of(page));
    if (free_pages == daemon_low - 1)
        wakeup(&daemon_low);
    return address_of(page);
}

static int all_free(u32 first, u32 count)
{
    for (u32 n = first; n < first + count; n++)
        if (n >= page_count || !(pages[n].flags & PAGE_FREE))
            return 0;
    return 1;
}

/* Frames one behind the other, the first at a multiple of `alignment` frames: for the kernel
 * itself. */
u32 page_alloc_wired(u32 count, u32 alignment)
{
    for (u32 n = -first_page & (alignment - 1); n + count <= page_count; n += alignment) {
        if (!all_free(n, count))
            continue;
        for (u32 i = n; i < n + count; i++) {
            take_off_list(&pages[i]);
            pages[i].flags = PAGE_WIRED;
            clear_page(address_of(&pages[i]));
        }
        return address_of(&pages[n]);
    }
    return 0;
}

void page_free_wired(u32 address, u32 count)
{
    for (; count--; address += PAGE_SIZE) {
        page_of(address)->flags &= ~PAGE_WIRED;
        page_put(address);
    }
}

void page_get(u32 address)
{
    page_of(address)->count++;
}

/* One user less; the frame of the last one becomes free, and no longer stands for a swap slot. */
void page_put(u32 address)
{
    struct page *page = page_of(address);
    if (page->count == 0)
        panic("frame %x is free already", address);
    if (--page->count == bug(BUG_FREE_TWICE) && !(page->flags & PAGE_FREE)) {
        swap_forget(address);
        put_on_list(page);
    }
}
