/* HostB: what MOL needs of a host, without an operating system. One user part, one address space; the
 * guest's RAM is a window of it, whose pages have frames by a table of their own. */
#include "host.h"
#include "mregs.h"
#include "options.h"

#define WINDOW     0x40000000u          /* the guest's RAM in the user part */
#define POOL       0x00200000u          /* wired memory and frames come from here on */
#define FIRST_FRAME 0x01000000u
#define HASH_PAGES 16                   /* 64 KB */
#define MAX_PAGES  4096                 /* of the guest's RAM */
#define FRAMES     (MAX_PAGES * 2)
#define HOST_CONTEXT 1
#define NO_FRAME   0
#define BLOCK      32                   /* of the data cache */

struct frame { u32 gpr[32], cr, lr, ctr, xer, nip, msr; };
struct host_owner { int unused; };

extern struct hostb_options hostb_options;
#define OPTIONS (&hostb_options)

static struct host_owner the_owner;
static u32 frames[MAX_PAGES];           /* of the window's pages; NO_FRAME: none yet */
static u32 free_frames[FRAMES], free_count;
static u32 next_wired = POOL;
static u32 sdr1;
static host_flush_hook *flush_hook;
static u32 swapping;

/* ---- host.h ------------------------------------------------------------------------------------- */

void *host_alloc_aligned(u32 pages, u32 alignment)
{
    u32 size = alignment * PAGE_SIZE, at = (next_wired + size - 1) & ~(size - 1);
    if (at + pages * PAGE_SIZE > FIRST_FRAME)
        return NULL;
    next_wired = at + pages * PAGE_SIZE;
    for (u32 block = at; block < next_wired; block += BLOCK)
        asm volatile("dcbz 0,%0" :: "r"(block) : "memory");
    return (void *)at;
}

void *host_alloc_wired(u32 pages) { return host_alloc_aligned(pages, 1); }

/* Only the memory that was allocated last comes back. */
void host_free_wired(void *memory, u32 pages)
{
    if ((u32)memory + pages * PAGE_SIZE == next_wired)
        next_wired = (u32)memory;
}

u32 host_physical(const void *address) { return (u32)address; }
void *host_virtual(u32 physical) { return (void *)physical; }
void *host_owner_page(u32 physical) { return (void *)physical; }
struct host_owner *host_current_owner(void) { return &the_owner; }
u32 host_sdr1(void) { return sdr1; }

/* Spaces, as any host counts them. There are 32767, and no process but one. */
static u32 last_space = HOST_CONTEXT;
u32 host_space_alloc(void) { return last_space < 32767 ? ++last_space : HOST_NO_SPACE; }
void host_space_free(u32 space) { last_space -= space == last_space; }

void host_set_flush_hook(host_flush_hook *hook) { flush_hook = hook; }

/* One processor, and the kernel runs with interrupts off. */
u32 host_hash_lock(void) { return 0; }
void host_hash_unlock(u32 state) { (void)state; }

static void out(int character)
{
    volatile u8 *uart = (u8 *)0x0C00F000;
    while (!(uart[5] & 0x20))
        ;
    uart[0] = character;
}

void host_log(const char *text)
{
    while (*text)
        out(*text++);
    out('\n');
}

/* ---- Pages of the window -------------------------------------------------------------------------- */

static void drop_host_pte(u32 page);

/* Another frame for a page, as a host does that has swapped it out and in. The old frame gets
 * something else: whoever still uses it is found out. */
static void swap_page(u32 page)
{
    u32 old = frames[page], new;
    if (old == NO_FRAME || !free_count)
        return;
    if (flush_hook)
        flush_hook(&the_owner, WINDOW + page * PAGE_SIZE, 1);
    drop_host_pte(page);
    new = free_frames[--free_count];
    for (u32 i = 0; i < PAGE_SIZE / 4; i++) {
        ((u32 *)new)[i] = ((u32 *)old)[i];
        ((u32 *)old)[i] = 0xDEADBEEF;
    }
    for (u32 i = 0; i < PAGE_SIZE; i += 32)
        asm volatile("dcbst 0,%0; icbi 0,%1" :: "r"(new + i), "r"(new + i) : "memory");
    asm volatile("sync; isync" ::: "memory");
    frames[page] = new;
    for (u32 i = free_count++; i; i--)  /* the old one is the last to be used again */
        free_frames[i] = free_frames[i - 1];
    free_frames[0] = old;
    OPTIONS->swaps++;
}

