/* The tiny kernel: page faults, system calls, and a turn for each process at every tick. */
#include "kernel.h"

#define TICK 3000                   /* of the time base */
#define PTE_V 0x80000000u
#define PTE_H 0x40u
#define PTE_R 0x100u
#define PTE_C 0x80u
#define WIMG_M 0x10u
#define PP_WRITE 2u
#define PP_READ 3u                  /* with key 1 */
#define SR_KP 0x20000000u
#define MSR_USER 0xD032u            /* EE PR ME IR DR RI */
#define PROTECTION 0x08000000u      /* DSISR */
#define PERSONAL_VSIDS 16u

struct frame { u32 gpr[32], cr, lr, ctr, xer, nip, msr; };

struct page { u32 frame; u32 *pte; };   /* 0: none */

struct process {
    struct frame frame;
    struct page text, data[ALL_PAGES];
    u32 number, ended;
};

void stop(void) __attribute__((noreturn));
extern u8 user_text[];

extern struct result results[PROCESSES];
struct process *current;
static struct process processes[PROCESSES];
static u32 next_frame = FRAMES;

static u32 vsid(const struct process *p, u32 segment)
{
    return (p->number + 1) * PERSONAL_VSIDS + segment;
}

/* The process's segments become the processor's. */
static struct frame *switch_to(struct process *p)
{
    current = p;
    for (u32 segment = TEXT_SEGMENT; segment <= DATA_SEGMENT; segment++)
        asm volatile("mtsrin %0, %1" :: "r"(SR_KP | vsid(p, segment)), "r"(segment << 28));
    return &p->frame;
}

static struct frame *next_process(void)
{
    for (u32 n = 1; n <= PROCESSES; n++) {
        struct process *p = &processes[(current->number + n) % PROCESSES];
        if (!p->ended)
            return switch_to(p);
    }
    stop();
}

static void tick(void) { asm volatile("mtdec %0" :: "r"(TICK)); }

/* A free entry of the page's primary or secondary group. There is always one. */
static u32 *free_pte(u32 id, u32 index, u32 *hashed)
{
    u32 hash = id ^ index;
    for (*hashed = 0;; *hashed = PTE_H, hash = ~hash) {
        u32 *entry = (u32 *)(HASH_TABLE | (hash << 6 & (HASH_BYTES - 1)));
        for (u32 n = 0; n < 8; n++, entry += 2)
            if (!(entry[0] & PTE_V))
                return entry;
    }
}

static void map(struct page *page, u32 ea, u32 pp)
{
    u32 id = vsid(current, ea >> 28), index = ea >> 12 & 0xFFFF, secondary;
    volatile u32 *entry = page->pte = free_pte(id, index, &secondary);
    entry[1] = page->frame | WIMG_M | pp;
    asm volatile("eieio" ::: "memory");
    entry[0] = PTE_V | id << 7 | secondary | index >> 10;
    asm volatile("sync" ::: "memory");
}

/* A page is mapped no longer; what the hardware knows of it is added to the result. */
static void unmap(struct page *page, u32 ea)
{
    volatile u32 *entry = page->pte;
    if (!entry)
        return;
    entry[0] = 0;
    asm volatile("sync; tlbie %0; sync; tlbsync; sync" :: "r"(ea) : "memory");
    results[current->number].referenced += entry[1] & PTE_R ? 1 : 0;
    results[current->number].changed += entry[1] & PTE_C ? 1 : 0;
    page->pte = 0;
}

static void unmap_all(void)
{
    unmap(&current->text, TEXT_SEGMENT << 28);
    for (u32 n = 0; n < ALL_PAGES; n++)
        unmap(&current->data[n], DATA + n * PAGE_SIZE);
}

static void fault(u32 ea)
{
    u32 n = (ea - DATA) / PAGE_SIZE;
    results[current->number].faults++;
    if (ea >> 28 == TEXT_SEGMENT)
        map(&current->text, ea, PP_READ);
    else if (n >= ALL_PAGES)
        stop();                     /* before the others have ended: their sums are 0 */
    else {
        struct page *page = &current->data[n];
        if (!page->frame) {
            page->frame = next_frame;
            next_frame += PAGE_SIZE;
            for (u32 *word = (u32 *)page->frame; word < (u32 *)next_frame; word++)
                *word = 0;
        }
        map(page, ea, PP_WRITE);
    }
}

static struct frame *call(struct frame *frame)
{
    switch (frame->gpr[0]) {
    case CALL_EXIT:
        unmap_all();
        results[current->number].sum = frame->gpr[3];
        current->ended = 1;
        return next_process();
    case CALL_UNMAP:
        unmap_all();
        return frame;
    }
    return next_process();
}

/* Returns the frame of the process that continues. */
struct frame *trap(u32 vector)
{
    struct frame *frame = &current->frame;
    u32 address, cause;
    switch (vector) {
    case 0x300:
        asm volatile("mfdar %0; mfdsisr %1" : "=r"(address), "=r"(cause));
        if (cause & PROTECTION) {
            results[current->number].refused++;
            frame->nip += 4;
        } else
            fault(address);
        return frame;
    case 0x400:
        fault(frame->nip);
        return frame;
    case 0x900:
        tick();
        return next_process();
    case 0xC00:
        return call(frame);
    }
    stop();
}

struct frame *start(void)
{
    for (u32 *word = (u32 *)HASH_TABLE; word < (u32 *)(HASH_TABLE + HASH_BYTES); word++)
        *word = 0;
    asm volatile("sync; mtspr 25, %0; isync" :: "r"(HASH_TABLE));
    for (u32 page = 0; page < 64; page++)
        asm volatile("tlbie %0" :: "r"(page * PAGE_SIZE));
    asm volatile("eieio; tlbsync; sync");
    for (u32 n = 0; n < PROCESSES; n++) {
        struct process *p = &processes[n];
        p->number = n;
        p->text.frame = (u32)user_text;
        p->frame.gpr[1] = DATA + ALL_PAGES * PAGE_SIZE - 16;
        p->frame.gpr[3] = n;
        p->frame.nip = (u32)user_main;
        p->frame.msr = MSR_USER;
    }
    tick();
    return switch_to(&processes[0]);
}
