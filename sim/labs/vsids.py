"""The VSID pool of lab L8: contexts come and go, and two of them must never share a translation.

What the contexts do is a list of operations from a seed (firmware/labs/l8/contexts.s). It is run as
it is, and then with adversaries and an oracle.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pteg.firmware.asm import assemble
from pteg.labs.calls import changed, end_of
from pteg.labs.kit import Test, Wrong, choices, folder_of
from pteg.labs.linking import Part, labels_of, reference, student_part
from pteg.ledger import Ledger
from pteg.machine import Machine
from pteg.mmu import Walk
from pteg.mmu.oracle import StaleUse

__all__ = ["STEM", "Operation", "TESTS", "Tried", "flushes", "numbers_of", "operations", "tried"]

STEM = "vsid"
_TABLE, _POOL, _LIST, _LOG, _FRAMES = 0x200000, 0x240000, 0x260000, 0x280000, 0x100000
_L4, _STUDENT, _RAM = 0x8000, 0x10000, 4 << 20
#: VSIDs of the pool, sets of a TLB, contexts that come and go.
_COUNT, _SETS, _CONTEXTS = 16, 64, 44
_INSTRUCTIONS = 2_000_000
_SEEDS = 20


class What(enum.IntEnum):
    """An operation; its number is that in the list."""

    NEW = 1
    FREE = 2
    MAP = 3
    LOAD = 4


@dataclass(frozen=True)
class Operation:
    """A step of a context, which has a slot.

    Attributes
    ----------
    what : What
    slot : int
    ea : int
    word : int
        MAP: the second word of the PTE. LOAD: what must be read, or 0 for a page fault. NEW: 1 if a
        VSID is left.
    """

    what: What
    slot: int
    ea: int = 0
    word: int = 0


def numbers_of(seed: int) -> dict[str, int]:
    rng = choices("L8 contexts", seed)
    return {"FIRST": rng.randrange(1, (1 << 24) - _COUNT), "COUNT": _COUNT, "TABLE": _TABLE,
            "POOL": _POOL}


def operations(seed: int) -> list[Operation]:
    """What the contexts do. All of them use the same addresses. In the end, all VSIDs are live."""
    rng = choices("L8 operations", seed)
    # One in the first set of a TLB, one in the last.
    pages = [rng.randrange(4, 16) << 28 | rng.randrange(1 << 10) << 18 | number << 12
             for number in (0, _SETS - 1)]
    found: list[Operation] = []
    live: list[int] = []
    frames = iter(range(1, 1 << 8))
    words: dict[tuple[int, int], int] = {}      # of each mapped page: slot, EA

    def begin(slot: int) -> None:
        live.append(slot)
        found.append(Operation(What.NEW, slot, word=1))
        for ea in pages:
            found.append(Operation(What.LOAD, slot, ea))    # no page of another context is there
            frame = next(frames)
            words[slot, ea] = frame
            found.append(Operation(What.MAP, slot, ea, _FRAMES + frame * 4096 | 0x12))
            found.append(Operation(What.LOAD, slot, ea, frame))

    def end(slot: int) -> None:
        live.remove(slot)
        found.append(Operation(What.FREE, slot))

    for slot in range(_CONTEXTS):
        begin(slot)
        for other in rng.sample(live, min(3, len(live))):
            ea = rng.choice(pages)
            found.append(Operation(What.LOAD, other, ea, words[other, ea]))
        while len(live) > rng.randrange(4, 10):
            end(rng.choice(live))
    for slot in range(_CONTEXTS, _CONTEXTS + _COUNT - len(live)):
        begin(slot)
    found.append(Operation(What.NEW, slot + 1))
    end(live[0])
    begin(slot + 2)
    found += [Operation(What.LOAD, one, ea, words[one, ea]) for one in live for ea in pages]
    return found


def flushes(steps: list[Operation]) -> int:
    """How often a pool must be flushed, at least: when no unused VSID is left, but a dead one."""
    unused, dead, count = _COUNT, 0, 0
    for step in steps:
        if step.what == What.FREE:
            dead += 1
        elif step.what == What.NEW:
            if not unused and dead:
                unused, dead, count = dead, 0, count + 1
            unused -= bool(unused)
    return count


@dataclass
class Tried:
    """What has happened.

    Attributes
    ----------
    first : int
        VSID of the pool.
    steps : list of Operation
    given : list of int
        What vsid_new has returned, in order.
    problem : Wrong or None
        Why the run has not ended.
    changed : Wrong or None
        A register that must not change.
    foreign, absent : Wrong or None
        The first load that has read what is not its context's; that has found no page.
    tlbies : int
    late : Wrong or None
        What was wrong with an adversary.
    """

    first: int
    steps: list[Operation]
    given: list[int]
    problem: Wrong | None
    changed: Wrong | None
    foreign: Wrong | None
    absent: Wrong | None
    tlbies: int
    late: Wrong | None


def _parts(folder: Path, seed: int) -> list[Part]:
    numbers = numbers_of(seed)
    l4 = reference("L4", _L4, numbers | {"VSID": 0, "FRAME": 0})
    student = student_part(folder, STEM, _STUDENT, numbers, ("vsid_new", "vsid_free"),
                           folder_of("L8"))
    called = {name: student.symbols[name] for name in ("vsid_new", "vsid_free")}
    program = assemble(
        folder_of("L8") / "contexts.s", sections={".vectors": 0x300, ".text": 0x1000},
        defines={**numbers, **called, **{what.name: int(what) for what in What}, "LIST": _LIST,
                 "LOG": _LOG, "htab_insert": l4.symbols["htab_insert"]})
    return [Part(program.elf(), labels_of(program)), l4, student]


def _loaded(parts: list[Part], steps: list[Operation], adversary: int | None = None) -> Machine:
    machine = Machine("g3", cpu="functional", rom="none", ram=_RAM, adversary=adversary)
    for part in parts:
        machine.load(part.elf)
    for frame in range(1, 1 << 8):
        machine.memory.write(_FRAMES + frame * 4096, frame.to_bytes(4, "big"))
    machine.memory.write(_LIST, b"".join(
        word.to_bytes(4, "big") for step in steps
        for word in (step.what, 4 * step.slot, step.ea, step.word)) + bytes(16))
    machine.cpu.pc, machine.cpu.msr = parts[0].symbols["_start"], 0
    return machine


def _run(machine: Machine, parts: list[Part], steps: list[Operation]) -> Wrong | None:
    stop = machine.run(until=parts[0].symbols["done"], instructions=_INSTRUCTIONS)
    if stop != "address":
        return Wrong(f"the contexts do not end: {end_of(machine, stop)}", cycle=machine.cycle)
    first_wrong = [machine.cpu.gpr[register] for register in (29, 30)]
    if machine.cpu.gpr[25] != _LIST + 16 * len(steps) or any(
            place and (place % 16 or not 0 <= place - _LIST < 16 * len(steps))
            for place in first_wrong):
        return Wrong("a register from r13 to r31 has changed in vsid_new or vsid_free; they may "
                     "use r0 and r3 to r12")
    return None


def tried(folder: Path, seed: int) -> Tried:
    """Run the student's pool."""
    parts, steps = _parts(folder, seed), operations(seed)
    machine, events = _loaded(parts, steps), Ledger(kinds=["TLBIE"])
    machine.model.ledger(events.add)
    problem = _run(machine, parts, steps)
    machine.model.ledger(None)
    kept = _changed(parts, steps)
    count = sum(step.what == What.NEW for step in steps)
    given = [machine.memory.read_word(_LOG + 4 * n) for n in range(count)]
    foreign, absent = (None if problem else _wrong(parts, steps, machine.cpu.gpr[register])
                       for register in (29, 30))
    late = problem or foreign or absent or next(_late(parts, steps, seed), None)
    return Tried(numbers_of(seed)["FIRST"], steps, given, problem and (kept or problem), kept,
                 foreign, absent, events.count, late)


