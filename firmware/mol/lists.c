/* KVM-PR's index of shadow PTEs (OPTION_LISTS): each is in four hash lists. What has no list of its own, a
 * page of the owner's memory above all, is searched for in all of those by VSID. */
#include "mol.h"

#define NUMBERS 0x9E3779B9u             /* 2^32 divided by the golden ratio: spreads any numbers */

static const u8 bits[PENT_LISTS] = { [BY_EA] = 13, [BY_PAGE] = 12, [BY_VIRTUAL_PAGE] = 13, [BY_VSID] = 5 };
#define HEADS ((1 << 13) + (1 << 12) + (1 << 13) + (1 << 5))
#define HEAD_PAGES ((HEADS * sizeof(u16) + PAGE_SIZE - 1) / PAGE_SIZE)
#define LINK_PAGES ((PENTS * sizeof(struct pent_links) + PAGE_SIZE - 1) / PAGE_SIZE)

int init_lists(struct kernel_vars *kv)
{
    kv->list_heads = host_alloc_wired(HEAD_PAGES);
    kv->links = host_alloc_wired(LINK_PAGES);
    if (!kv->list_heads || !kv->links) {
        free_lists(kv);
        return EMOLGENERAL;
    }
    for (int i = 0; i < HEADS; i++)
        kv->list_heads[i] = NO_PENT;
    return 0;
}

void free_lists(struct kernel_vars *kv)
{
    if (kv->links)
        host_free_wired(kv->links, LINK_PAGES);
    if (kv->list_heads)
        host_free_wired(kv->list_heads, HEAD_PAGES);
    kv->links = NULL;
    kv->list_heads = NULL;
}

static u32 guest_vsid(struct kernel_vars *kv, const struct pent *p)
{
    return kv->vsids[p->vsid].key & VSID_MASK;
}

/* The head of the list for a number. */
static u16 *head(struct kernel_vars *kv, enum pent_list list, u32 value)
{
    u16 *first = kv->list_heads;
    for (u32 before = 0; before < list; before++)
        first += 1 << bits[before];
    return &first[value * NUMBERS >> (32 - bits[list])];
}

static u16 *nth_head(struct kernel_vars *kv, u32 n) { return &kv->list_heads[HEADS - (1 << bits[BY_VSID]) + n]; }

static u16 *virtual_head(struct kernel_vars *kv, u32 vsid, u32 page)
{
    return head(kv, BY_VIRTUAL_PAGE, vsid << 16 ^ vsid >> 8 ^ page);
}

static u16 *head_of(struct kernel_vars *kv, enum pent_list list, const struct pent *p)
{
    switch (list) {
    case BY_EA: return head(kv, list, p->segment << 16 | p->page);
    case BY_PAGE: return head(kv, list, p->page);
    case BY_VIRTUAL_PAGE: return virtual_head(kv, guest_vsid(kv, p), p->page);
    default: return head(kv, list, guest_vsid(kv, p) << 4 | p->page >> 12);
    }
}

void list_pent(struct kernel_vars *kv, struct pent *p)
{
    u16 n = p - kv->pents;
    for (int list = 0; list < PENT_LISTS; list++) {
        u16 *first = head_of(kv, list, p);
        kv->links[n].prev[list] = NO_PENT;
        kv->links[n].next[list] = *first;
        if (*first != NO_PENT)
            kv->links[*first].prev[list] = n;
        *first = n;
    }
}

void unlist_pent(struct kernel_vars *kv, struct pent *p)
{
    struct pent_links *links = &kv->links[p - kv->pents];
    for (int list = 0; list < PENT_LISTS; list++) {
        u16 next = links->next[list], prev = links->prev[list];
        if (next != NO_PENT)
            kv->links[next].prev[list] = prev;
        if (prev != NO_PENT)
            kv->links[prev].next[list] = next;
        else
            *head_of(kv, list, p) = next;
    }
}

