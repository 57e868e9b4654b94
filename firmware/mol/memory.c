/* The guest's physical memory: blocks of the owner's memory, and pages of devices. */
#include "mol.h"

int map_block(struct kernel_vars *kv, u32 mphys, u32 size, u32 lvptr, int read_only)
{
    if ((mphys | size | lvptr) & (PAGE_SIZE - 1) || !size || mphys + size - 1 < mphys
        || kv->blocks == MAX_BLOCKS)
        return EMOLINVAL;
    for (u32 i = 0; i < kv->blocks; i++) {
        struct block *b = &kv->block[i];
        if (mphys < b->mbase + b->size && b->mbase < mphys + size)
            return EMOLINUSE;
    }
    u32 pages = size / PAGE_SIZE, total = kv->lv_pages + pages;
    u32 ring_pages = (total * sizeof(u16) + PAGE_SIZE - 1) / PAGE_SIZE;
    u16 *ring = host_alloc_wired(ring_pages);
    if (!ring)
        return EMOLGENERAL;
    for (u32 i = 0; i < total; i++)
        ring[i] = i < kv->lv_pages ? kv->lv_ring[i] : NO_PENT;
    if (kv->lv_ring)
        host_free_wired(kv->lv_ring, kv->lv_ring_pages);
    kv->block[kv->blocks++] = (struct block){ mphys, size, lvptr, kv->lv_pages, read_only };
    kv->lv_ring = ring;
    kv->lv_ring_pages = ring_pages;
    kv->lv_pages = total;
    return 0;
}

void unmap_blocks(struct kernel_vars *kv)
{
    if (kv->lv_ring)
        host_free_wired(kv->lv_ring, kv->lv_ring_pages);
    kv->lv_ring = NULL;
    kv->blocks = kv->lv_pages = 0;
}

struct block *find_block(struct kernel_vars *kv, u32 mphys)
{
    for (u32 i = 0; i < kv->blocks; i++)
        if (mphys - kv->block[i].mbase < kv->block[i].size)
            return &kv->block[i];
    return NULL;
}

/* Kernel access to the guest's memory, inside one page; NULL if there is none. */
u8 *guest_memory(struct kernel_vars *kv, u32 mphys, int write)
{
    struct block *b = find_block(kv, mphys);
    if (in_mregs(kv, mphys))
        return write ? NULL : kv->mregs_pages + (mphys - kv->mregs_mphys);
    if (!b || (write && b->read_only))
        return NULL;
    u32 page = host_page_in(kv->owner, (b->lvbase + mphys - b->mbase) & ~(PAGE_SIZE - 1), write);
    if (page == HOST_NO_PAGE)
        return NULL;
    return (u8 *)host_owner_page(page) + (mphys & (PAGE_SIZE - 1));
}

/* Words of the guest's page table, inside one page (point vi): in the kernel's view of the page, or
 * copied as any program's memory. NULL if there is no such memory. */
const u32 *guest_words(struct kernel_vars *kv, u32 *copy, u32 mphys, u32 size)
{
    if (!kv->option[OPTION_COPY])
        return (const u32 *)guest_memory(kv, mphys, 0);
    struct block *b = find_block(kv, mphys);
    return b && host_copy_in(kv->owner, copy, b->lvbase + mphys - b->mbase, size) ? copy : NULL;
}

u32 guest_word(struct kernel_vars *kv, u32 mphys)
{
    u32 copy;
    const u32 *word = guest_words(kv, &copy, mphys, sizeof copy);
    return word ? *word : 0;
}

/* R and C are in a byte each. */
void write_guest_byte(struct kernel_vars *kv, u32 mphys, u8 value)
{
    struct block *b = find_block(kv, mphys);
    if (kv->option[OPTION_COPY]) {
        host_copy_out(kv->owner, b->lvbase + mphys - b->mbase, &value, 1);
        return;
    }
    u8 *byte = guest_memory(kv, mphys, 1);
    if (byte)
        *byte = value;
}

/* ---- Pages of devices --------------------------------------------------------------------------- */

struct io_page *find_io_page(struct kernel_vars *kv, u32 mphys)
{
    struct io_page *p = kv->io_pages;
    while (p && p->mphys != (mphys & ~(PAGE_SIZE - 1)))
        p = p->next;
    return p;
}

#define IO_PAGE_PAGES ((sizeof(struct io_page) + PAGE_SIZE - 1) / PAGE_SIZE)

int add_iorange(struct kernel_vars *kv, u32 mphys, u32 size, u32 cookie)
{
    if ((mphys | size) & 7 || !size || mphys + size - 1 < mphys)
        return EMOLINVAL;
    for (u32 at = mphys; at < mphys + size; at += 8) {
        struct io_page *p = find_io_page(kv, at);
        if (!p) {
            p = host_alloc_wired(IO_PAGE_PAGES);
            if (!p)
                return EMOLGENERAL;
            p->mphys = at & ~(PAGE_SIZE - 1);
            p->next = kv->io_pages;
            kv->io_pages = p;
        }
        p->cookie[at % PAGE_SIZE / 8] = cookie;
    }
    forget_io_cache(kv);
    return 0;
}

int remove_iorange(struct kernel_vars *kv, u32 mphys, u32 size)
{
    if ((mphys | size) & 7 || mphys + size - 1 < mphys)
        return EMOLINVAL;
    for (u32 at = mphys; at < mphys + size; at += 8) {
        struct io_page *p = find_io_page(kv, at);
        if (p)
            p->cookie[at % PAGE_SIZE / 8] = 0;
    }
    return 0;
}

void remove_io_pages(struct kernel_vars *kv)
{
    struct io_page *p = kv->io_pages;
    kv->io_pages = NULL;
    while (p) {
        struct io_page *next = p->next;
        host_free_wired(p, IO_PAGE_PAGES);
        p = next;
    }
}

/* The user part makes the access. */
u32 io_exit(struct kernel_vars *kv, u32 mphys, int write)
{
    struct io_page *p = find_io_page(kv, mphys);
    kv->mregs.rvec_param[0] = mphys;
    kv->mregs.rvec_param[1] = p ? p->cookie[mphys % PAGE_SIZE / 8] : 0;
    COUNT(kv, io_read_write);
    return write ? RVEC_IO_WRITE : RVEC_IO_READ;
}

/* Which effective addresses mean pages of devices, or that of slots: assembly does not look further. */
void forget_io_cache(struct kernel_vars *kv)
{
    for (int i = 0; i < IO_CACHE; i++)
        kv->io_cache[i].ea = NO_PAGE;
    kv->slots_ea = NO_PAGE;
}
