"""A processor that uses every freedom that the architecture gives it about translations.

It does what correct software must bear (PEM 5.2, 7.5.3, 7.6.3), at moments that a seed chooses:

* stores into the page table are seen by searches late, one word at a time, in any order that eieio
  permits; at the latest after sync;
* R and C are written late, as bytes with what the search had read; at the latest at sync;
* searches are made speculatively, and set R;
* TLB entries are replaced at random, dropped, or loaded again;
* tlbie takes effect late: at the latest at a sync after a tlbsync that an eieio has ordered behind
  it.
"""

from pteg.functional import constants as isa
from pteg.functional.bytes import peek32, poke8
from pteg.functional.compiled import compiled
from pteg.functional.decoded import forget, is_code
from pteg.functional.table import WALKER, half, lookup

__all__ = ["is_late", "begin_instruction", "hide_store", "postpone", "postpone_invalidation",
           "order", "random_way", "recently_used"]

#: Stages of a tlbie: executed, ordered by eieio, waited for by tlbsync.
ISSUED, ORDERED, AWAITED = 0, 1, 2


@compiled
def draw(m):
    """Random number of 32 bits."""
    m.random = m.random * 25214903917 + 11 & (1 << 48) - 1
    return m.random >> 16


@compiled
def random_way(m):
    return draw(m) % m.tlb_ways


# -- Stores that searches have not seen yet -------------------------------------------------------

@compiled
def show(m, i):
    """Let searches see a store."""
    m.unseen_count -= 1
    last = m.unseen_count
    m.unseen_pa[i], m.unseen_word[i] = m.unseen_pa[last], m.unseen_word[last]
    m.unseen_epoch[i] = m.unseen_epoch[last]


@compiled
def first_epoch(m):
    epoch = 1 << 60
    for i in range(m.unseen_count):
        epoch = min(epoch, m.unseen_epoch[i])
    return epoch


@compiled
def show_through(m, epoch):
    """Let searches see all stores up to those between two eieio."""
    for i in range(m.unseen_count - 1, -1, -1):
        if m.unseen_epoch[i] <= epoch:
            show(m, i)


@compiled
def show_any(m):
    """Let searches see one of the stores that may be seen first."""
    first, start = first_epoch(m), draw(m)
    for k in range(m.unseen_count):
        i = (start + k) % m.unseen_count
        if m.unseen_epoch[i] == first:
            show(m, i)
            return


@compiled
def hide_word(m, pa, before):
    for i in range(m.unseen_count):
        if m.unseen_pa[i] == pa:
            if m.unseen_epoch[i] == m.epoch:
                return      # searches still see what was there before both
            show_through(m, m.unseen_epoch[i])
            break
    if m.unseen_count == m.unseen_pa.shape[0]:
        show_through(m, first_epoch(m))
    i = m.unseen_count
    m.unseen_pa[i], m.unseen_word[i], m.unseen_epoch[i] = pa, before, m.epoch
    m.unseen_count += 1


@compiled
def hide_store(m, pa, before):
    """Software has changed the PTE at `pa`, which was `before`."""
    for place in range(2):
        word = before >> 32 - 32 * place & 0xFFFFFFFF
        if word != peek32(m.ram + pa + 4 * place):
            hide_word(m, pa + 4 * place, word)


# -- R and C that have not been written yet -------------------------------------------------------

@compiled
def is_late(m, pa):
    """Whether a byte of a PTE has still to be written by a search."""
    for i in range(m.late_count):
        if m.late_pa[i] == pa:
            return True
    return False


@compiled
def write_late(m):
    """Write the oldest."""
    pa = m.late_pa[0]
    poke8(m.ram + pa, m.late_byte[0])
    if is_code(m, pa):
        forget(m, pa)
    m.late_count -= 1
    for i in range(m.late_count):
        m.late_pa[i], m.late_byte[i] = m.late_pa[i + 1], m.late_byte[i + 1]


@compiled
def postpone(m, pa, byte):
    """Write a byte of a PTE later. Returns whether it is done so."""
    if pa >= m.ram_size or draw(m) & 3 == 0:
        return False
    if m.late_count == m.late_pa.shape[0]:
        write_late(m)
    m.late_pa[m.late_count], m.late_byte[m.late_count] = pa, byte
    m.late_count += 1
    return True


# -- TLB entries ----------------------------------------------------------------------------------

