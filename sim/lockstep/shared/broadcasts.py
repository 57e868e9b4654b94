"""tlbie of other processors, as the functional model of one follows them.

The pipeline does them when they pass the bus. Instructions that are in flight then may have been
translated before; what has been fetched stays fetched. So the functional model, which is at the
oldest of them, forgets a set of a TLB

* when the instruction, or a fetch, has searched the table for a page of that set since, or else
* for data, when an instruction retires that has entered the completion queue since; for fetches,
  when one does that cannot have been fetched before.

An access may be in several parts, which are translated one after the other. If the tlbie comes
between two of one page, the functional model, which begins the instruction again for each part,
takes over what the pipeline has found: `between_parts`.

If a pipeline keeps an entry that it should have forgotten, the functional model searches the table
and the pipeline has not.
"""

from numba import njit

from pteg.functional import constants as isa
from pteg.functional.mmu import flush_set
from pteg.lockstep.shared.events import (
    BEGAN,
    EARLIER,
    FOUND,
    MOVES,
    READ,
    SEARCH,
    ea_of,
    owner,
    way_of,
)
from pteg.lockstep.shared.instructions import FETCHED
from pteg.lockstep.shared.memory import drop, first, row_at, waiting

__all__ = ["follow", "begin_search", "told_way", "between_parts"]

_FETCH, _DATA = 0, 1


@njit
def follow(m, log, searches, number, head, second):
    """Before processor's functional model executes the instruction with this number, which is at
    one of two places of the completion queue, or has faulted: then the one at `head` is the first
    of the handler."""
    if number != log.fault_number:
        log.fault_number = 0
    place = second if number == log.number[second] else head
    last = log.number[place]
    entered = 0 | log.fault_number or last
    cycle = log.fault_cycle if log.fault_number else log.cycle[place]
    kept = 0
    for row in range(log.hears):
        heard = log.heard[row]
        for side in range(2):
            due = cycle > heard[1] if side == _DATA else entered - heard[2] > FETCHED
            if heard[3] >> side & 1 and (due or _searched(m, searches, side, heard, last)):
                _forget(m, side, heard[0])
                heard[3] &= ~(1 << side)
        if heard[3]:
            log.heard[kept] = heard
            kept += 1
    log.hears = kept


@njit
def _searched(m, searches, side, heard, last):
    """Whether the pipeline has searched for a page of the set since; not for an instruction after
    `last`, which those before it are not to see."""
    for number in range(waiting(searches)):
        row = row_at(searches, number)
        if (row[1] == SEARCH and owner(row) <= last and not _same_page(row)
                and _after(m, row, side, heard)):
            return True
    return False


@njit
def _after(m, row, side, heard):
    """Whether a search is for the set that a tlbie has named before."""
    return (row[2] & 1 == side and row[2] >> BEGAN >= heard[1]
            and (ea_of(row) ^ heard[0]) >> 12 & m.tlb_sets - 1 == 0)


@njit
def _parts(row):
    """Parts of the access that had been moved before the search."""
    return row[2] >> MOVES & (1 << EARLIER - MOVES) - 1


@njit
def _same_page(row):
    """Whether these are in the page that is searched for: parts follow each other."""
    return _parts(row) and ea_of(row) & 0xFFF


@njit
def _forget(m, side, ea):
    index = ea >> 12 & m.tlb_sets - 1
    for way in range(m.tlb_ways):
        m.tlb_tag[side, index, way] = 0
    flush_set(m, index)


@njit
def _counts(searches):
    """Which of the searches that wait counts. If a tlbie has come between the end of the first and
    the use of the entry, the pipeline has searched again: then the last does."""
    named, side, place = first(searches)[0], first(searches)[2] & 1, 0
    for number in range(1, waiting(searches)):
        row = row_at(searches, number)
        if row[1] == SEARCH and row[0] == named and row[2] & 1 == side:
            place = number
    return place


@njit
def begin_search(searches):
    """Take the next search."""
    searches.first += _counts(searches) + 1


@njit
def told_way(searches):
    """The way that the next search has filled; 0 if there is none, which the search will show."""
    if not waiting(searches) or first(searches)[1] != SEARCH:
        return 0
    return way_of(row_at(searches, _counts(searches)))


@njit
def between_parts(s, m, log, searches):
    """After parts of an access, follow a tlbie that came there. The first answer was the
    instruction."""
    if not waiting(searches):
        return
    row = first(searches)
    if row[1] != SEARCH or not _same_page(row) or _parts(row) != m.answered - 1:
        return
    for number in range(log.hears):
        heard = log.heard[number]
        if heard[3] >> _DATA & 1 and _after(m, row, _DATA, heard):
            heard[3] &= ~(1 << _DATA)
            _forget(m, _DATA, heard[0])
            if row[2] >> FOUND & 1:
                _refill(s, m, ea_of(row), way_of(row), searches)
            else:
                # A fault of this part. The functional model meets it at the first one in the page.
                log.trusts, m.answered = 1, 1 + (row[2] >> EARLIER & (1 << FOUND - EARLIER) - 1)
            return


@njit
def _refill(s, m, ea, way, searches):
    """Load the entry that the pipeline has found."""
    drop(searches)
    word = 0
    while waiting(searches) and first(searches)[1] != SEARCH:
        row = first(searches)
        if row[1] == READ:
            word = row[2] & 0xFFFFFFFF | isa.PTEL_R
        elif row[0] & 7 == 7:
            word |= isa.PTEL_C
        drop(searches)
    index = ea >> 12 & m.tlb_sets - 1
    m.tlb_tag[_DATA, index, way] = (isa.TLB_VALID | (s.sr[ea >> 28] & isa.SR_VSID) << 16
                                    | ea >> 12 & 0xFFFF)
    m.tlb_word[_DATA, index, way] = word