def _changed(parts: list[Part], steps: list[Operation]) -> Wrong | None:
    functions = {What.NEW: "vsid_new", What.FREE: "vsid_free"}
    return changed(_loaded(parts, steps),
                   (parts[-1].symbols[functions[step.what]] for step in steps
                    if step.what in functions), _INSTRUCTIONS)


def _wrong(parts: list[Part], steps: list[Operation], place: int,
           adversary: int | None = None) -> Wrong | None:
    """A load that has gone wrong: run up to it, and look at the machine."""
    if not place:
        return None
    number = (place - _LIST) // 16
    machine, step = _loaded(parts, steps[:number + 1], adversary), steps[number]
    _run(machine, parts, steps)
    walk = machine.mmu.walk(step.ea)
    vsid = machine.memory.read_word(0x4000 + 4 * step.slot)
    read = f"a load at {step.ea:08x} of the context with the VSID {vsid:06x} (step {number + 1})"
    if not step.word:
        return Wrong(f"{read} must cause a page fault, since nothing is mapped yet; it reads what "
                     "an earlier context had there", walk, machine.cycle)
    return Wrong(f"{read} finds no page, or another context's; its own is mapped, and is frame "
                 f"{step.word}", walk, machine.cycle)


def _late(parts: list[Part], steps: list[Operation], seed: int) -> Iterator[Wrong]:
    """What goes wrong with adversaries."""
    for adversary in range(seed % 100_000, seed % 100_000 + _SEEDS):
        machine = _loaded(parts, steps, adversary)
        stale: list[tuple[StaleUse, Walk]] = []

        def tell(use: StaleUse, machine: Machine = machine,
                 stale: list[tuple[StaleUse, Walk]] = stale) -> None:
            stale.append((use, machine.mmu.walk(use.ea)))

        machine.oracle(stop=True, tell=tell)
        problem = _run(machine, parts, steps)
        place = machine.cpu.gpr[29] or machine.cpu.gpr[30]
        if stale:
            use, walk = stale[0]
            yield Wrong(f"adversary {adversary}: {use.text(machine.symbols)}", walk, use.cycle)
        elif wrong := problem or _wrong(parts, steps, place, adversary):
            yield Wrong(f"adversary {adversary}: {wrong.why}", wrong.walk, wrong.cycle)


