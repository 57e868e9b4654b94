"""What an adversary does late to the page table in memory: stores, and R and C.

Searches see a store late, one word at a time, in any order that eieio permits. R and C are written
late, as bytes with what the search had read. Half of all this is patient: it waits for sync, which
orders it (PEM 7.6.3), however long that takes. The rest happens at some moment before.
"""

from pteg.compiled import compiled
from pteg.functional.bytes import peek32, poke8
from pteg.functional.chance import draw, once_in
from pteg.functional.decoded import forget, is_code
from pteg.functional.oracle import overwritten

__all__ = ["hide_store", "show_all", "show_any", "show_through", "write_all", "write_any",
           "write_used"]

_LAST_EPOCH = 1 << 60


# -- Stores that searches have not seen yet -------------------------------------------------------

@compiled
def show(m, i):
    """Let searches see a store."""
    m.unseen_count -= 1
    last = m.unseen_count
    m.unseen_pa[i], m.unseen_word[i] = m.unseen_pa[last], m.unseen_word[last]
    m.unseen_epoch[i], m.unseen_waits[i] = m.unseen_epoch[last], m.unseen_waits[last]


@compiled
def first_epoch(m):
    epoch = _LAST_EPOCH
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
def show_all(m):
    show_through(m, _LAST_EPOCH)


@compiled
def show_any(m):
    """Let searches see one of the stores that may be seen first, unless it is patient."""
    first, start = first_epoch(m), draw(m)
    for k in range(m.unseen_count):
        i = (start + k) % m.unseen_count
        if m.unseen_epoch[i] == first and not m.unseen_waits[i]:
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
    m.unseen_waits[i] = once_in(m, 2)
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
def write_byte(m, pa, byte, ea, vsid, kind, order):
    if m.oracle:
        overwritten(m, pa, byte, ea, vsid, kind, order)
    poke8(m.ram + pa, byte)
    if is_code(m, pa):
        forget(m, pa)


@compiled
def write_late(m, i):
    write_byte(m, m.late_pa[i], m.late_byte[i], m.late_ea[i], m.late_vsid[i], m.late_kind[i],
               m.late_order[i])
    m.late_count -= 1
    for k in range(i, m.late_count):
        m.late_pa[k], m.late_byte[k] = m.late_pa[k + 1], m.late_byte[k + 1]
        m.late_ea[k], m.late_vsid[k] = m.late_ea[k + 1], m.late_vsid[k + 1]
        m.late_kind[k], m.late_order[k] = m.late_kind[k + 1], m.late_order[k + 1]
        m.late_waits[k] = m.late_waits[k + 1]


@compiled
def write_any(m):
    """Write the oldest that is not patient; what is older and of the same PTE goes before it."""
    for i in range(m.late_count):
        if not m.late_waits[i]:
            pte = m.late_pa[i] >> 3
            k = 0
            while m.late_pa[k] >> 3 != pte:
                k += 1
            write_late(m, k)
            return


@compiled
def write_all(m):
    while m.late_count:
        write_late(m, 0)


@compiled
def write_used(m, pa, byte, ea, vsid, kind):
    """Write the byte of a PTE in RAM that has R or C, now or later: what a search for `ea` has read
    of it, and the bit."""
    if once_in(m, 4):
        write_byte(m, pa, byte, ea, vsid, kind, m.history_count)
        return
    if m.late_count == m.late_pa.shape[0]:
        write_late(m, 0)
    i = m.late_count
    m.late_pa[i], m.late_byte[i], m.late_waits[i] = pa, byte, once_in(m, 2)
    m.late_ea[i], m.late_vsid[i] = ea, vsid
    m.late_kind[i], m.late_order[i] = kind, m.history_count
    m.late_count += 1
