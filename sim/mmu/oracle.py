"""Stale translations: which use was stale, who changed the PTE, and what the change left out."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pteg.hw.isa.registers import PteHigh, PteLow
from pteg.hw.mmu.enums import AccessKind
from pteg.mmu.history import Act, Fault, Finding
from pteg.symbols import Symbols

__all__ = ["Change", "Oracle", "StaleUse", "Step"]

_VALID = PteHigh.V.mask << 32
_HIGH, _LOW = 0xFFFFFFFF << 32, 0xFFFFFFFF


class Step(enum.Enum):
    """A step of changing a PTE, in the order of PEM 7.6.3.2."""

    INVALIDATE = "V = 0 in the PTE before it is changed"
    SYNC = "sync between V = 0 and tlbie"
    TLBIE = "tlbie of the page after V = 0"
    EIEIO = "eieio between tlbie and tlbsync"
    TLBSYNC = "tlbsync after tlbie"
    SYNC_TLBSYNC = "sync after tlbsync"
    EIEIO_STORES = "eieio between the second word and V = 1"
    SYNC_VALID = "sync after V = 1"


@dataclass(frozen=True)
class Change:
    """A store into a PTE.

    Attributes
    ----------
    pte : int
        Physical address.
    pc, instruction, cycle : int
        Who made it and when.
    before, after : int
        Both words of the PTE.
    """

    pte: int
    pc: int
    instruction: int
    cycle: int
    before: int
    after: int


@dataclass(frozen=True)
class StaleUse:
    """A use of a translation that is not the page table's.

    Attributes
    ----------
    fault : Fault
    kind : AccessKind
    ea, pc, instruction, cycle : int
        The access: its address, its instruction, and when.
    old_pa, new_pa : int or None
        Where it went, and where the page table leads; None if nowhere.
    old, new : int
        Second word of the PTE as the TLB has it, and as it is.
    change : Change or None
        The store that made the difference; None if it is not remembered, or was none by this
        processor.
    missing : Step or None
        The first step that the software has left out.
    misplaced : int or None
        Address of a tlbie that did not help: of another page, or before the change.
    """

    fault: Fault
    kind: AccessKind
    ea: int
    pc: int
    instruction: int
    cycle: int
    old_pa: int | None
    new_pa: int | None
    old: int
    new: int
    change: Change | None
    missing: Step | None
    misplaced: int | None = None

    @classmethod
    def of(cls, found: Finding) -> "StaleUse":
        """What a processor model has found, with its cause."""
        acts = [_Act(*act) for act in found.acts[:found.order - found.oldest]]
        change = _change(found, acts)
        missing, misplaced = _missing(found, acts, change)
        made = acts[change] if change is not None else None
        offset = found.ea & 0xFFF
        return cls(
            found.fault, AccessKind(found.kind), found.ea, found.pc, found.instruction, found.cycle,
            None if found.fault is Fault.UNSEEN else found.word & PteLow.RPN.mask | offset,
            None if found.pte < 0 else found.now & PteLow.RPN.mask | offset,
            found.word, found.now,
            Change(made.address, made.pc, made.instruction, made.cycle, made.before, made.after)
            if made else None,
            missing, misplaced)

    def text(self, symbols: Symbols | None = None) -> str:
        """In words: a use, a cause, and what is missing."""
        parts = [f"{self.kind.name.lower()} at {self.ea:08x} by {_named(self.pc, symbols)}, "
                 f"instruction {self.instruction:,}: {self._difference()}"]
        if self.change:
            change = self.change
            parts.append(f"the PTE at {change.pte:08x} was changed by "
                         f"{_named(change.pc, symbols)}, instruction {change.instruction:,}")
        else:
            parts.append("no store of this processor that changed the PTE is remembered")
        if self.missing:
            text = f"missing: {self.missing.value}"
            if self.misplaced is not None:
                text += f" (there is one for {self.misplaced:08x}, too early or of another page)"
            parts.append(f"{text}  [PEM 7.6.3.2]")
        return "; ".join(parts)

    def _difference(self) -> str:
        went = f"the TLB leads to {self.old_pa:08x}" if self.old_pa is not None else ""
        return {
            Fault.UNMAPPED: f"{went}, but no PTE maps the page",
            Fault.MOVED: f"{went}, but the PTE to {self.new_pa or 0:08x}",
            Fault.ATTRIBUTES: f"the TLB has WIMG {PteLow.WIMG.get(self.old):04b}, but the PTE "
                              f"{PteLow.WIMG.get(self.new):04b}",
            Fault.PROTECTED: f"the TLB has PP {PteLow.PP.get(self.old):02b}, but the PTE "
                             f"{PteLow.PP.get(self.new):02b}, which forbids it",
            Fault.UNCHANGED: "C of the PTE is 0 and is not set, because the TLB has C = 1",
            Fault.UNREFERENCED: "R of the PTE is 0 and is not set, because the TLB has the page",
            Fault.UNSEEN: "a page fault, but there is a PTE for the page",
        }[self.fault]

    def __str__(self) -> str:
        return self.text()


class Oracle:
    """Collects stale uses of a machine.

    Parameters
    ----------
    stop : bool
        End the run at the first one, with `Stop.STALE`.
    tell : callable, optional
        Called with each `StaleUse`.

    Attributes
    ----------
    uses : list of StaleUse
        Each use of a TLB entry is told once.
    """

    def __init__(self, stop: bool = False, tell: Callable[[StaleUse], object] | None = None):
        self._stop, self._tell = stop, tell
        self.uses: list[StaleUse] = []

    def add(self, found: Finding) -> bool:
        """Take what a processor model has found; return whether the run is to end."""
        use = StaleUse.of(found)
        self.uses.append(use)
        if self._tell:
            self._tell(use)
        return self._stop


@dataclass(frozen=True)
class _Act:
    """A row of `pteg.mmu.history`."""

    act: int
    pc: int
    instruction: int
    address: int
    before: int
    after: int
    cycle: int

    def cleared_v(self) -> bool:
        return bool(self.before & ~self.after & _VALID)

    def set_v(self) -> bool:
        return bool(~self.before & self.after & _VALID)


def _named(pc: int, symbols: Symbols | None) -> str:
    name = symbols.name(pc) if symbols else None
    return f"{pc:08x} <{name}>" if name else f"{pc:08x}"


def _change(found: Finding, acts: Sequence[_Act]) -> int | None:
    """Index of the store that made the difference: the first one after the TLB entry was loaded,
    or else, if searches see stores late, the last one before."""
    places = {found.loaded_from, found.pte}
    if found.fault is Fault.UNSEEN:
        half = _VALID
    elif found.fault is Fault.UNMAPPED:
        half = _HIGH
    else:
        half = _LOW
    stores = [i for i, act in enumerate(acts) if act.act == Act.STORE and act.address in places
              and (act.before ^ act.after) & half]
    after = [i for i in stores if found.oldest + i >= found.loaded]
    if found.fault is Fault.UNSEEN or not after:
        return stores[-1] if stores else None
    return after[0]


def _missing(found: Finding, acts: Sequence[_Act],
             change: int | None) -> tuple[Step | None, int | None]:
    """The first step that is not there, and the address of a tlbie in the wrong place."""
    if change is None:
        return None, None
    if found.fault is Fault.UNSEEN:
        return Step.SYNC_VALID, None
    place = acts[change].address
    stores = [i for i, act in enumerate(acts) if act.act == Act.STORE and act.address == place]
    first = change
    if not acts[change].cleared_v():
        if acts[change].before & _VALID:
            return _in_place(found, acts, change)
        first = max((i for i in stores if i < change and acts[i].cleared_v()), default=change)

    def position(act, start, end=None):
        return next((i for i in range(start + 1, len(acts) if end is None else end)
                     if acts[i].act == act), None)

    flush = _flush(found, acts, first)
    if flush is None:
        wrong = [act.address for i, act in enumerate(acts)
                 if act.act == Act.TLBIE and (i > first or found.oldest + i >= found.loaded)]
        return Step.TLBIE, wrong[-1] if wrong else None
    if position(Act.SYNC, first, flush) is None:
        return Step.SYNC, None
    waits = position(Act.TLBSYNC, flush)
    if waits is None:
        return Step.TLBSYNC, None
    if position(Act.EIEIO, flush, waits) is None:
        return Step.EIEIO, None
    following = next((i for i in stores if i > waits), len(acts))
    if position(Act.SYNC, waits, following) is None:
        return Step.SYNC_TLBSYNC, None
    valid = next((i for i in stores if i > waits and acts[i].set_v()), None)
    if valid is not None:
        words = [i for i in stores if waits < i < valid]
        if words and position(Act.EIEIO, words[-1], valid) is None:
            return Step.EIEIO_STORES, None
        if position(Act.SYNC, valid) is None:
            return Step.SYNC_VALID, None
    return None, None


def _in_place(found: Finding, acts: Sequence[_Act], change: int) -> tuple[Step, int | None]:
    """A valid PTE was changed. To clear R or C, which searches set as bytes, that is allowed."""
    history = found.fault in (Fault.UNCHANGED, Fault.UNREFERENCED)
    if history and _flush(found, acts, change) is None:
        return Step.TLBIE, None
    return Step.INVALIDATE, None


def _flush(found: Finding, acts: Sequence[_Act], start: int) -> int | None:
    """Index of the tlbie of the page after a store (EA[4-19] are compared)."""
    return next((i for i in range(start + 1, len(acts)) if acts[i].act == Act.TLBIE
                 and not (acts[i].address ^ found.ea) & 0x0FFFF000), None)
