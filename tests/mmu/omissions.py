"""Planted omissions: each step of a change of a PTE that a program takes, left out or too late.

The steps are found by machine. A program runs once as it is, with an oracle, which remembers the
acts on the page table (`pteg.mmu.history`). Each instruction among them that is a step of the
documented sequence (PEM 7.6.3.2) is a site: V = 0, tlbie, tlbsync, each sync and eieio between
them. Mutants are made of it, in the machine's memory: without the instruction (nop), exchanged with
the one behind it, if that is a step as well, and with another page, if it is a tlbie.
"""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pteg import Machine
from pteg.mmu.diagnosis import Made, Step
from pteg.mmu.history import HISTORY, Act

_NOP = 0x60000000
_BARRIERS = (Act.SYNC, Act.EIEIO)
#: Instructions that are acts, without their operands.
_WORDS = {Act.SYNC: 0x7C0004AC, Act.EIEIO: 0x7C0006AC, Act.TLBIE: 0x7C000264,
          Act.TLBSYNC: 0x7C00046C}


class Kind(enum.Enum):
    """What is done to a step."""

    OMITTED = "left out"
    LATE = "behind the next step"
    ELSEWHERE = "tlbie of another page"


@dataclass(frozen=True)
class Program:
    """Software that changes PTEs.

    Attributes
    ----------
    start : callable
        A machine on which it is about to run; gets the seed of an adversary or None.
    run : callable
        Runs it; returns what it has come to, or raises AssertionError.
    physical : callable
        Physical address of an instruction.
    references : bool
        Whether it relies on R (see `pteg.Machine.oracle`).
    """

    name: str
    start: Callable[[int | None], Machine]
    run: Callable[[Machine], object]
    physical: Callable[[int], int] = lambda pc: pc
    references: bool = False


@dataclass(frozen=True)
class Site:
    """An act in a program: where, the name of the place, and which step it is."""

    pc: int
    name: str
    act: Act
    step: Step | None

    def __str__(self) -> str:
        return f"{self.name} {self.step.name if self.step else self.act.name}"


@dataclass(frozen=True)
class Mutant:
    """What is planted at a site, and the step that is missing then."""

    site: Site
    kind: Kind
    missing: Step

    def __str__(self) -> str:
        return f"{self.site} {self.kind.name}"


@dataclass
class Outcome:
    """What adversaries and the oracle have made of a mutant."""

    broken: int | None = None                # the first seed with which it goes wrong
    named: dict[Step, int] = field(default_factory=dict)   # steps, each with the first seed


def sites(program: Program) -> list[Site]:
    """The acts of a run of a program on its page table."""
    machine = program.start(None)
    found: dict[int, Site] = {}
    acts: list[Made] = []

    def collect():
        model = machine.model._model[0]
        count = int(model["history_count"])
        assert count - len(acts) <= HISTORY, "a look at least so often"
        acts.extend(Made(*map(int, model["history"][i % HISTORY])) for i in range(len(acts), count))

    machine.oracle()
    run = machine.run

    def in_pieces(*arguments, instructions, until=None, **options):
        """The same run, with a look at the acts now and then."""
        text, stop = bytearray(), None
        while instructions > 0 and (stop is None or stop == "instructions"):
            before = machine.console.printed
            stop = run(*arguments, until=until, instructions=min(instructions, 4000), **options)
            instructions -= 4000
            collect()
            machine.console.drain()     # a text may be printed in two pieces
            kept = machine.console._text
            text += kept[len(kept) - (machine.console.printed - before):]
            if stop == "instructions" and isinstance(until, str) and until.encode() in text:
                stop = "console"
        return stop

    machine.run = in_pieces
    program.run(machine)
    for i, act in enumerate(acts):
        word = machine.memory.read_word(program.physical(act.pc)) & ~0xF800
        if word != _WORDS.get(act.act, word):
            continue            # of a guest, which has its own address space
        step = _step(acts, i)
        if act.pc not in found or step and not found[act.pc].step:
            name = machine.symbols.name(act.pc) or f"{act.pc:08x}"
            found[act.pc] = Site(act.pc, name, Act(act.act), step)
    return [found[pc] for pc in sorted(found)]


