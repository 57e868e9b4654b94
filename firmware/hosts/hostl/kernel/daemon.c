/* The page daemon: keeps some frames free, by taking pages away that are not in use.
 *
 * A hand goes around the pages of all processes. A page that has been referenced since the hand was
 * here loses R, and its entry in the hash table, so that the next access shows; one that has not is
 * swapped out. Frames that two processes share go when both have lost them.
 */
#include "kernel.h"

u32 daemon_low, daemon_high;
static int failed;                      /* three rounds were not enough: memory is exhausted */
static u32 hand_process, hand_address;

/* The hand moves to the next page that is there. 0: it has come to the end of a process. */
static u32 *advance(struct proc *p)
{
    while (hand_address < USER_END) {
        u32 address = hand_address, *pte = pte_find(p, address);
        if (!pte) {
            hand_address = (address | ((1u << DIRECTORY_SHIFT) - 1)) + 1;
            continue;
        }
        hand_address += PAGE_SIZE;
        if ((*pte & (PTE_PRESENT | PTE_SPECIAL | PTE_WIRED)) == PTE_PRESENT)
            return pte;
    }
    return NULL;
}

static void look_at(struct proc *p, u32 address, u32 *pte)
{
    if (*pte & PTE_R) {
        if (bug(BUG_SWAP_NO_FLUSH))
            pte_update(pte, PTE_R, 0);
        else
            flush_hash_pages(p, address, pte, 1, PTE_R);
    } else {
        swap_out(p, address, pte);
    }
}

/* One page, or the next process. Returns 1 after the last process. */
static int step(void)
{
    struct proc *p = &processes[hand_process];
    u32 *pte = p->directory && p->state != ZOMBIE ? advance(p) : NULL;
    if (pte) {
        look_at(p, hand_address - PAGE_SIZE, pte);
        return 0;
    }
    hand_address = 0;
    hand_process = (hand_process + 1) % PROCESSES;
    return hand_process == 0;
}

static void reclaim(void)
{
    for (int rounds = 0; free_pages < daemon_high && rounds < 3; ) {
        rounds += step();
        if (need_resched)
            schedule();
        kernel_leave();                 /* other processors need not wait for the end */
        kernel_enter();
    }
}

static void run(void *unused)
{
    (void)unused;
    for (;;) {
        u32 msr = irq_save();
        while (free_pages >= daemon_low)
            sleep_on(&daemon_low, 0);
        irq_restore(msr);
        reclaim();
        failed = free_pages < daemon_low;
        wakeup(&free_pages);
        if (failed)
            sleep_on(&daemon_low, 0);
    }
}

void daemon_init(void)
{
    daemon_low = page_count / 32 + 2;
    daemon_high = daemon_low * 2;
    kernel_thread("pagedaemon", run, NULL);
}

/* A process needs a frame and there is none. 0: there will be none. */
int memory_wait(void)
{
    failed = 0;
    wakeup(&daemon_low);
    sleep_on(&free_pages, 0);
    return !failed;
}
