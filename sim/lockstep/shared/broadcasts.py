"""tlbie of other processors, as the functional model of one follows them.

The pipeline does them when they pass the bus. Instructions that are in flight then may have been
translated before; what has been fetched stays fetched. So the functional model, which is at the
oldest of them, forgets a set of a TLB

* when the pipeline has searched the table for a page of that set since, or else
* for data, when an instruction retires that has entered the completion queue since; for fetches,
  when one does that cannot have been fetched before.

If a pipeline keeps an entry that it should have forgotten, the functional model searches the table
and the pipeline has not.
"""

from numba import njit

from pteg.functional.mmu import flush_set
from pteg.functional.tlb import points, use, victim
from pteg.lockstep.shared.events import SEARCH
from pteg.lockstep.shared.memory import first, row_at, waiting

__all__ = ["follow", "begin_search"]

#: Instructions between fetch and the completion queue, at most: the instruction queue, a fetch
#: under way, what the branch target cache gives, folded branches.
_FETCHED = 24
_FETCH, _DATA = 0, 1


@njit
def follow(m, log, searches, retires):
    """Before processor's functional model executes the instruction at place `retires` of the
    completion queue."""
    kept = 0
    for number in range(log.hears):
        heard = log.heard[number]
        for side in range(2):
            due = (log.cycle[retires] > heard[1] if side == _DATA
                   else log.number[retires] - heard[2] > _FETCHED)
            if heard[3] >> side & 1 and (due or _searched(m, searches, side, heard)):
                _forget(m, side, heard[0])
                heard[3] &= ~(1 << side)
        if heard[3]:
            log.heard[kept] = heard
            kept += 1
    log.hears = kept


@njit
def _searched(m, searches, side, heard):
    """Whether the pipeline has searched for a page of the set since."""
    for number in range(waiting(searches)):
        row = row_at(searches, number)
        if row[1] == SEARCH and row[2] & 1 == side and row[2] >> 1 >= heard[1] and (
                (row[0] ^ heard[0]) >> 12 & m.tlb_sets - 1 == 0):
            return True
    return False


@njit
def _forget(m, side, ea):
    index = ea >> 12 & m.tlb_sets - 1
    for way in range(m.tlb_ways):
        m.tlb_tag[side, index, way] = 0
    flush_set(m, index)


@njit
def begin_search(m, searches):
    """Take the next search, if that comes next. If a tlbie has come between its end and the use of
    the entry, the pipeline has searched again: then the last search counts, but the others have
    used a way too."""
    if not waiting(searches) or first(searches)[1] != SEARCH:
        return
    ea, side = first(searches)[0], first(searches)[2] & 1
    searches.first += 1
    for number in range(waiting(searches)):
        row = row_at(searches, number)
        if row[1] == SEARCH and row[0] == ea and row[2] & 1 == side:
            index = ea >> 12 & m.tlb_sets - 1
            keep, point = points(m, victim(m, side, index))
            use(m, side, index, keep, point)
            searches.first += number + 1
            return
