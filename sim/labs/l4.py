"""L4, fault zoo: PTEs in a hashed page table, and a page that is mapped on demand."""

from dataclasses import dataclass, field
from pathlib import Path

from pteg.firmware.asm import Program
from pteg.hw.isa.registers import Msr, PteHigh, PteLow
from pteg.labs.assembly import built, solution, starter
from pteg.labs.kit import Lab, Test, Wrong, choices
from pteg.machine import Machine
from pteg.mmu import Walk
from pteg.mmu.walk import groups
from pteg.outputs import write_file

__all__ = ["LAB"]

_FILE = "insert.s"
_TABLE, _FRAMES, _RETURNED = 0x200000, 0x300000, 0x5000
_COUNT = 10
_INSTRUCTIONS = 20_000
_PTEGS = ("primary", "secondary")
#: M, read and write: what the second word of each PTE has below the page number.
_RIGHTS = 0x12
#: R and C are the processor's.
_HISTORY = PteLow.R.mask | PteLow.C.mask


def _numbers(seed: int) -> dict[str, int]:
    rng = choices("L4", seed)
    segment, page = rng.randrange(4, 16) << 28, rng.randrange(1 << 10)
    return {"VSID": rng.randrange(1, 1 << 24), "COUNT": _COUNT,
            "SHARED": segment | rng.randrange(64 - _COUNT) << 22 | page << 12,
            "DEMAND": segment | rng.randrange(64) << 22 | (page ^ rng.randrange(1, 512)) << 12,
            "FRAME": 0x340000 + rng.randrange(64) * 0x1000}


@dataclass
class _Attempt:
    """Three machines with the student's program, so that each function counts by itself.

    Attributes
    ----------
    numbers : dict
    taken : dict
        Valid entries of others, as they were: both words by address.
    inserted : Machine
        Behind the calls of htab_insert.
    demand : Machine
        Behind the store that causes a page fault.
    full : Machine
        Behind one more call of htab_insert, with both PTEGs full.
    before : dict
        The program's registers in front of the page fault.
    late : dict
        Where a machine is that has not come to its end, by the name of the machine.
    """

    numbers: dict[str, int]
    taken: dict[int, bytes]
    inserted: Machine
    demand: Machine
    full: Machine
    before: dict[str, int] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)

    def pages(self) -> range:
        """The addresses that were inserted."""
        first = self.numbers["SHARED"]
        return range(first, first + _COUNT * 0x400000, 0x400000)

    def groups(self) -> tuple[int, ...]:
        """Addresses of the PTEGs of these pages."""
        return tuple(groups(self.numbers["SHARED"], self.numbers["VSID"], _TABLE))


def _attempt(folder: Path, seed: int) -> _Attempt:
    numbers = _numbers(seed)
    program = built("L4", folder, _FILE, numbers)
    write_file(folder / "lab.elf", program.elf())
    taken = _taken(numbers, seed)
    inserted, demand, full = (_machine(program, taken) for _ in range(3))
    attempt = _Attempt(numbers, taken, inserted, demand, full)

    def run(name: str, until: str) -> None:
        machine = getattr(attempt, name)
        stop = machine.run(until=program.symbols[until], instructions=_INSTRUCTIONS)
        if stop != "address":
            attempt.late[name] = machine.cpu.pc
            machine.cpu.msr |= Msr.DR   # for a walk, if it is in a handler

    for name in ("inserted", "demand", "full"):
        run(name, "inserted")
    if "inserted" in attempt.late:
        return attempt
    run("demand", "touch")
    attempt.before = _registers_of(attempt.demand)
    run("demand", "touched")
    for place in _entries(attempt):
        if not attempt.full.memory.read(place, 1)[0] & 0x80:
            attempt.full.memory.write(place, _other(numbers["VSID"] ^ 1))
    attempt.full.cpu.pc = program.symbols["full"]
    run("full", "refused")
    return attempt


def _machine(program: Program, taken: dict[int, bytes]) -> Machine:
    machine = Machine("g3", cpu="functional", rom="none", ram="4M")
    machine.load(program.elf())
    for place, words in taken.items():
        machine.memory.write(place, words)
    machine.cpu.pc, machine.cpu.msr = program.symbols["_start"], 0
    return machine


def _other(vsid: int) -> bytes:
    """An entry of others."""
    return (PteHigh.V.mask | PteHigh.VSID.put(vsid)).to_bytes(4, "big") + b"\x00\x3f\x00\x12"


def _taken(numbers: dict[str, int], seed: int) -> dict[int, bytes]:
    rng, taken = choices("L4 taken", seed), {}
    for group, count in zip(groups(numbers["SHARED"], numbers["VSID"], _TABLE), (2, 1),
                            strict=True):
        for slot in rng.sample(range(8), count):
            taken[group + 8 * slot] = _other(numbers["VSID"] ^ 1 << rng.randrange(24))
    return taken


def _entries(attempt: _Attempt) -> list[int]:
    """Addresses of the entries of both PTEGs."""
    return [place for group in attempt.groups() for place in range(group, group + 64, 8)]


def _registers_of(machine: Machine) -> dict[str, int]:
    state = machine.cpu.state()[0]
    return {f"r{n}": int(value) for n, value in enumerate(state["gpr"])} | {
        name.upper(): int(state[name]) for name in ("cr", "lr", "ctr", "xer")}


def _ended(attempt: _Attempt, name: str, what: str, walk: Walk | None = None) -> None:
    """The machine has come to its end."""
    if name in attempt.late:
        machine = getattr(attempt, name)
        raise Wrong(f"{what}: after {_INSTRUCTIONS:,} instructions the processor is at "
                    f"{machine.symbols.describe(attempt.late[name])}", walk, machine.cycle)