u32 host_page_in(struct host_owner *owner, u32 lvptr, int write)
{
    u32 page = (lvptr - WINDOW) / PAGE_SIZE;
    (void)owner;
    (void)write;
    if (page >= OPTIONS->ram_size / PAGE_SIZE)
        return HOST_NO_PAGE;
    if (frames[page] == NO_FRAME) {
        if (!free_count)
            return HOST_NO_PAGE;
        u32 frame = frames[page] = free_frames[--free_count];
        for (u32 i = 0; i < PAGE_SIZE; i += 4)
            *(u32 *)(frame + i) = 0;
        OPTIONS->page_ins++;
    }
    u32 found = frames[page];
    if (OPTIONS->flags & SWAP_AT_PAGE_IN && !swapping) {
        swapping = 1;
        swap_page(page);                /* the caller knows the old frame */
    }
    return found;
}

u32 host_find_page(struct host_owner *owner, u32 lvptr, int write)
{
    u32 page = (lvptr - WINDOW) / PAGE_SIZE;
    return page < OPTIONS->ram_size / PAGE_SIZE && frames[page] != NO_FRAME
        ? host_page_in(owner, lvptr, write) : HOST_NO_PAGE;
}

static int copy(u32 lvptr, u8 *bytes, u32 size, int out)
{
    u32 page = host_page_in(&the_owner, lvptr & ~(PAGE_SIZE - 1), out);
    u8 *memory = (u8 *)(page + lvptr % PAGE_SIZE);
    for (u32 i = 0; page != HOST_NO_PAGE && i < size; i++)
        if (out)
            memory[i] = bytes[i];
        else
            bytes[i] = memory[i];
    return page != HOST_NO_PAGE;
}

int host_copy_in(struct host_owner *owner, void *to, u32 lvptr, u32 size)
{
    (void)owner;
    return copy(lvptr, to, size, 0);
}

int host_copy_out(struct host_owner *owner, u32 lvptr, const void *from, u32 size)
{
    (void)owner;
    return copy(lvptr, (u8 *)from, size, 1);
}

static u32 host_pteg(u32 vsid, u32 ea) { return (sdr1 & 0xFFFF0000) | (((vsid ^ (ea >> 12 & 0xFFFF)) & 0x3FF) << 6); }

static u32 window_vsid(void) { return host_vsid(HOST_CONTEXT << 4 | WINDOW >> 28); }

/* No TLB has the page any more, nor takes it from what the page table was (PEM 7.6.3.2). */
static void flush_page(u32 ea)
{
    asm volatile("sync; tlbie %0; eieio; tlbsync; sync" :: "r"(ea) : "memory");
}

/* tlbie names one of 64 sets: EA[14-19]. */
static void flush_tlbs(void)
{
    for (u32 page = 0; page < 64; page++)
        asm volatile("tlbie %0" :: "r"(page << 12) : "memory");
    asm volatile("eieio; tlbsync; sync" ::: "memory");
}

/* A page of the window for the user part itself, through the hash table. */
static void insert_host_pte(u32 ea)
{
    static u32 victim;
    u32 vsid = window_vsid(), group = host_pteg(vsid, ea), slot = group;
    u32 physical = host_page_in(&the_owner, ea & ~(PAGE_SIZE - 1), 1);
    while (slot < group + 64 && *(u32 *)slot >> 31)
        slot += 8;
    if (slot == group + 64)
        slot = group + 8 * (victim = (victim + 1) & 7);
    *(volatile u32 *)slot = 0;
    asm volatile("sync" ::: "memory");
    *(volatile u32 *)(slot + 4) = physical | 0x192;     /* R, C, M, read and write */
    asm volatile("eieio" ::: "memory");
    *(volatile u32 *)slot = 1u << 31 | vsid << 7 | (ea >> 22 & 0x3F);
    flush_page(ea);
}

static void drop_host_pte(u32 page)
{
    u32 ea = WINDOW + page * PAGE_SIZE, vsid = window_vsid(), group = host_pteg(vsid, ea);
    for (u32 slot = group; slot < group + 64; slot += 8)
        if (*(u32 *)slot == (1u << 31 | vsid << 7 | (ea >> 22 & 0x3F)))
            *(volatile u32 *)slot = 0;
    flush_page(ea);
}

