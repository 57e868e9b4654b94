"""The stale-translation oracle: each use of a TLB entry, held against the page table.

With an oracle, nothing but blocks and real mode has soft translations, so `translate` sees every
use. What it finds goes to the run loop in `m.stale_*`; `pteg.mmu.oracle` says what it means.
"""

from pteg.functional import constants as isa
from pteg.functional.adversary import is_late
from pteg.functional.bytes import peek32
from pteg.functional.compiled import compiled
from pteg.functional.protection import prohibited
from pteg.functional.table import NOWHERE, SOFTWARE, lookup

__all__ = ["loaded", "examine", "unseen"]


@compiled
def loaded(m, side, index, way, pte):
    """A TLB entry has been loaded from the PTE at `pte`."""
    m.tlb_pte[side, index, way], m.tlb_loaded[side, index, way] = pte, m.history_count
    m.tlb_told[side, index, way] = 0


@compiled
def examine(s, m, ea, kind, side, index, way, key):
    """A TLB entry is used for an access that it allows: does the page table say the same?"""
    if m.tlb_told[side, index, way]:
        return
    store = kind == isa.KIND_STORE
    word = 0 | m.tlb_word[side, index, way]
    vsid = m.tlb_tag[side, index, way] >> 16 & 0xFFFFFF
    pte, now, fault = lookup(m, vsid, ea, SOFTWARE), 0, 0
    if pte == NOWHERE:
        return
    if pte < 0:
        fault = isa.FAULT_UNMAPPED
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
    if fault:
        m.tlb_told[side, index, way] = 1
        report(s, m, fault, kind, ea, vsid, pte, word, now)
        m.stale_loaded_from = m.tlb_pte[side, index, way]
        m.stale_loaded = m.tlb_loaded[side, index, way]


@compiled
def unseen(s, m, ea, kind, vsid):
    """A search has found nothing: does the page table have a PTE that it has not seen yet?"""
    pte = lookup(m, vsid, ea, SOFTWARE)
    if pte >= 0:
        report(s, m, isa.FAULT_UNSEEN, kind, ea, vsid, pte, isa.NONE, peek32(m.ram + pte + 4))
        m.stale_loaded_from, m.stale_loaded = pte, isa.NONE


@compiled
def report(s, m, fault, kind, ea, vsid, pte, word, now):
    m.stale, m.stale_kind, m.stale_ea, m.stale_vsid = fault, kind, ea, vsid
    m.stale_pte, m.stale_word, m.stale_now = pte, word, now
    m.stale_pc, m.stale_cycle, m.stale_order = s.pc, m.cycles, m.history_count
    m.stale_instruction = m.cycles - m.uncompleted - 1
    m.look = 0  # the run loop hands it out