@compiled
def invalidate_set(m, index):
    for side in range(2):
        for way in range(m.tlb_ways):
            m.tlb_tag[side, index, way] = 0


@compiled
def complete(m, i):
    """A tlbie takes effect."""
    invalidate_set(m, m.tlbie_set[i])
    m.tlbie_count -= 1
    m.tlbie_set[i] = m.tlbie_set[m.tlbie_count]
    m.tlbie_stage[i] = m.tlbie_stage[m.tlbie_count]


@compiled
def postpone_invalidation(m, index):
    """tlbie of a set takes effect later. Returns whether it is done so."""
    if draw(m) & 7 == 0:
        return False
    if m.tlbie_count == m.tlbie_set.shape[0]:
        complete(m, 0)
    m.tlbie_set[m.tlbie_count], m.tlbie_stage[m.tlbie_count] = index, ISSUED
    m.tlbie_count += 1
    return True


@compiled
def recently_used(m, ea, kind):
    """A page that may be searched for again, without an instruction that needs it."""
    m.recent[m.recent_count % m.recent.shape[0]] = ea & ~0xFFF | (kind != isa.KIND_FETCH)
    m.recent_count += 1


@compiled
def speculate(s, m):
    """Search for a page that was used before, and load the TLB with it. Not for a store, which
    would have to set C; nor from guarded memory (PEM 5.2.1)."""
    if not m.recent_count:
        return
    chosen = m.recent[draw(m) % min(m.recent_count, m.recent.shape[0])]
    ea, side = chosen & ~0xFFF, chosen & 1
    segment = 0 | s.sr[ea >> 28]
    if (not s.msr & (isa.MSR_DR if side else isa.MSR_IR) or segment & isa.SR_T
            or not side and segment & isa.SR_N):
        return
    vsid = segment & isa.SR_VSID
    pte = lookup(m, vsid, ea, WALKER)
    if pte < 0:
        return
    word = half(m, pte + 4, WALKER)
    if word >> 3 & isa.WIMG_G:
        return
    if not word & isa.PTEL_R:
        word |= isa.PTEL_R
        if not postpone(m, pte + 6, word >> 8 & 0xFF):
            poke8(m.ram + pte + 6, word >> 8 & 0xFF)
    index = ea >> 12 & m.tlb_sets - 1
    tag = isa.TLB_VALID | vsid << 16 | ea >> 12 & 0xFFFF
    way = random_way(m)
    for other in range(m.tlb_ways):
        if m.tlb_tag[side, index, other] == tag:
            way = other
    m.tlb_tag[side, index, way], m.tlb_word[side, index, way] = tag, word
    m.tlb_pte[side, index, way], m.tlb_loaded[side, index, way] = pte, m.history_count
    m.tlb_told[side, index, way] = 0


# -- Time ----------------------------------------------------------------------------------------

@compiled
def begin_instruction(s, m):
    """What may happen before any instruction."""
    chance = draw(m)
    if chance & 7 == 0 and m.unseen_count:
        show_any(m)
        speculate(s, m)     # between two stores is the worst moment
    if chance >> 5 & 31 == 0 and m.late_count:
        write_late(m)
    if chance >> 10 & 127 == 0 and m.tlbie_count:
        complete(m, draw(m) % m.tlbie_count)
    if chance >> 17 & 63 == 0:
        side, index = draw(m) & 1, draw(m) & m.tlb_sets - 1
        m.tlb_tag[side, index, random_way(m)] = 0
    if chance >> 23 & 3 == 0:
        speculate(s, m)


@compiled
def order(m, op):
    """eieio, tlbsync and sync: what they wait for (PEM 7.6.3.2, table 2-22)."""
    if op == isa.EIEIO:
        m.epoch += 1
        for i in range(m.tlbie_count):
            m.tlbie_stage[i] = max(m.tlbie_stage[i], ORDERED)
    elif op == isa.TLBSYNC:
        for i in range(m.tlbie_count):
            if m.tlbie_stage[i] == ORDERED:
                m.tlbie_stage[i] = AWAITED
    elif op == isa.SYNC:
        show_through(m, 1 << 60)
        while m.late_count:
            write_late(m)
        for i in range(m.tlbie_count - 1, -1, -1):
            if m.tlbie_stage[i] == AWAITED:
                complete(m, i)
