"""Stale translations: which use was stale, who changed the PTE, and what the change left out."""

from collections.abc import Callable
from dataclasses import dataclass

from pteg.hw.isa.registers import PteLow
from pteg.hw.mmu.enums import AccessKind
from pteg.mmu.diagnosis import Step, diagnose
from pteg.mmu.history import Fault, Finding
from pteg.symbols import Symbols

__all__ = ["Change", "Oracle", "StaleUse", "Step"]


@dataclass(frozen=True)
class Change:
    """A store into a PTE.

    Attributes
    ----------
    pte : int
        Physical address.
    processor, pc, instruction, cycle : int
        Who made it and when; `instruction` counts those of the processor.
    before, after : int
        Both words of the PTE.
    """

    pte: int
    processor: int
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
    ea, processor, pc, instruction, cycle : int
        The access: its address, its processor, its instruction, and when.
    old_pa, new_pa : int or None
        Where it went, and where the page table leads; None if nowhere.
    old, new : int
        Second word of the PTE as the TLB has it, and as it is.
    change : Change or None
        The store that made the difference; None if it is not remembered, or was none by a
        processor.
    missing : Step or None
        The first step that the software has left out.
    misplaced : int or None
        Address of a tlbie that did not help: of another page, or before the change.
    """

    fault: Fault
    kind: AccessKind
    ea: int
    processor: int
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
        made, missing, misplaced = diagnose(found)
        offset = found.ea & 0xFFF
        return cls(
            found.fault, AccessKind(found.kind), found.ea, found.processor, found.pc,
            found.instruction, found.cycle,
            None if found.fault is Fault.UNSEEN else found.word & PteLow.RPN.mask | offset,
            None if found.pte < 0 else found.now & PteLow.RPN.mask | offset,
            found.word, found.now,
            Change(made.address, made.processor, made.pc, made.instruction, made.cycle, made.before,
                   made.after) if made else None,
            missing, misplaced)

    def text(self, symbols: Symbols | None = None) -> str:
        """In words: a use, a cause, and what is missing."""
        what = "search for" if self.fault is Fault.OVERWRITTEN else f"{self.kind.name.lower()} at"
        # Processors are named if there are two.
        several = self.change is not None and self.processor != self.change.processor
        parts = [f"{what} {self.ea:08x} by {_of(self, symbols, several)}: {self._difference()}"]
        if self.change:
            change = self.change
            parts.append(f"the PTE at {change.pte:08x} was changed by "
                         f"{_of(change, symbols, several)}")
        else:
            parts.append("no store of a processor that changed the PTE is remembered")
        if self.missing:
            text = f"missing: {self.missing.value}"
            if self.fault in (Fault.UNCHANGED, Fault.UNREFERENCED):
                bit = "C" if self.fault is Fault.UNCHANGED else "R"
                text = text.replace("V = 0", f"{bit} = 0")
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
            Fault.REFUSED: f"a protection fault: the TLB has PP {PteLow.PP.get(self.old):02b}, but "
                           f"the PTE {PteLow.PP.get(self.new):02b}, which allows it",
            Fault.EVICTED: f"{went}, but the PTE has given way to another, and a tlbie of the page "
                           f"followed",
            Fault.TORN: f"{went}, with one word of a PTE that has given way to another, and one of "
                        f"the other",
            Fault.OVERWRITTEN: f"it writes R or C with what it has read before, and changes the "
                               f"second word of the PTE from {self.old:08x} to {self.new:08x}",
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
        Of each TLB entry, the first use of each kind is told.
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


def _of(act: Change | StaleUse, symbols: Symbols | None, several: bool) -> str:
    """The instruction that did it."""
    name = symbols.name(act.pc) if symbols else None
    return (f"{act.pc:08x}" + (f" <{name}>" if name else "")
            + (f" of processor {act.processor}" if several else "")
            + f", instruction {act.instruction:,}")
