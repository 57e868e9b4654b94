"""The page table in RAM, as software sees it and as table searches see it; and who changed it.

The two views differ only with an adversary (`pteg.functional.adversary`), which lets searches see
stores late. `m.history` has the acts of which `pteg.mmu.history` tells.
"""

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.bytes import peek32, peek64

__all__ = ["clock", "in_table", "half", "is_late", "lookup", "note", "searched", "NOWHERE",
           "SOFTWARE", "WALKER"]

#: Results of `lookup`: no PTE maps the address; the table is not in RAM.
UNMAPPED, NOWHERE = -1, -2
#: Views of the table.
SOFTWARE, WALKER = 0, 1


@compiled
def clock(m):
    """The cycle in which it is done: the pipeline model's, if this one follows it."""
    return m.clock if m.clock else m.cycles


@compiled
def in_table(m, pa):
    """Whether a physical address lies in the page table, or in one that has been searched: a
    hypervisor changes its guest's table while SDR1 names its own."""
    if _is_in(m.sdr1, pa):
        return True
    for i in range(min(m.table_count, len(m.tables))):
        if _is_in(m.tables[i], pa):
            return True
    return False


@compiled
def _is_in(sdr1, pa):
    """Whether a physical address lies in a page table (PEM 7.6.1.1)."""
    last = (sdr1 & isa.SDR1_HTABMASK) << 16 | 0xFFFF
    return (pa ^ sdr1 & isa.SDR1_HTABORG) & ~last == 0


@compiled
def searched(m, sdr1):
    """A processor searches a page table. If there are too many, the latest are known."""
    for i in range(min(m.table_count, len(m.tables))):
        if m.tables[i] == sdr1:
            return
    m.tables[m.table_count % len(m.tables)] = sdr1
    m.table_count += 1


@compiled
def half(m, pa, view):
    """A word of a PTE."""
    if view == WALKER:
        for i in range(m.unseen_count):
            if m.unseen_pa[i] == pa:
                return m.unseen_word[i]
    return peek32(m.ram + pa)


@compiled
def is_late(m, pa):
    """Whether a byte of a PTE has still to be written by a search (`pteg.functional.late_memory`).
    """
    for i in range(m.late_count):
        if m.late_pa[i] == pa:
            return True
    return False


@compiled
def lookup(m, vsid, ea, view):
    """Physical address of the PTE that maps a page (PEM 7.6.1), or a negative number."""
    wanted = isa.PTEH_V | vsid << 7 | ea >> 22 & 0x3F
    hashed = (vsid & 0x7FFFF) ^ (ea >> 12 & 0xFFFF)
    for _ in range(2):
        group = (m.sdr1 & isa.SDR1_HTABORG | (hashed >> 10 & m.sdr1 & isa.SDR1_HTABMASK) << 16
                 | (hashed & 0x3FF) << 6)
        if group + 64 > m.ram_size:
            return NOWHERE
        for pte in range(group, group + 64, 8):
            if half(m, pte, view) == wanted:
                return pte
        hashed ^= 0x7FFFF
        wanted |= isa.PTEH_H
    return UNMAPPED


@compiled
def note(m, act, address, before, after):
    """Remember an act. A barrier that follows nothing but other barriers is remembered once."""
    if act == isa.ACT_SYNC or act == isa.ACT_EIEIO:
        if m.history_barriers & 1 << act:
            return
        m.history_barriers |= 1 << act
    else:
        m.history_barriers = 0
    row = m.history[m.history_count % isa.HISTORY]
    row[0], row[1], row[2], row[3] = act, m.acting, m.cycles - m.uncompleted - 1, address
    row[4], row[5], row[6], row[7] = before, after, clock(m), m.number
    m.history_count += 1


@compiled
def noted_store(m, pa, before):
    """A store has changed a PTE. What only sets R or C is not remembered: searches do that.
    Returns whether it is."""
    after = peek64(m.ram + pa)
    changed = before ^ after
    if changed & ~(isa.PTEL_R | isa.PTEL_C) == 0 and changed & before == 0:
        return False
    note(m, isa.ACT_STORE, pa, before, after)
    return True
