/* A facility for virtual machines, as XNU has one: the kernel owns the guest's address space.
 *
 * A machine is an address space without a thread: a struct proc that never runs. Its pages are pages of
 * the monitor, wired in both. The pmap treats them as any others: VSIDs, slots, control words, R and C
 * are the kernel's business, and nobody else's. While a machine runs, the monitor's thread is in its
 * address space, in user state; whatever exception comes, it is back in the monitor, behind its call.
 * The registers of the guest are in a page that kernel and monitor share. Its address names the machine.
 */
#include "vmm.h"
#include "vmm_abi.h"

#define MACHINES 8

static struct machine {
    struct proc *owner, *space;         /* owner: NULL if there is no such machine */
    u32 at;                             /* of its state in the owner */
    struct frame monitor;               /* the owner's registers while the guest runs */
} machines[MACHINES];

static union { struct vmm_state state; u8 page[PAGE_SIZE]; } states[MACHINES]
    __attribute__((aligned(PAGE_SIZE)));

static struct vmm_state *state_of(struct machine *m) { return &states[m - machines].state; }

static struct machine *own_machine(u32 at)
{
    for (struct machine *m = machines; m < machines + MACHINES; m++)
        if (m->owner == current() && m->at == at)
            return m;
    return NULL;
}

static void copy_words(void *to, const void *from, u32 bytes)
{
    for (u32 n = 0; n < bytes / 4; n++)
        ((u32 *)to)[n] = ((const u32 *)from)[n];
}

/* A page of the monitor stays where it is, and is its own: no copy is made of it any more. */
static u32 *wired_page(u32 address, int write)
{
    struct proc *p = current();
    struct region *r = region_find(p, address);
    if (!r || address & (PAGE_SIZE - 1) || r->flags & REGION_PHYSICAL
        || (write && !(r->flags & REGION_WRITE))
        || page_in(p, address, r->flags & REGION_WRITE) != FAULT_DONE)
        return NULL;
    u32 *pte = pte_find(p, address);
    pte_update(pte, 0, PTE_WIRED);
    return pte;
}

/* ---- Machines -------------------------------------------------------------------------------- */

static void tear_down(struct machine *m)
{
    region_unmap(m->owner, m->at, PAGE_SIZE);
    tables_free(m->space);
    context_free(m->space->context);
    m->space->state = UNUSED;
    m->owner = NULL;
}

/* The address of its state. */
static int init(void)
{
    struct machine *m = machines;
    while (m->owner)
        if (++m == machines + MACHINES)
            return VMM_BAD;
    struct proc *space = proc_new("(machine)");
    if (!space)
        return VMM_BAD;
    memset(state_of(m), 0, PAGE_SIZE);
    m->at = region_map_physical(current(), physical(state_of(m)), PAGE_SIZE);
    if (!m->at) {
        tables_free(space);
        context_free(space->context);
        space->state = UNUSED;
        return VMM_BAD;
    }
    region_add(space, 0, USER_END, REGION_WRITE);
    m->owner = current();
    m->space = space;
    return m->at;
}