def _mapped(attempt: _Attempt, number: int, secondary: int) -> None:
    """An inserted page has the PTE that it should have."""
    machine, ea = attempt.inserted, attempt.pages()[number]
    walk, page = machine.mmu.walk(ea), f"page {number + 1} of {_COUNT}, {ea:08x}"
    _ended(attempt, "inserted", f"the {_COUNT} calls of htab_insert have not returned", walk)
    if not walk.groups:
        raise Wrong(f"{page}: {walk.steps[0].text} behind htab_insert, but was on in front of it",
                    walk, machine.cycle)
    if walk.pte is None:
        raise Wrong(f"{page}: a search finds no PTE: {_searched(attempt, ea, walk, secondary)}",
                    walk, machine.cycle)
    if walk.pte.h != secondary:
        raise Wrong(f"{page}: the PTE is in the {_PTEGS[walk.pte.h]} PTEG", walk, machine.cycle)
    _second_word(page, walk, _FRAMES + number * 0x1000, machine)
    returned = machine.memory.read_word(_RETURNED + 4 * number)
    if returned != walk.pte.address:
        raise Wrong(f"{page}: htab_insert has returned {returned:08x}, but the PTE is at "
                    f"{walk.pte.address:08x}", walk, machine.cycle)


def _searched(attempt: _Attempt, ea: int, walk: Walk, secondary: int) -> str:
    """What a search wants in a PTEG, and what is there."""
    group = walk.groups[secondary]
    wanted = (PteHigh.V.mask | PteHigh.VSID.put(attempt.numbers["VSID"])
              | PteHigh.H.put(secondary) | PteHigh.API.put(ea >> 22 & 63))
    valid = [f"{pte.high:08x}" for pte in walk.examined
             if pte.v and group <= pte.address < group + 64]
    return (f"the {_PTEGS[secondary]} PTEG at {group:08x} must have the first word {wanted:08x}; "
            f"valid are {', '.join(valid) or 'none'} of its 8 entries")


def _second_word(what: str, walk: Walk, pa: int, machine: Machine) -> None:
    assert walk.pte is not None
    if walk.pte.low & ~_HISTORY != pa | _RIGHTS:
        raise Wrong(f"{what}: the second word of the PTE is {walk.pte.low & ~_HISTORY:08x}, but "
                    f"must be {pa | _RIGHTS:08x} without R and C", walk, machine.cycle)


def _room(attempt: _Attempt) -> int:
    """Entries of the primary PTEG that were free."""
    primary = attempt.groups()[0]
    return 8 - sum(primary <= place < primary + 64 for place in attempt.taken)


def _primary(attempt: _Attempt) -> None:
    for number in range(_room(attempt)):
        _mapped(attempt, number, 0)


def _secondary(attempt: _Attempt) -> None:
    for number in range(_room(attempt), _COUNT):
        _mapped(attempt, number, 1)


def _kept(attempt: _Attempt) -> None:
    _mapped(attempt, 0, 0)
    machine = attempt.inserted
    for place, words in attempt.taken.items():
        now = machine.memory.read(place, 8)
        if now != words:
            raise Wrong(f"the PTE at {place:08x} was valid and belonged to others; it was "
                        f"overwritten with {now.hex()}",
                        machine.mmu.walk(attempt.numbers["SHARED"]), machine.cycle)


def _full(attempt: _Attempt) -> None:
    _mapped(attempt, 0, 0)
    _ended(attempt, "full", "with both PTEGs full, htab_insert has not returned")
    if attempt.full.cpu.gpr[3] != 0:
        raise Wrong(f"both PTEGs are full, but htab_insert has returned "
                    f"{attempt.full.cpu.gpr[3]:08x}, not 0", cycle=attempt.full.cycle)


def _demand(attempt: _Attempt) -> None:
    _ended(attempt, "inserted", f"the {_COUNT} calls of htab_insert have not returned")
    ea, frame = attempt.numbers["DEMAND"], attempt.numbers["FRAME"]
    machine = attempt.demand
    walk = machine.mmu.walk(ea, "store")
    _ended(attempt, "demand", f"the store to {ea:08x} is not completed, and "
           f"{'no' if walk.pte is None else 'a'} PTE maps it", walk)
    if walk.pte is None:
        raise Wrong(f"{ea:08x}: {walk.steps[-1].text}", walk, machine.cycle)
    _second_word(f"{ea:08x}", walk, frame, machine)
    if machine.memory.read(frame + 8, 4) != attempt.before["r3"].to_bytes(4, "big"):
        raise Wrong(f"what the program has stored at {ea + 8:08x} is not in its frame", walk,
                    machine.cycle)


def _registers(attempt: _Attempt) -> None:
    _ended(attempt, "inserted", f"the {_COUNT} calls of htab_insert have not returned")
    _ended(attempt, "demand", "the program does not get behind the page fault")
    after = _registers_of(attempt.demand)
    for name, value in attempt.before.items():
        if after[name] != value:
            raise Wrong(f"behind the page fault {name} is {after[name]:08x}, but was {value:08x}",
                        cycle=attempt.demand.cycle)


_TESTS = [Test("primary", "PTEs go into the primary PTEG", 3, _primary),
          Test("secondary", "and into the secondary one if it is full", 3, _secondary),
          Test("kept", "entries of others are kept", 2, _kept),
          Test("full", "0 is returned if both are full", 1, _full),
          Test("demand", "a page is mapped when it is touched", 3, _demand),
          Test("registers", "the program does not notice it", 3, _registers)]

LAB = Lab("L4", "Fault zoo", lambda seed: _TESTS, _attempt,
          lambda seed: starter("L4", _FILE, _numbers(seed)), lambda seed: solution("L4", _FILE),
          lambda attempt: {"instructions": attempt.demand.instructions})
