/* The records of mappings: found by VSID and page. There are as many as the hash table has entries,
 * and half as many again. If none is free, one that exists is taken: the page faults again. */
#include "pmap.h"

struct mapping *mappings;
u32 mapping_count;
static struct mapping **buckets, *free_mappings;
static u32 bucket_count, next_victim;

void mapping_init(void)
{
    u32 entries = boot_info.hash / sizeof(struct entry);
    mapping_count = entries + entries / 2;
    bucket_count = entries;
    buckets = virtual(page_alloc_wired(bucket_count * sizeof *buckets / PAGE_SIZE, 1));
    mappings = virtual(page_alloc_wired((mapping_count * sizeof *mappings + PAGE_SIZE - 1)
                                        / PAGE_SIZE, 1));
    for (u32 n = mapping_count; n--; free_mappings = &mappings[n])
        mappings[n].next = free_mappings;
}

static struct mapping **bucket(u32 id, u32 address)
{
    return &buckets[(id ^ address >> PAGE_SHIFT) % bucket_count];
}

struct mapping *mapping_find(u32 id, u32 address)
{
    struct mapping *m = *bucket(id, address);
    while (m && (m->id != id || m->address != address))
        m = m->next;
    return m;
}

static struct mapping *take_one(void)
{
    struct mapping *m = &mappings[next_victim++ % mapping_count];
    harvest(m);
    mapping_free(m);
    return m;
}

struct mapping *mapping_new(u32 id, u32 address, u32 *pte)
{
    struct mapping *m = free_mappings ? free_mappings : take_one(), **head = bucket(id, address);
    free_mappings = m->next;
    *m = (struct mapping){ *head, id, address, pte, NO_SLOT };
    *head = m;
    return m;
}

void mapping_free(struct mapping *m)
{
    struct mapping **link = bucket(m->id, m->address);
    while (*link != m)
        link = &(*link)->next;
    *link = m->next;
    *m = (struct mapping){ .next = free_mappings };
    free_mappings = m;
}