def _step(acts: list[Made], i: int) -> Step | None:
    """Which step an act is, by those before it."""
    act, before = acts[i], acts[i - 1] if i else None
    if act.act == Act.STORE:
        return Step.INVALIDATE if act.cleared_v() and _is_changed(acts, i) else None
    if act.act == Act.TLBIE:
        return Step.TLBIE
    if act.act == Act.TLBSYNC:
        return Step.TLBSYNC
    if before is None or act.act not in _BARRIERS:
        return None
    if before.act == Act.TLBSYNC:
        return Step.SYNC_TLBSYNC if act.act == Act.SYNC else None
    if before.act == Act.TLBIE:
        return Step.EIEIO
    if before.act == Act.STORE:
        if before.cleared_v() or before.cleared_history():
            return Step.SYNC if act.act == Act.SYNC else None
        return Step.SYNC_VALID if before.after >> 63 & 1 else Step.EIEIO_STORES
    return None


def _is_changed(acts: list[Made], i: int) -> bool:
    """Whether the PTE that a store makes invalid is written again by the same code. Without V = 0,
    one that is only removed stays a PTE like any other: nothing is stale then."""
    return any(act.act == Act.STORE and act.address == acts[i].address
               for act in acts[i + 1:i + 10])


def mutants(program: Program) -> Iterator[Mutant]:
    """Each step left out, and exchanged with what follows. A barrier that comes too early is one
    that is missing behind what it should follow."""
    found = sites(program)
    for site, following in zip(found, [*found[1:], None], strict=True):
        if site.step:
            yield Mutant(site, Kind.OMITTED, site.step)
        if site.step is Step.TLBIE:
            yield Mutant(site, Kind.ELSEWHERE, site.step)
        if following and following.pc == site.pc + 4:
            missing = following.step if following.act in _BARRIERS else site.step
            if missing:
                yield Mutant(site, Kind.LATE, missing)


def planted(program: Program, mutant: Mutant, seed: int | None) -> Machine:
    """A machine with a mutant."""
    machine = program.start(seed)
    place = program.physical(mutant.site.pc)
    if mutant.kind is Kind.OMITTED:
        machine.memory.write_word(place, left_of(machine.memory.read_word(place)))
    elif mutant.kind is Kind.ELSEWHERE:     # that of r1, a stack or nothing
        machine.memory.write_word(place, _WORDS[Act.TLBIE] | 1 << 11)
    else:
        this, following = machine.memory.read_word(place), machine.memory.read_word(place + 4)
        machine.memory.write_word(place, following)
        machine.memory.write_word(place + 4, this)
    return machine


def left_of(word: int) -> int:
    """What is left of an instruction without its act: the new address of a store with update."""
    base, index = word >> 16 & 31, word >> 11 & 31
    if word >> 26 == 37:                            # stwu: addi
        return 14 << 26 | base << 21 | base << 16 | word & 0xFFFF
    if word >> 26 == 31 and word >> 1 & 0x3FF == 183:   # stwux: add
        return 0x7C000214 | base << 21 | base << 16 | index << 11
    return _NOP


def judge(program: Program, mutant: Mutant, right: object, seeds: range,
          until_broken: bool = True) -> Outcome:
    """Run a mutant with adversaries until its step has been named and it has gone wrong."""
    outcome = Outcome()
    for seed in seeds:
        machine = planted(program, mutant, seed)
        oracle = machine.oracle(references=program.references)
        try:
            wrong = program.run(machine) != right
        except Exception:   # a checker reads memory in which anything may stand
            wrong = True
        if wrong and outcome.broken is None:
            outcome.broken = seed
        for use in oracle.uses:
            if use.missing:
                outcome.named.setdefault(use.missing, seed)
        if mutant.missing in outcome.named and not (until_broken and outcome.broken is None):
            break
    return outcome


__all__ = ["Kind", "Mutant", "Outcome", "Program", "Site", "judge", "left_of", "mutants",
           "planted", "sites"]
