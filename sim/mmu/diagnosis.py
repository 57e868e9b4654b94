"""Which step of changing a PTE is missing, from the acts that an oracle remembers (PEM 7.6.3.2)."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from pteg.hw.isa.registers import PteHigh, PteLow
from pteg.mmu.history import Act, Fault, Finding

__all__ = ["Made", "SEQUENCE", "Step", "diagnose"]

_VALID = PteHigh.V.mask << 32
_HIGH, _LOW = 0xFFFFFFFF << 32, 0xFFFFFFFF
#: What searches change themselves.
_USED = PteLow.R.mask | PteLow.C.mask


class Step(enum.Enum):
    """A step of changing a PTE, in the order of PEM 7.6.3.2."""

    INVALIDATE = "V = 0 in the PTE before it is changed"
    SYNC = "sync between V = 0 and what follows"
    TLBIE = "tlbie of the page after V = 0"
    EIEIO = "eieio between tlbie and tlbsync"
    TLBSYNC = "tlbsync after tlbie"
    SYNC_TLBSYNC = "sync after tlbsync"
    EIEIO_STORES = "eieio between the second word and V = 1"
    SYNC_VALID = "sync after V = 1"
    THERE = "tlbie on the processor that uses the entry, to which this one was not broadcast"


#: The steps of the processor that changes the PTE.
SEQUENCE = tuple(step for step in Step if step is not Step.THERE)


@dataclass(frozen=True)
class Made:
    """An act: a row of `pteg.mmu.history`."""

    act: int
    pc: int
    instruction: int
    address: int
    before: int
    after: int
    cycle: int
    processor: int

    def cleared_v(self) -> bool:
        return bool(self.before & ~self.after & _VALID)

    def cleared_history(self) -> bool:
        """Whether nothing but R or C was cleared."""
        changed = self.before ^ self.after
        return bool(changed) and not changed & (~_USED | self.after)

    def set_v(self) -> bool:
        return bool(~self.before & self.after & _VALID)


def diagnose(found: Finding) -> tuple[Made | None, Step | None, int | None]:
    """Why a translation is not the page table's.

    Returns
    -------
    change : Made or None
        The store that made the difference; None if it is not remembered.
    missing : Step or None
        The first step that the software has left out.
    misplaced : int or None
        Address of a tlbie that did not help: of another page, or before the change.
    """
    acts = [Made(*act) for act in found.acts[:found.order - found.oldest]]
    torn = _torn(found, acts) or _overwritten(found, acts)
    if torn is not None:
        change, step = torn
        return acts[change], step, None
    place = _change(found, acts)
    if place is None or found.fault is Fault.OVERWRITTEN:
        return None if place is None else acts[place], None, None
    missing, misplaced = _missing(found, acts, place)
    if missing is None and not _arrived(found, acts, _begin(acts, place)):
        missing = Step.THERE
    return acts[place], missing, misplaced


def _stores(acts: Sequence[Made], places: set[int]) -> list[int]:
    """Indices of the stores into PTEs."""
    return [i for i, act in enumerate(acts) if act.act == Act.STORE and act.address in places]


def _has(acts: Sequence[Made], start: int, end: int, *kinds: Act) -> bool:
    """Whether there is an act of a kind between two, by the processor of the first."""
    return any(act.act in kinds and act.processor == acts[start].processor
               for act in acts[start + 1:end])


# -- Halves of two PTEs ----------------------------------------------------------------------------

def _torn(found: Finding, acts: Sequence[Made]) -> tuple[int, Step] | None:
    """The store and the step, if the search that loaded the TLB has seen stores in an order that
    a missing step has permitted: one word of the PTE of before, and one of after."""
    if found.fault in (Fault.UNSEEN, Fault.OVERWRITTEN):
        return None
    stores = [i for i in _stores(acts, {found.loaded_from}) if found.oldest + i < found.loaded]
    states = [acts[stores[0]].before, *(acts[i].after for i in stores)] if stores else []
    if any(_maps(found, state) and _is_word(found, state) for state in states):
        return None
    for later in range(len(states) - 1, 0, -1):
        for earlier in range(later - 1, -1, -1):
            old, new = states[earlier], states[later]
            between = stores[earlier:later]     # the stores that lead from one to the other
            if _maps(found, old) and _is_word(found, new):
                cleared = [i for i in between if acts[i].cleared_v()]
                if not cleared:
                    return between[-1], Step.INVALIDATE
                if not _has(acts, cleared[-1], between[-1], Act.SYNC, Act.EIEIO):
                    return between[-1], Step.SYNC
            if _maps(found, new) and _is_word(found, old):
                words = [i for i in between if (acts[i].before ^ acts[i].after) & _LOW]
                if words and not _has(acts, words[-1], between[-1], Act.SYNC, Act.EIEIO):
                    return between[-1], Step.EIEIO_STORES
    return None


def _overwritten(found: Finding, acts: Sequence[Made]) -> tuple[int, Step] | None:
    """The store and the step, if the PTE is not what the last store has left: a search that had
    read the word of before has written R or C later, as a byte."""
    stores = _stores(acts, {found.pte})
    if not stores or not (acts[stores[-1]].after ^ found.now) & _LOW & ~_USED:
        return None
    word = next((i for i in reversed(stores) if (acts[i].before ^ acts[i].after) & _LOW), None)
    if word is None:
        return None
    cleared = next((i for i in reversed(stores) if i < word and acts[i].cleared_v()), None)
    if acts[word].before & _VALID:
        return word, Step.INVALIDATE
    if cleared is not None and not _has(acts, cleared, word, Act.SYNC):
        return word, Step.SYNC
    if found.processor != acts[word].processor:     # tlbsync waits for its searches
        step = None if cleared is None else _flushed(found, acts, cleared, stores)[0]
        return (word, step) if step else None
    valid = next((i for i in stores if i > word and acts[i].set_v()), len(acts))
    if not _has(acts, word, valid, Act.SYNC, Act.EIEIO):
        return word, Step.EIEIO_STORES
    return None


def _maps(found: Finding, state: int) -> bool:
    """Whether a PTE is valid and of the page."""
    wanted = PteHigh.V.mask | found.vsid << 7 | found.ea >> 22 & 0x3F
    return state >> 32 & _LOW & ~PteHigh.H.mask == wanted


def _is_word(found: Finding, state: int) -> bool:
    return not (state ^ found.word) & _LOW & ~_USED


# -- A TLB entry of before ------------------------------------------------------------------------

def _change(found: Finding, acts: Sequence[Made]) -> int | None:
    """Index of the store that made the difference: the first one after the TLB entry was loaded,
    or else, if searches see stores late, the last one before."""
    if found.fault is Fault.UNSEEN:
        half = _VALID
    elif found.fault in (Fault.UNMAPPED, Fault.EVICTED):
        half = _HIGH
    else:
        half = _LOW
    stores = [i for i in _stores(acts, {found.loaded_from, found.pte})
              if (acts[i].before ^ acts[i].after) & half]
    after = [i for i in stores if found.oldest + i >= found.loaded]
    if found.fault is Fault.UNSEEN or not after:
        return stores[-1] if stores else None
    return after[0]


def _missing(found: Finding, acts: Sequence[Made], change: int) -> tuple[Step | None, int | None]:
    """The first step that is not there, and the address of a tlbie in the wrong place."""
    if found.fault is Fault.UNSEEN:
        return Step.SYNC_VALID, None
    if acts[change].before & _VALID and not acts[change].cleared_v():
        return _in_place(found, acts, change)
    stores = _stores(acts, {acts[change].address})
    step, misplaced, waits = _flushed(found, acts, _begin(acts, change), stores)
    if step:
        return step, misplaced
    valid = next((i for i in stores if i > waits and acts[i].set_v()), None)
    if valid is not None:
        words = [i for i in stores if waits < i < valid]
        if words and not _has(acts, words[-1], valid, Act.EIEIO, Act.SYNC):
            return Step.EIEIO_STORES, None
        if not _has(acts, valid, len(acts), Act.SYNC):
            return Step.SYNC_VALID, None
    return None, None


def _begin(acts: Sequence[Made], change: int) -> int:
    """Index of the store of V = 0 with which a change begins, or of the change itself."""
    if acts[change].before & _VALID:
        return change
    return max((i for i in _stores(acts, {acts[change].address})
                if i < change and acts[i].cleared_v()), default=change)


def _in_place(found: Finding, acts: Sequence[Made], change: int) -> tuple[Step, int | None]:
    """A valid PTE was changed. To clear R or C, which searches set as bytes, that is allowed: then
    sync, tlbie and what follows must be there (PEM 7.6.3.2.2)."""
    if found.fault in (Fault.UNCHANGED, Fault.UNREFERENCED):
        step, misplaced, _ = _flushed(found, acts, change, [])
        if step:
            return step, misplaced
    return Step.INVALIDATE, None


def _flushed(found: Finding, acts: Sequence[Made], first: int, stores: Sequence[int]
             ) -> tuple[Step | None, int | None, int]:
    """The first step that is not there from tlbie to the sync after tlbsync, the address of a tlbie
    in the wrong place, and the index of tlbsync. `stores` are those into the PTE."""
    flush = _flush(found, acts, first)
    if flush is None:
        wrong = [act.address for i, act in enumerate(acts)
                 if act.act == Act.TLBIE and act.processor == acts[first].processor
                 and (i > first or found.oldest + i >= found.loaded)]
        return Step.TLBIE, wrong[-1] if wrong else None, first
    if not _has(acts, first, flush, Act.SYNC):
        return Step.SYNC, None, first
    waits = next((i for i in range(flush + 1, len(acts)) if acts[i].act == Act.TLBSYNC
                  and acts[i].processor == acts[flush].processor), None)
    if waits is None:
        return Step.TLBSYNC, None, first
    if not _has(acts, flush, waits, Act.EIEIO, Act.SYNC):
        return Step.EIEIO, None, waits
    following = next((i for i in stores if i > waits), len(acts))
    if not _has(acts, waits, following, Act.SYNC):
        return Step.SYNC_TLBSYNC, None, waits
    return None, None, waits


def _flush(found: Finding, acts: Sequence[Made], start: int) -> int | None:
    """Index of the tlbie after a store, by its processor: one of the page (EA[4-19] are compared),
    or else one of its set, which a 750 empties whatever its pages are (MPC750 UM 5.4.3.2)."""
    flushes = [i for i in range(start + 1, len(acts)) if acts[i].act == Act.TLBIE
               and acts[i].processor == acts[start].processor]
    for mask in (0x0FFFF000, found.sets - 1 << 12):
        for i in flushes:
            if not (acts[i].address ^ found.ea) & mask:
                return i
    return None


def _arrived(found: Finding, acts: Sequence[Made], first: int) -> bool:
    """Whether the tlbie after a store has reached the processor that uses the entry."""
    flush = _flush(found, acts, first)
    return found.processor == acts[first].processor or flush is None or bool(acts[flush].after)
