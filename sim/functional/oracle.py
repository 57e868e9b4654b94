"""The stale-translation oracle: each use of a TLB entry, held against the page table.

With an oracle, nothing but blocks and real mode has soft translations, so `translate` sees every
use. What it finds goes to the run loop in `m.stale_*`; `pteg.mmu.oracle` says what it means.

Several processors remember the same acts (`pteg.functional.processors`). While one changes a PTE,
the others may use it as it was.
"""

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.bytes import peek32
from pteg.functional.protection import prohibited
from pteg.functional.table import NOWHERE, SOFTWARE, clock, is_late, lookup

__all__ = ["loaded", "examine", "overwritten", "refused", "unseen"]

#: In `tlb_told`, beside a bit for each kind of access: it is known whether the PTE was torn.
_TORN_KNOWN = 1 << 7
#: Of the eight bytes of a PTE.
_FIRST_WORD = -1 << 32


@compiled
def loaded(m, side, index, way, pte):
    """A TLB entry has been loaded from the PTE at `pte`."""
    m.tlb_pte[side, index, way], m.tlb_loaded[side, index, way] = pte, m.history_count
    m.tlb_told[side, index, way] = 0


@compiled
def examine(s, m, ea, kind, side, index, way, key):
    """A TLB entry is used for an access that it allows: does the page table say the same?"""
    if m.tlb_told[side, index, way] & 1 << kind:
        return
    store = kind == isa.KIND_STORE
    word = 0 | m.tlb_word[side, index, way]
    vsid = m.tlb_tag[side, index, way] >> 16 & 0xFFFFFF
    pte, now, fault = lookup(m, vsid, ea, SOFTWARE), 0, 0
    if pte == NOWHERE:
        return
    if pte < 0:
        fault = evicted(m, ea, side, index, way)
    else:
        now = peek32(m.ram + pte + 4)
        if (word ^ now) & isa.PTEL_RPN:
            fault = isa.FAULT_MOVED
        elif (word ^ now) & isa.PTEL_WIMG:
            fault = isa.FAULT_ATTRIBUTES
        elif prohibited(key, now & 3, store):
            fault = isa.FAULT_PROTECTED
        elif store and not now & isa.PTEL_C and not is_late(m, pte + 7):
            fault = isa.FAULT_UNCHANGED
        elif m.oracle_references and not now & isa.PTEL_R and not is_late(m, pte + 6):
            fault = isa.FAULT_UNREFERENCED
    if fault and not under_way(m, fault, ea, side, index, way, pte):
        m.tlb_told[side, index, way] |= 1 << kind
        report(m, s.pc, fault, kind, ea, vsid, pte, word, now)
        m.stale_loaded_from = m.tlb_pte[side, index, way]
        m.stale_loaded = m.tlb_loaded[side, index, way]


@compiled
def under_way(m, fault, ea, side, index, way, pte):
    """Is another processor still making the change? It is over with sync after tlbsync after tlbie
    of the page, or, if software leaves one out, after `m.patience` instructions of the processor
    that has begun it: with a store that changes what is wrong now, or V, or, if the PTE had
    been given to another page before, with the tlbie."""
    if fault == isa.FAULT_TORN:
        return False
    half = _FIRST_WORD
    if fault == isa.FAULT_MOVED:
        half |= isa.PTEL_RPN
    elif fault == isa.FAULT_ATTRIBUTES:
        half |= isa.PTEL_WIMG
    elif fault == isa.FAULT_PROTECTED or fault == isa.FAULT_REFUSED:
        half |= isa.PTEL_PP
    elif fault == isa.FAULT_UNCHANGED:
        half |= isa.PTEL_C
    elif fault == isa.FAULT_UNREFERENCED:
        half |= isa.PTEL_R
    begun, stage = -1, 0
    for i in range(max(m.tlb_loaded[side, index, way], m.history_count - isa.HISTORY),
                   m.history_count):
        row = m.history[i % isa.HISTORY]
        flush = row[0] == isa.ACT_TLBIE and not (row[3] ^ ea) >> 12 & m.tlb_sets - 1
        if begun < 0:
            begins = flush and not (row[3] ^ ea) & 0x0FFFF000 if fault == isa.FAULT_EVICTED else (
                row[0] == isa.ACT_STORE and (row[4] ^ row[5]) & half != 0
                and (row[3] == pte or row[3] == m.tlb_pte[side, index, way]))
            if not begins:
                continue
            begun = i
        if row[7] != m.history[begun % isa.HISTORY, 7]:
            continue
        if flush:
            stage = max(stage, 1)
        elif row[0] == isa.ACT_TLBSYNC and stage == 1:
            stage = 2
        elif row[0] == isa.ACT_SYNC and stage == 2:
            return False
    if begun < 0:
        return False
    row = m.history[begun % isa.HISTORY]
    return row[7] != m.number and m.executed[row[7]] - row[2] < m.patience


@compiled
def evicted(m, ea, side, index, way):
    """No PTE maps the page. Was the PTE that the TLB entry was loaded from given to another page?
    Software for which the page table is a cache may do so, until it changes the translation: the
    use is no fault as long as no tlbie of the page was executed, if the entry is the PTE's."""
    tag = peek32(m.ram + m.tlb_pte[side, index, way])
    if not given_away(m, ea, side, index, way):
        return isa.FAULT_UNMAPPED
    if tag & isa.PTEH_V and not m.tlb_told[side, index, way] & _TORN_KNOWN:
        m.tlb_told[side, index, way] |= _TORN_KNOWN     # once is enough
        if torn(m, ea, side, index, way):
            return isa.FAULT_TORN
    first = max(m.tlb_loaded[side, index, way], m.history_count - isa.HISTORY)
    for i in range(first, m.last_tlbie[index]):
        row = m.history[i % isa.HISTORY]
        if row[0] == isa.ACT_TLBIE and not (row[3] ^ ea) & 0x0FFFF000:
            return isa.FAULT_EVICTED
    return 0