struct pent *listed_pent(struct kernel_vars *kv, struct vsid_ent *v, u32 page, u32 key)
{
    u16 n = *virtual_head(kv, v->key & VSID_MASK, page);
    for (; n != NO_PENT; n = kv->links[n].next[BY_VIRTUAL_PAGE]) {
        struct pent *p = &kv->pents[n];
        if (p->vsid == v->index && p->page == page && p->key == key)
            return p;
    }
    return NULL;
}

/* ---- Which are at a place ------------------------------------------------------------------------ */

typedef int test(struct kernel_vars *kv, struct pent *p, u32 a, u32 b);

/* The visitor may take the record out. */
static void visit_list(struct kernel_vars *kv, enum pent_list list, u16 n, test *is_meant, u32 a, u32 b,
                       pent_visitor *visit)
{
    while (n != NO_PENT) {
        struct pent *p = &kv->pents[n];
        n = kv->links[n].next[list];
        if (is_meant(kv, p, a, b))
            visit(kv, p);
    }
}

static void visit_everywhere(struct kernel_vars *kv, test *is_meant, u32 a, pent_visitor *visit)
{
    for (u32 n = 0; n < 1u << bits[BY_VSID]; n++)
        visit_list(kv, BY_VSID, *nth_head(kv, n), is_meant, a, 0, visit);
}

static int any(struct kernel_vars *kv, struct pent *p, u32 a, u32 b)
{
    (void)kv, (void)p, (void)a, (void)b;
    return 1;
}

static int of_record(struct kernel_vars *kv, struct pent *p, u32 index, u32 unused)
{
    (void)kv, (void)unused;
    return p->vsid == index;
}

static int of_lv_page(struct kernel_vars *kv, struct pent *p, u32 lv_page, u32 unused)
{
    (void)kv, (void)unused;
    return p->lv_page == lv_page;
}

static int of_ea(struct kernel_vars *kv, struct pent *p, u32 segment, u32 page)
{
    (void)kv;
    return p->segment == segment && p->page == page;
}

static int of_page(struct kernel_vars *kv, struct pent *p, u32 page, u32 unused)
{
    (void)unused;
    return p->page == page && !is_real_mode(kv->vsids[p->vsid].key);
}

static int of_virtual_page(struct kernel_vars *kv, struct pent *p, u32 vsid, u32 page)
{
    return p->page == page && is_key_of_vsid(kv->vsids[p->vsid].key, vsid);
}

void visit_listed(struct kernel_vars *kv, pent_visitor *visit) { visit_everywhere(kv, any, 0, visit); }

void visit_listed_of_record(struct kernel_vars *kv, struct vsid_ent *v, pent_visitor *visit)
{
    visit_everywhere(kv, of_record, v->index, visit);
}

/* Point iii: KVM-PR is told a range of the owner's pages, and looks at everything. */
void visit_listed_of_lv(struct kernel_vars *kv, u32 lv_page, pent_visitor *visit)
{
    visit_everywhere(kv, of_lv_page, lv_page, visit);
}

/* At one effective address. */
void visit_listed_at_ea(struct kernel_vars *kv, u32 ea, pent_visitor *visit)
{
    u32 segment = ea >> 28, page = page_of(ea);
    visit_list(kv, BY_EA, *head(kv, BY_EA, segment << 16 | page), of_ea, segment, page, visit);
}

/* The page in every segment. */
void visit_listed_at_page(struct kernel_vars *kv, u32 page, pent_visitor *visit)
{
    visit_list(kv, BY_PAGE, *head(kv, BY_PAGE, page), of_page, page, 0, visit);
}

void visit_listed_at_virtual(struct kernel_vars *kv, u32 vsid, u32 page, pent_visitor *visit)
{
    visit_list(kv, BY_VIRTUAL_PAGE, *virtual_head(kv, vsid, page), of_virtual_page, vsid, page, visit);
}