# -- Tests -----------------------------------------------------------------------------------------

def _ended(tried: Tried) -> None:
    if tried.problem:
        raise tried.problem


def _own(tried: Tried) -> None:
    """Every context has a VSID of the pool that no other one has, and sees its own pages."""
    _ended(tried)
    if tried.changed:
        raise tried.changed
    live: dict[int, int] = {}
    given = iter(tried.given)
    for number, step in enumerate(tried.steps, 1):
        if step.what == What.FREE:
            del live[step.slot]
        elif step.what == What.NEW:
            vsid = live[step.slot] = next(given)
            others = [other for slot, other in live.items() if slot != step.slot]
            right = range(tried.first, tried.first + _COUNT) if step.word else (0,)
            if vsid not in right:
                allowed = (f"one from {tried.first:06x} to {tried.first + _COUNT - 1:06x}"
                           if step.word else "0")
                raise Wrong(f"vsid_new returns {vsid:06x} in step {number}; it must return "
                            f"{allowed}, since {len(others)} of {_COUNT} are live")
            if vsid in others:
                raise Wrong(f"vsid_new returns {vsid:06x} in step {number}, which a living context "
                            "has")
            if not step.word:
                del live[step.slot]
    if tried.foreign:
        raise tried.foreign


def _kept(tried: Tried) -> None:
    _started(tried)
    if tried.absent:
        raise tried.absent


def _started(tried: Tried) -> None:
    _ended(tried)
    if not tried.given[0]:
        raise Wrong("vsid_new returns 0 for the first context: it must return a VSID of the pool")


def _lazy(tried: Tried) -> None:
    _started(tried)
    most = _SETS * flushes(tried.steps)
    if tried.tlbies > most:
        raise Wrong(f"the pool has executed {tried.tlbies} tlbie, but {most} are enough: flush "
                    f"only when no unused VSID is left, and each of the {_SETS} sets once")


def _rollover(tried: Tried) -> None:
    _started(tried)
    if tried.late:
        raise tried.late


TESTS = [Test("own", "every context has its own VSID and its own pages", 3, _own),
         Test("kept", "pages of living contexts stay", 2, _kept),
         Test("lazy", "the pool is flushed no more than it must", 2, _lazy),
         Test("rollover", "no adversary finds a VSID of before", 3, _rollover)]
