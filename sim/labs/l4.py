"""L4, fault zoo: PTEs in a hashed page table, and a page that is mapped on demand."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pteg.hw.isa.registers import PteHigh, PteLow
from pteg.labs.assembly import built, solution, starter
from pteg.labs.kit import Lab, Test, Wrong, choices
from pteg.machine import Machine
from pteg.mmu.walk import groups
from pteg.outputs import write_file

__all__ = ["LAB"]

_FILE = "insert.s"
_TABLE, _FRAMES, _RETURNED = 0x200000, 0x300000, 0x5000
_COUNT = 10
_INSTRUCTIONS = 20_000
_MARK = 0x13579BDF
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
    """A machine at the end of the student's program.

    Attributes
    ----------
    machine : Machine
    numbers : dict
    taken : dict
        Valid entries of others, as they were: both words by address.
    touched : numpy record array or None
        The registers behind the page fault.
    """

    machine: Machine
    numbers: dict[str, int]
    taken: dict[int, bytes]
    touched: np.ndarray | None

    def pages(self) -> range:
        """The addresses that were inserted."""
        first = self.numbers["SHARED"]
        return range(first, first + _COUNT * 0x400000, 0x400000)


def _attempt(folder: Path, seed: int) -> _Attempt:
    numbers = _numbers(seed)
    program = built("L4", folder, _FILE, numbers)
    write_file(folder / "lab.elf", program.elf())
    machine = Machine("g3", cpu="functional", rom="none", ram="4M")
    machine.load(program.elf())
    rng, taken = choices("L4 taken", seed), {}
    for group, count in zip(groups(numbers["SHARED"], numbers["VSID"], _TABLE), (2, 1),
                            strict=True):
        for slot in rng.sample(range(8), count):
            other = PteHigh.V.mask | (numbers["VSID"] ^ 1 << rng.randrange(24)) << 7
            taken[group + 8 * slot] = (other << 32 | 0x3F0012).to_bytes(8, "big")
    for place, words in taken.items():
        machine.memory.write(place, words)
    machine.cpu.pc, machine.cpu.msr = program.symbols["_start"], 0
    touched = None
    if machine.run(until=program.symbols["touched"], instructions=_INSTRUCTIONS) == "address":
        touched = machine.cpu.state()
        machine.run(until=program.symbols["done"], instructions=_INSTRUCTIONS)
    return _Attempt(machine, numbers, taken, touched)


def _mapped(attempt: _Attempt, number: int, secondary: int) -> None:
    """An inserted page has the PTE that it should have."""
    ea, pa = attempt.pages()[number], _FRAMES + number * 0x1000
    walk = attempt.machine.mmu.walk(ea)
    cycle = attempt.machine.cycle
    if walk.pte is None:
        raise Wrong(f"page {number + 1} of {_COUNT}, {ea:08x}: a search finds no PTE", walk, cycle)
    if walk.pte.h != secondary:
        raise Wrong(f"page {number + 1} of {_COUNT}, {ea:08x}: the PTE is in the "
                    f"{('primary', 'secondary')[walk.pte.h]} PTEG", walk, cycle)
    if walk.pte.low & ~_HISTORY != pa | 0x12:
        raise Wrong(f"page {number + 1} of {_COUNT}, {ea:08x}: the second word is "
                    f"{walk.pte.low:08x}, but must be {pa | 0x12:08x}", walk, cycle)
    returned = attempt.machine.memory.read_word(_RETURNED + 4 * number)
    if returned != walk.pte.address:
        raise Wrong(f"page {number + 1} of {_COUNT}, {ea:08x}: htab_insert has returned "
                    f"{returned:08x}, but the PTE is at {walk.pte.address:08x}", walk, cycle)


def _room(attempt: _Attempt) -> int:
    """Entries of the primary PTEG that were free."""
    primary = next(groups(attempt.numbers["SHARED"], attempt.numbers["VSID"], _TABLE))
    return 8 - sum(primary <= place < primary + 64 for place in attempt.taken)


def _primary(attempt: _Attempt) -> None:
    for number in range(_room(attempt)):
        _mapped(attempt, number, 0)


def _secondary(attempt: _Attempt) -> None:
    for number in range(_room(attempt), _COUNT):
        _mapped(attempt, number, 1)


def _kept(attempt: _Attempt) -> None:
    _mapped(attempt, 0, 0)
    for place, words in attempt.taken.items():
        now = attempt.machine.memory.read(place, 8)
        if now != words:
            raise Wrong(f"the PTE at {place:08x} was valid and belonged to others; it was "
                        f"overwritten with {now.hex()}",
                        attempt.machine.mmu.walk(attempt.numbers["SHARED"]), attempt.machine.cycle)


def _demand(attempt: _Attempt) -> None:
    ea, frame = attempt.numbers["DEMAND"], attempt.numbers["FRAME"]
    machine = attempt.machine
    walk = machine.mmu.walk(ea, "store")
    if attempt.touched is None:
        raise Wrong(f"the store to {ea:08x} is not completed after {_INSTRUCTIONS:,} instructions; "
                    f"the processor is at {machine.cpu.pc:08x}", walk, machine.cycle)
    if walk.pa != frame:
        raise Wrong(f"{ea:08x} must be mapped to {frame:08x}", walk, machine.cycle)
    if machine.memory.read(frame + 8, 4) != _MARK.to_bytes(4, "big"):
        raise Wrong(f"what the program has stored at {ea + 8:08x} is not in its frame", walk,
                    machine.cycle)


def _registers(attempt: _Attempt) -> None:
    if attempt.touched is None:
        raise Wrong("the program does not go on behind the page fault")
    state = attempt.touched[0]
    expected = {"r0": 0, **{f"r{n}": n - 3 for n in range(3, 13)}, "CR": 0, "LR": 1, "CTR": 2}
    for name, offset in expected.items():
        value = int(state["gpr"][int(name[1:])] if name[0] == "r" else state[name.lower()])
        if value != _MARK + offset:
            raise Wrong(f"behind the page fault {name} is {value:08x}, but was "
                        f"{_MARK + offset:08x}", cycle=attempt.machine.cycle)


_TESTS = [Test("primary", "PTEs go into the primary PTEG", 3, _primary),
          Test("secondary", "and into the secondary one if it is full", 3, _secondary),
          Test("kept", "entries of others are kept", 2, _kept),
          Test("demand", "a page is mapped when it is touched", 4, _demand),
          Test("registers", "the program does not notice it", 3, _registers)]

LAB = Lab("L4", "Fault zoo", lambda seed: _TESTS, _attempt,
          lambda seed: starter("L4", _FILE, _numbers(seed)), lambda seed: solution("L4", _FILE),
          lambda attempt: {"instructions": attempt.machine.instructions})
