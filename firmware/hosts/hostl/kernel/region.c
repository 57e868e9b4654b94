/* Regions: which addresses a process may access, and what they hold at first. */
#include "kernel.h"

struct region *region_find(struct proc *p, u32 address)
{
    for (struct region *r = p->regions; r < p->regions + REGIONS; r++)
        if (address >= r->start && address < r->end)
            return r;
    return NULL;
}

static int overlaps(struct proc *p, u32 start, u32 end)
{
    for (struct region *r = p->regions; r < p->regions + REGIONS; r++)
        if (r->end && start < r->end && r->start < end)
            return 1;
    return 0;
}

/* A region of whole pages, or NULL if it is not free or there are too many. */
struct region *region_add(struct proc *p, u32 start, u32 end, u32 flags)
{
    if (start >= end || end > USER_END || overlaps(p, start, end))
        return NULL;
    for (struct region *r = p->regions; r < p->regions + REGIONS; r++) {
        if (r->end)
            continue;
        *r = (struct region){ .start = start, .end = end, .flags = flags };
        return r;
    }
    return NULL;
}

static u32 round_up(u32 size)
{
    return (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

/* Zeroed memory at an address, or where there is room if that is 0. Returns the address or 0. */
u32 region_map(struct proc *p, u32 address, u32 size)
{
    size = round_up(size);
    if (address & (PAGE_SIZE - 1) || size == 0 || size > USER_STACK - USER_MMAP)
        return 0;
    if (address)
        return region_add(p, address, address + size, REGION_WRITE) ? address : 0;
    for (address = USER_MMAP; address + size <= USER_STACK; address += 1u << 20)
        if (region_add(p, address, address + size, REGION_WRITE))
            return address;
    return 0;
}

/* Frames of a device, where there is room. Returns the address or 0. */
u32 region_map_physical(struct proc *p, u32 frames, u32 size)
{
    u32 address = region_map(p, 0, size);
    if (!address)
        return 0;
    struct region *r = region_find(p, address);
    r->flags |= REGION_PHYSICAL;
    r->frames = frames;
    return address;
}

static void remove(struct proc *p, struct region *r)
{
    tables_free_range(p, r->start, r->end);
    *r = (struct region){ 0 };
}

/* Whole regions only. */
int region_unmap(struct proc *p, u32 address, u32 size)
{
    struct region *r = region_find(p, address);
    if (!r || r->start != address || r->end != address + round_up(size))
        return ERROR;
    remove(p, r);
    return 0;
}

/* Before a device gives its frames back. */
void region_unmap_physical(struct proc *p)
{
    for (struct region *r = p->regions; r < p->regions + REGIONS; r++)
        if (r->flags & REGION_PHYSICAL)
            remove(p, r);
}

/* The heap becomes larger or smaller by so many bytes, in whole pages. Returns its old end or 0. */
u32 region_grow_heap(struct proc *p, int bytes)
{
    for (struct region *r = p->regions; r < p->regions + REGIONS; r++) {
        if (!(r->flags & REGION_HEAP))
            continue;
        u32 old = r->end, end = round_up(old + bytes), start = r->start;
        if (end < start || end > USER_MMAP || (end > old && overlaps(p, old, end)))
            return 0;
        if (end < old)
            tables_free_range(p, end, old);
        r->end = end;
        return old;
    }
    return 0;
}
