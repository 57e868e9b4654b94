/* The pmap: which pages the hardware may translate.
 *
 * Above are the page tables (table.c): the machine-independent half knows from them what a process
 * has. Here a record says for each page which slot of the hash table has it, exactly. The hardware
 * sets R and C in the slot; they go to the page table when the slot is given up. A slot that another
 * program has taken has lost them.
 *
 * The frames of a device form a block. Its pages get automatic entries, which have no record, and
 * whose R and C mean nothing.
 */
#include "pmap.h"

u32 hash_inserted, hash_evicted, hash_flushed;
u32 hash_foreign;                       /* entries that were not what their record says */

void hash_init(u32 base)
{
    space_init(boot_info.hash);
    group_init(base);
    mapping_init();
}

static void harvest_word(struct mapping *m, u32 word)
{
    if (!bug(BUG_LOST_DIRTY))
        pte_update(m->pte, 0, word & (PTE_R | PTE_C));
    m->slot = NO_SLOT;
}

/* Give up the slot of a mapping, if it has one. */
void harvest(struct mapping *m)
{
    if (m->slot == NO_SLOT)
        return;
    struct entry *entry = entry_at(m->slot);
    if (!(entry->tag & HW_VALID) || (entry->tag >> 7 & 0xFFFFFF) != m->id)
        hash_foreign++;
    slot_free(m->slot, m->address);
    harvest_word(m, entry->word);
}

/* group.c has taken the slot of the page with this tag. */
void slot_stolen(u32 slot, u32 tag)
{
    u32 group = slot / GROUP, id = tag >> 7 & 0xFFFFFF;
    u32 low = ((tag & HW_SECONDARY ? ~group : group) ^ id) & 0x3FF;
    u32 address = (id >> 20) << 28 | (tag & 0x3F) << 22 | low << PAGE_SHIFT;
    struct mapping *m = mapping_find(id, address);
    hash_evicted++;
    if (m && m->slot == slot)
        harvest_word(m, entry_at(slot)->word);
    else
        hash_foreign++;
}

/* The page table entry is present. The hardware sets R and C as they come. */
void hash_insert(struct proc *p, u32 address, u32 *pte)
{
    u32 msr = irq_save(), id = vsid(p->context, address), value = pte_update(pte, 0, PTE_HASHED);
    u32 word = (value & PTE_FRAME) | PTE_COHERENT
               | (value & PTE_RW ? PP_READ_WRITE : PP_READ_ONLY);
    if (value & PTE_SPECIAL) {
        if (slot_find(id, address) == NO_SLOT)
            slot_take(id, address, 1, word);
    } else {
        struct mapping *m = mapping_find(id, address);
        if (m)
            harvest(m);
        else
            m = mapping_new(id, address, pte);
        m->slot = slot_take(id, address, 0, word);
    }
    hash_inserted++;
    irq_restore(msr);
}

/* The records belong to who has the lock of the kernel. */
int hash_refill(struct proc *p, u32 address, int write)
{
    (void)p, (void)address, (void)write;
    return 0;
}

/* The kernel's own pages are in BATs. */
int hash_page_fault(u32 address)
{
    (void)address;
    return 0;
}

/* For a module with a hash table of its own. It must not use this one: it would not tell the control
 * words and records what it does. */
u32 hash_lock(void) { return irq_save(); }
void hash_unlock(u32 msr) { irq_restore(msr); }

static void remove(u32 id, u32 address, int block)
{
    struct mapping *m = block ? NULL : mapping_find(id, address);
    u32 slot = block ? slot_find(id, address) : NO_SLOT;
    if (slot != NO_SLOT)
        slot_free(slot, address);
    if (m) {
        harvest(m);
        mapping_free(m);
    }
    hash_flushed++;
}

/* Before pages of a process get another meaning. */
void flush_hash_pages(struct proc *p, u32 address, u32 *ptes, u32 count, u32 clear)
{
    for (; count--; address += PAGE_SIZE, ptes++) {
        if (!(*ptes & PTE_HASHED)) {
            pte_update(ptes, clear, 0);
            continue;
        }
        u32 page = address & ~(PAGE_SIZE - 1);
        if (module_flush)
            module_flush(p, page, 1);
        u32 msr = irq_save();
        remove(vsid(p->context, page), page, *ptes & PTE_SPECIAL);
        pte_update(ptes, PTE_HASHED | clear, 0);
        irq_restore(msr);
    }
}