@compiled
def given_away(m, ea, side, index, way):
    """Does the PTE that a TLB entry was loaded from map another page, or has it meanwhile?"""
    pte = 0 | m.tlb_pte[side, index, way]
    own = isa.PTEH_V | (m.tlb_tag[side, index, way] >> 16 & 0xFFFFFF) << 7 | ea >> 22 & 0x3F
    tag = peek32(m.ram + pte)
    if tag & isa.PTEH_V:
        return tag & ~isa.PTEH_H != own
    for i in range(max(m.tlb_loaded[side, index, way], m.history_count - isa.HISTORY),
                   m.history_count):
        row = m.history[i % isa.HISTORY]
        tag = row[5] >> 32 & 0xFFFFFFFF
        if (row[0] == isa.ACT_STORE and row[3] == pte and tag & isa.PTEH_V
                and tag & ~isa.PTEH_H != own):
            return True
    return False


@compiled
def torn(m, ea, side, index, way):
    """Has the PTE that a TLB entry was loaded from never had both its words together, as far as
    is remembered, but while it was changed with V = 1? A search may have seen older stores than the
    last one before it."""
    oldest = max(m.history_count - isa.HISTORY, 0)
    if oldest and m.tlb_loaded[side, index, way] < oldest + isa.HISTORY // 2:
        return False
    pte, word = m.tlb_pte[side, index, way], 0 | m.tlb_word[side, index, way]
    vsid = m.tlb_tag[side, index, way] >> 16 & 0xFFFFFF
    tag = isa.PTEH_V | vsid << 7 | ea >> 22 & 0x3F
    used = isa.PTEL_R | isa.PTEL_C
    high, low = peek32(m.ram + pte), peek32(m.ram + pte + 4)
    for i in range(m.history_count - 1, oldest - 1, -1):
        row = m.history[i % isa.HISTORY]
        if row[0] == isa.ACT_STORE and row[3] == pte:
            before, old = row[4] >> 32 & 0xFFFFFFFF, row[4] & 0xFFFFFFFF
            in_place = before == high and (old ^ low) & ~used
            if high & ~isa.PTEH_H == tag and not (low ^ word) & ~used and not in_place:
                return False
            high, low = before, old
    return high & ~isa.PTEH_H != tag or (low ^ word) & ~used != 0


@compiled
def refused(s, m, ea, kind, side, index, way, key):
    """A TLB entry forbids an access: does the PTE that it was loaded from, too? The exception
    does not say so, and its handler may find nothing to do."""
    if m.tlb_told[side, index, way] & 1 << kind:
        return
    word = 0 | m.tlb_word[side, index, way]
    vsid = m.tlb_tag[side, index, way] >> 16 & 0xFFFFFF
    pte = lookup(m, vsid, ea, SOFTWARE)
    if pte < 0:
        return
    now = peek32(m.ram + pte + 4)
    if (word ^ now) & isa.PTEL_RPN or prohibited(key, now & 3, kind == isa.KIND_STORE):
        return
    if not under_way(m, isa.FAULT_REFUSED, ea, side, index, way, pte):
        m.tlb_told[side, index, way] |= 1 << kind
        report(m, s.pc, isa.FAULT_REFUSED, kind, ea, vsid, pte, word, now)
        m.stale_loaded_from = m.tlb_pte[side, index, way]
        m.stale_loaded = m.tlb_loaded[side, index, way]


@compiled
def unseen(s, m, ea, kind, vsid):
    """A search has found nothing: does the page table have a PTE that it has not seen yet?"""
    pte = lookup(m, vsid, ea, SOFTWARE)
    if pte >= 0:
        report(m, s.pc, isa.FAULT_UNSEEN, kind, ea, vsid, pte, isa.NONE, peek32(m.ram + pte + 4))
        m.stale_loaded_from, m.stale_loaded = pte, isa.NONE


@compiled
def overwritten(m, pa, byte, ea, vsid, kind, order):
    """A search writes a byte with R or C: does it change anything else of the PTE? It had read the
    byte when there were `order` acts."""
    pte, bit, place = pa & ~7, isa.PTEL_R if pa & 1 == 0 else isa.PTEL_C, 8 if pa & 1 == 0 else 0
    before = peek32(m.ram + pte + 4)
    after = before & ~(0xFF << place) | byte << place
    if (before ^ after) & ~bit and not m.stale:
        report(m, m.acting, isa.FAULT_OVERWRITTEN, kind, ea, vsid, pte, before, after)
        m.stale_loaded_from, m.stale_loaded = pte, order


@compiled
def report(m, pc, fault, kind, ea, vsid, pte, word, now):
    m.stale, m.stale_kind, m.stale_ea, m.stale_vsid = fault, kind, ea, vsid
    m.stale_pte, m.stale_word, m.stale_now = pte, word, now
    m.stale_pc, m.stale_cycle, m.stale_order = pc, clock(m), m.history_count
    m.stale_instruction = m.cycles - m.uncompleted - 1
    m.look = 0  # the run loop hands it out