void vmm_exit(struct proc *p)
{
    p->space = NULL;
    for (struct machine *m = machines; m < machines + MACHINES; m++)
        if (m->owner == p)
            tear_down(m);
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static int unmap_page(struct machine *m, u32 page)
{
    u32 *pte = page < USER_END ? pte_find(m->space, page) : NULL;
    if (!pte || !*pte)
        return VMM_BAD;
    page &= ~(PAGE_SIZE - 1);
    tables_free_range(m->space, page, page + PAGE_SIZE);
    return 0;
}

static int map_page(struct machine *m, u32 address, u32 page)
{
    u32 read_only = page & VMM_READ_ONLY, *from = page < USER_END ? wired_page(address, !read_only) : NULL;
    if (!from)
        return VMM_BAD;
    page &= ~(PAGE_SIZE - 1);
    unmap_page(m, page);
    u32 *to = pte_make(m->space, page);
    if (!to)
        return VMM_BAD;
    page_get(*from & PTE_FRAME);
    page_stored(*from & PTE_FRAME);     /* the guest may fetch what the monitor has stored there */
    *to = (*from & PTE_FRAME) | PTE_PRESENT | PTE_USER | PTE_COHERENT | PTE_WIRED | PTE_R
          | (read_only ? 0 : PTE_RW);
    m->space->resident++;
    return 0;
}

/* The monitor's page with the same frame. */
static int mapping(struct machine *m, u32 page)
{
    u32 *pte = page < USER_END ? pte_find(m->space, page) : NULL;
    if (!pte || !*pte)
        return VMM_BAD;
    for (struct region *r = current()->regions; r < current()->regions + REGIONS; r++)
        for (u32 at = r->start; at < r->end; at += PAGE_SIZE) {
            u32 *own = pte_find(current(), at);
            if (own && *own & PTE_PRESENT && (*own & PTE_FRAME) == (*pte & PTE_FRAME))
                return at;
        }
    return VMM_BAD;
}

/* C is in the slot of the hash table, if the page has one: it must go to the page table first. */
static int dirty(struct machine *m, u32 page, u32 clean)
{
    u32 *pte = page < USER_END ? pte_find(m->space, page) : NULL;
    if (!pte || !*pte)
        return VMM_BAD;
    flush_hash_pages(m->space, page, pte, 1, 0);
    int changed = (*pte & PTE_C) != 0;
    pte_update(pte, clean ? PTE_C : 0, 0);
    return changed;
}

/* ---- The guest runs --------------------------------------------------------------------------- */

static struct machine *running(struct proc *p)
{
    struct machine *m = machines;
    while (m->owner != p || m->space != p->space)
        m++;
    return m;
}

static void enter_space(struct proc *p, struct proc *space)
{
    u32 msr = irq_save();
    p->space = space;
    context_switch(p);
    irq_restore(msr);
}

/* The result is the guest's r3, as system_call() stores it there. */
static int execute(struct machine *m, struct frame *frame)
{
    const struct vmm_state *s = state_of(m);
    copy_words(&m->monitor, frame, sizeof *frame);
    copy_words(frame->gpr, s->gpr, sizeof s->gpr);
    frame->pc = s->pc & ~3u;
    frame->cr = s->cr;
    frame->lr = s->lr;
    frame->ctr = s->ctr;
    frame->xer = s->xer;
    enter_space(current(), m->space);
    return frame->gpr[3];
}

/* MSR[FP] stays: the registers may have become another process's meanwhile, or this one's. */
static void stop(struct frame *frame, enum vmm_stop why)
{
    struct machine *m = running(current());
    struct vmm_state *s = state_of(m);
    u32 fp = frame->msr & MSR_FP;
    copy_words(s->gpr, frame->gpr, sizeof s->gpr);
    s->pc = frame->pc;
    s->cr = frame->cr;
    s->lr = frame->lr;
    s->ctr = frame->ctr;
    s->xer = frame->xer;
    s->dar = frame->dar;
    s->dsisr = frame->dsisr;
    s->srr1 = frame->msr;
    copy_words(frame, &m->monitor, sizeof *frame);
    frame->msr = (frame->msr & ~MSR_FP) | fp;
    frame->gpr[3] = why;
    enter_space(current(), NULL);
}

/* An exception of a guest, from user state. 0: the kernel does what it does for any process. */
int vmm_trap(struct frame *frame)
{
    struct proc *space = current()->space;
    u32 store = frame->vector == 0x300 ? frame->dsisr & DSISR_STORE : 0;
    u32 cause = frame->vector == 0x300 ? frame->dsisr : frame->msr;
    u32 address = frame->vector == 0x300 ? frame->dar : frame->pc;
    u32 *pte;
    switch (frame->vector) {
    case 0x300:
    case 0x400:
        pte = cause & DSISR_NO_PTE && address < USER_END ? pte_find(space, address) : NULL;
        if (pte && *pte & PTE_PRESENT && (!store || *pte & PTE_RW))
            hash_insert(space, address & ~(PAGE_SIZE - 1), pte);
        else
            stop(frame, frame->vector == 0x300 ? VMM_DATA_FAULT : VMM_INSTRUCTION_FAULT);
        return 1;
    case 0x600: stop(frame, VMM_ALIGNMENT); return 1;
    case 0x700: stop(frame, VMM_PROGRAM); return 1;
    case 0xC00: stop(frame, VMM_SYSTEM_CALL); return 1;
    case 0xD00: stop(frame, VMM_TRACE); return 1;
    }
    return 0;
}

int vmm_call(struct frame *frame)
{
    const u32 *r = frame->gpr;
    struct machine *m = r[3] > VMM_INIT ? own_machine(r[4]) : NULL;
    if (r[3] == VMM_VERSION)
        return VMM_VERSION_NOW;
    if (r[3] == VMM_INIT)
        return init();
    if (!m)
        return VMM_BAD;
    switch ((enum vmm_call)r[3]) {
    case VMM_TEAR_DOWN:   tear_down(m); return 0;
    case VMM_MAP_PAGE:    return map_page(m, r[5], r[6]);
    case VMM_UNMAP_PAGE:  return unmap_page(m, r[5]);
    case VMM_UNMAP_ALL:   tables_free_range(m->space, 0, USER_END); return 0;
    case VMM_GET_MAPPING: return mapping(m, r[5]);
    case VMM_GET_DIRTY:   return dirty(m, r[5] & ~(PAGE_SIZE - 1), r[6]);
    case VMM_MAP_EXECUTE:
        if (map_page(m, r[5], r[6]) < 0)
            return VMM_BAD;
        return execute(m, frame);
    case VMM_EXECUTE:     return execute(m, frame);
    default:              return VMM_BAD;
    }
}