/* ---- Exceptions of the user part -------------------------------------------------------------------- */

static void tick(void)
{
    u32 flags = OPTIONS->flags;
    OPTIONS->ticks++;
    if (flags & END_AT_TICK && OPTIONS->kvars)
        ((struct mac_regs *)OPTIONS->kvars)->exit_request = 1;
    if (flags & SWAP_AT_TICK)
        for (u32 page = 0; page < OPTIONS->ram_size / PAGE_SIZE; page++)
            swap_page(page);
    if (flags & (EVICT_AT_TICK | EVICT_QUIETLY))
        for (u32 at = 0; at < HASH_PAGES * PAGE_SIZE; at += 8)
            *(volatile u32 *)((sdr1 & 0xFFFF0000) + at) = 0;
    if (flags & EVICT_AT_TICK) {
        asm volatile("sync" ::: "memory");
        flush_tlbs();
    }
    /* From now on: a tick that does much must not be followed by the next one at once. */
    asm volatile("mtdec %0" :: "r"(OPTIONS->tick ? OPTIONS->tick : 0x7FFFFFFF));
}

static void panic(const struct frame *frame, u32 vector)
{
    static const char digits[] = "0123456789abcdef";
    host_log("HostB: exception that nobody expects: vector, pc");
    for (int i = 28; i >= 0; i -= 4)
        out(digits[vector >> i & 15]);
    out(' ');
    for (int i = 28; i >= 0; i -= 4)
        out(digits[frame->nip >> i & 15]);
    out('\n');
    for (;;)
        ;
}

void trap(struct frame *frame, u32 vector)
{
    u32 dar;
    int decrementer;
    switch (vector) {
    case 0x300:
        asm volatile("mfdar %0" : "=r"(dar));
        if (dar - WINDOW >= OPTIONS->ram_size)
            panic(frame, vector);
        insert_host_pte(dar);
        return;
    case 0x500:
        return;
    case 0x700:                         /* as a signal would: behind the instruction */
        frame->nip += 4;
        return;
    case 0x800:
        frame->msr |= 0x2000;
        return;
    case 0x900:
        asm volatile("mfdec %0" : "=r"(decrementer));
        if (decrementer < 0)            /* MOL may have set it, and left early */
            tick();
        return;
    case 0xC00:
        if (frame->gpr[3] == HOSTB_SWAP_PAGE) {
            if (frame->gpr[4] < OPTIONS->ram_size / PAGE_SIZE)
                swap_page(frame->gpr[4]);
            return;
        }
        frame->gpr[3] = mol_ioctl(frame->gpr[3], (struct mol_ioctl_pb *)frame->gpr[4]);
        return;
    }
    panic(frame, vector);
}

/* ---- Start ------------------------------------------------------------------------------------------ */

void hostb_start(void)
{
    u32 pages = OPTIONS->ram_size / PAGE_SIZE, frame = FIRST_FRAME;
    sdr1 = (u32)host_alloc_aligned(HASH_PAGES, HASH_PAGES);
    asm volatile("sync; mtspr 25,%0; isync" :: "r"(sdr1));
    for (u32 segment = 0; segment < 16; segment++)
        asm volatile("mtsrin %0,%1" :: "r"(0x20000000 | host_vsid(HOST_CONTEXT << 4 | segment)),
                     "r"(segment << 28));
    flush_tlbs();
    asm volatile("isync");
    for (u32 page = 0; page < pages; page++, frame += PAGE_SIZE)
        frames[page] = OPTIONS->flags & DEMAND_ZERO ? NO_FRAME : frame;
    for (u32 n = 0; n < pages; n++, frame += PAGE_SIZE)
        free_frames[free_count++] = frame;
    if (OPTIONS->flags & DEMAND_ZERO)
        for (frame = FIRST_FRAME; frame < FIRST_FRAME + pages * PAGE_SIZE; frame += PAGE_SIZE)
            free_frames[free_count++] = frame;
    OPTIONS->frames = (u32)frames;
    asm volatile("mtdec %0" :: "r"(OPTIONS->tick ? OPTIONS->tick : 0x7FFFFFFF));
}
