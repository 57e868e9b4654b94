"""A processor that uses every freedom that the architecture gives it about translations.

It does what correct software must bear (PEM 5.2, 7.5.3, 7.6.3), at moments that a seed chooses:

* what `late_memory` and `late_tlb` tell: late stores, late R and C, late tlbie, TLBs of any size;
* searches are made speculatively, and set R: for pages that were used before, and above all for
  those whose PTE has just been changed.
"""

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.chance import draw
from pteg.functional.late_memory import (
    hide_store,
    show_all,
    show_any,
    show_through,
    write_all,
    write_any,
    write_used,
)
from pteg.functional.late_tlb import (
    complete_all,
    complete_any,
    drop_any,
    keep_entry,
    order_tlbie,
    random_way,
    sync_tlbie,
    wait_for_tlbie,
)
from pteg.functional.table import WALKER, half, lookup

__all__ = ["begin_instruction", "order", "hear", "heard_store", "synchronize", "changed",
           "recently_used"]

#: So many instructions after a change of a PTE, searches for its page are frequent.
_ALERT = 48


# -- Speculative searches --------------------------------------------------------------------------

@compiled
def recently_used(m, ea, kind):
    """A page that may be searched for again, without an instruction that needs it."""
    m.recent[ea >> 12 & m.recent.shape[0] - 1] = ea & ~0xFFF | 2 | (kind != isa.KIND_FETCH)


@compiled
def changed(m, pte, before):
    """Software has changed a PTE."""
    hide_store(m, pte, before)
    suspect(m, pte)


@compiled
def suspect(m, pte):
    """Search for its page soon."""
    m.suspect[m.suspects % m.suspect.shape[0]] = pte
    m.suspects += 1
    m.alert, m.fresh = _ALERT, 1


@compiled
def search_ahead(s, m, ea, side):
    """Search for a page, and load the TLB with it. Not for a store, which would have to set C; nor
    from guarded memory (PEM 5.2.1)."""
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
        write_used(m, pte + 6, word >> 8 & 0xFF, ea, vsid,
                   isa.KIND_LOAD if side else isa.KIND_FETCH)
    index = ea >> 12 & m.tlb_sets - 1
    tag = isa.TLB_VALID | vsid << 16 | ea >> 12 & 0xFFFF
    way = random_way(m)
    for other in range(m.tlb_ways):
        if m.tlb_tag[side, index, other] == tag:
            way = other
    keep_entry(m, side, index, way)
    m.tlb_tag[side, index, way], m.tlb_word[side, index, way] = tag, word
    m.tlb_pte[side, index, way], m.tlb_loaded[side, index, way] = pte, m.history_count
    m.tlb_told[side, index, way] = 0


@compiled
def search_any(s, m):
    """Search for a page that was used before."""
    chosen = m.recent[draw(m) & m.recent.shape[0] - 1]
    if chosen:
        search_ahead(s, m, chosen & ~0xFFF, chosen & 1)


@compiled
def search_changed(s, m):
    """Search for the page of a PTE that was changed lately, as searches see it (PEM 7.6.1.2)."""
    if not m.suspects:
        return
    pte = m.suspect[draw(m) % min(m.suspects, m.suspect.shape[0])]
    upper = half(m, pte, WALKER)
    if not upper & isa.PTEH_V:
        return
    vsid = upper >> 7 & isa.SR_VSID
    hashed = pte >> 6 & 0x3FF ^ (0x3FF if upper & isa.PTEH_H else 0)
    page = (upper & 0x3F) << 10 | (hashed ^ vsid) & 0x3FF
    start = draw(m)
    for k in range(16):
        number = start + k & 15
        if s.sr[number] & isa.SR_VSID == vsid:
            search_ahead(s, m, number << 28 | page << 12, draw(m) >> 8 & 1)
            return


# -- Time -----------------------------------------------------------------------------------------

@compiled
def begin_instruction(s, m):
    """What may happen before any instruction."""
    chance = draw(m)
    just_changed = m.alert == _ALERT
    if m.unseen_count and (just_changed or chance & 3 == 0):
        show_any(m)
    if m.late_count and chance >> 2 & 31 == 0:
        write_any(m)
    if m.tlbie_pending and chance >> 7 & 31 == 0:
        complete_any(m)
    if chance >> 12 & 63 == 0:
        drop_any(m)
    if m.lone and m.fresh:      # its stores to a PTE may come in any order
        return
    if chance >> 18 & 7 == 0:
        search_any(s, m)
    if m.alert:
        m.alert -= 1
        if just_changed or chance >> 21 & 1:
            search_changed(s, m)
    elif chance >> 21 & 31 == 0:
        search_changed(s, m)


@compiled
def order(m, op):
    """eieio, tlbsync and sync: what they wait for (PEM 7.6.3.2, table 2-22)."""
    if op == isa.EIEIO:
        m.epoch += 1
        order_tlbie(m, m.number)
    elif op == isa.TLBSYNC:
        wait_for_tlbie(m, m.number)
    elif op == isa.SYNC:
        show_all(m)
        write_all(m)
        m.fresh = 0
        if m.lone:
            complete_all(m)
        else:
            sync_tlbie(m, m.number)


@compiled
def hear(m, op, sender):
    """What eieio, tlbsync and sync of another processor wait for in this one. What uses an entry
    is over when a tlbsync is, with R and C."""
    if op == isa.EIEIO:
        order_tlbie(m, sender)
    elif op == isa.TLBSYNC:
        wait_for_tlbie(m, sender)
        m.tlbsync |= 1 << sender
    elif op == isa.SYNC:
        sync_tlbie(m, sender)
        if m.tlbsync >> sender & 1:
            write_all(m)
            m.tlbsync &= ~(1 << sender)


@compiled
def heard_store(m, pte):
    """Another processor has stored into a PTE: searches do not see what was there before."""
    epoch = -1
    for i in range(m.unseen_count):
        if m.unseen_pa[i] & ~7 == pte:
            epoch = max(epoch, m.unseen_epoch[i])
    show_through(m, epoch)
    suspect(m, pte)


@compiled
def synchronize(m):
    """An exception, rfi or isync: software for one processor may expect that the context that
    begins there, with its searches, know what came before it; and that nothing is searched for
    ahead while it changes a PTE: Linux without CONFIG_SMP stores V = 1 before the second word."""
    if m.lone:
        m.fresh = 0
        show_all(m)
        write_all(m)
        complete_all(m)
