"""L6, four page tables: linear, tree, hashed by hardware, hashed as a cache of the others."""

import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache, partial
from os import PathLike
from pathlib import Path
from typing import Any

from pteg.errors import UserError
from pteg.files import read_file
from pteg.firmware.asm import assemble
from pteg.hw.isa.instructions import FIELDS, decode
from pteg.hw.isa.registers import PteHigh
from pteg.labs.kit import Lab, Test, Wrong, choices, folder_of, named_in
from pteg.labs.linking import Part, image, in_assembly, labels_of, reference
from pteg.machine import Machine
from pteg.mmu.walk import groups
from pteg.outputs import write_file

__all__ = ["Contexts", "LAB"]

_CODE, _CHOICE = "refill.s", "choice.toml"
_TABLE, _LINEAR, _TREE, _LIST, _FRAMES = 0x200000, 0x300000, 0x380000, 0x3F0000, 0x400000
_L4, _STUDENT, _RAM = 0x8000, 0x10000, 8 << 20
#: A function that looks an address up executes at most so many instructions.
_INSTRUCTIONS = 60
_CYCLES = 400_000
#: Reads of its table that a lookup may make.
_READS = {"linear": 1, "tree": 2}
#: Contexts that share a table of 64 KB; it is four fifths full.
_CONTEXTS = 72
#: Sizes of tables (PEM table 7-18), in KB.
_KILOBYTES = [64 << n for n in range(6)]


def _numbers(seed: int) -> dict[str, int]:
    rng = choices("L6", seed)
    return {"SEGMENT": rng.randrange(4, 16) << 28, "VSID": rng.randrange(1, 1 << 24),
            "TABLE": _TABLE, "LINEAR": _LINEAR, "TREE": _TREE}


@cache
def _pages(seed: int) -> dict[int, int]:
    """Second words by page index: some regions."""
    rng = choices("L6 pages", seed)
    indices = {first + n for first in rng.sample(range(0, 1 << 16, 64), 7) for n in range(12)}
    return {index: _FRAMES + n * 4096 | 0x12 for n, index in enumerate(sorted(indices))}


class Contexts:
    """Contexts with the same pages: text, data, and a stack.

    Parameters
    ----------
    seed : int

    Attributes
    ----------
    pages : list of int
        Effective addresses.
    count : int
    """

    def __init__(self, seed: int):
        rng = choices("L6 contexts", seed)
        regions = ((1, 48), (3, 28), (7, 16))
        starts = [segment << 28 | rng.randrange(1 << 8) << 12 for segment, _ in regions]
        self.pages = [start + n * 4096 for start, (_, size) in zip(starts, regions, strict=True)
                      for n in range(size)]
        self.count = _CONTEXTS

    @classmethod
    def of(cls, path: str | PathLike) -> "Contexts":
        """Those of a folder's `lab.toml`."""
        return cls(named_in(Path(path))[1])


@cache
def _without_place(seed: int, scatter: int, kilobytes: int, times: int) -> int:
    """Pages that find both PTEGs full; and those that share a VSID with another context."""
    contexts, full, seen, lost = Contexts(seed), Counter[int](), set(), 0
    for context in range(contexts.count * times):
        for ea in contexts.pages:
            vsid = context * scatter + (ea >> 28) & 0xFFFFFF
            place = next((group for group in groups(ea, vsid, kilobytes // 64 - 1)
                          if full[group] < 8), None)
            if place is None or (vsid, ea & 0x0FFFFFFF) in seen:
                lost += 1
            else:
                full[place] += 1
                seen.add((vsid, ea & 0x0FFFFFFF))
    return lost


def _smallest(seed: int, scatter: int) -> int | None:
    """The smallest table, in KB, with a place for every page of four times as many contexts."""
    return next((size for size in _KILOBYTES if not _without_place(seed, scatter, size, 4)), None)


@dataclass
class _Attempt:
    """The student's functions and choices, and the machine after each way of refilling."""

    seed: int
    student: Part
    choice: dict[str, Any]
    ways: dict[str, Machine]

    def number(self, table: str, name: str) -> int:
        """A positive number of choice.toml, or 0 if there is none yet."""
        given = self.choice.get(table)
        found = given.get(name) if isinstance(given, dict) else None
        return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else 0


def _attempt(folder: Path, seed: int) -> _Attempt:
    path = folder / _CHOICE
    try:
        choice = tomllib.loads(read_file(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from None
    names = _numbers(seed) | {"FRAME": 0, "LIST": _LIST}
    student = in_assembly(folder / _CODE, _STUDENT, _numbers(seed))
    for name in _READS:
        if name not in student.symbols:
            raise UserError(f"{folder / _CODE}: there is no label {name}")
    l4 = reference("L4", _L4, names)
    ways = {}
    for way in ("hashed", *_READS):
        called = {"htab_insert": l4.symbols["htab_insert"],
                  "lookup": student.symbols["tree" if way == "hashed" else way]}
        program = assemble(folder_of("L6") / "harness.s", defines=names | called,
                           sections={".vectors": 0x300, ".text": 0x1000})
        machine = _loaded("pipeline", seed, Part(program.elf(), {}), l4, student)
        if way == "hashed":
            _insert_all(machine, seed)
            symbols = labels_of(program) | l4.symbols | student.symbols
            write_file(folder / "lab.elf", image(machine.memory.read(0, _RAM),
                                                 symbols["_start"], symbols))
        machine.cpu.pc, machine.cpu.msr = program.symbols["_start"], 0
        machine.run(until=program.symbols["done"], cycles=_CYCLES)
        ways[way] = machine
    return _Attempt(seed, student, choice, ways)


def _loaded(cpu: str, seed: int, *parts: Part) -> Machine:
    """A machine with the tables, the list of addresses, and a number in each frame."""
    machine = Machine("g3", cpu=cpu, rom="none", ram=_RAM)
    for part in parts:
        machine.load(part.elf)
    pages, segment = _pages(seed), _numbers(seed)["SEGMENT"]
    leaves = sorted({index >> 8 for index in pages})
    where = {upper: _TREE + 0x400 * (n + 1) for n, upper in enumerate(leaves)}

    def put(address: int, word: int) -> None:
        machine.memory.write(address, word.to_bytes(4, "big"))

    for address in range(0, 0x300, 4):
        put(address, 0xDEAD0012)    # what a lookup finds that reads a leaf at 0
    for upper, leaf in where.items():
        put(_TREE + 4 * upper, leaf)
    for index, low in pages.items():
        put(_LINEAR + 4 * index, low)
        put(where[index >> 8] + 4 * (index & 0xFF), low)
        put(low & ~0xFFF, index)
    for n, index in enumerate((*pages, *pages)):
        put(_LIST + 4 * n, segment | index << 12)
    return machine


def _insert_all(machine: Machine, seed: int) -> None:
    numbers = _numbers(seed)
    for index, low in _pages(seed).items():
        ea, vsid = numbers["SEGMENT"] | index << 12, numbers["VSID"]
        for h, group in enumerate(groups(ea, vsid, _TABLE)):
            free = [at for at in range(group, group + 64, 8) if not machine.memory.read_word(at)]
            if free:
                high = PteHigh.V.mask | vsid << 7 | h << 6 | ea >> 22 & 0x3F
                machine.memory.write(free[0], (high << 32 | low).to_bytes(8, "big"))
                break


def _lookups(attempt: _Attempt, name: str) -> tuple[dict[int, int], int]:
    """What a function returns for each page index, and the most reads of the table that it made."""
    machine = _loaded("functional", attempt.seed, attempt.student)
    pages, rng = _pages(attempt.seed), choices("L6 others", attempt.seed)
    others = [*(index ^ 1 << bit for index in list(pages)[::12] for bit in (0, 7, 8, 15)),
              *(rng.randrange(1 << 16) for _ in range(12))]
    found, most, end = {}, 0, 0x2000
    for index in [*list(pages)[::3], *others]:
        with machine.cpu.changed() as state:
            state["pc"], state["lr"], state["msr"] = attempt.student.symbols[name], end, 0
            state["gpr"][0, 3] = _numbers(attempt.seed)["SEGMENT"] | index << 12 | 0x123
        count = 0
        for _ in range(_INSTRUCTIONS):
            if machine.cpu.pc == end:
                break
            count += _reads_table(machine)
            machine.step()
        else:
            raise Wrong(f"{name} has not returned after {_INSTRUCTIONS} instructions; it is at "
                        f"{machine.symbols.describe(machine.cpu.pc)}")
        found[index], most = machine.cpu.gpr[3], max(most, count)
    return found, most


def _reads_table(machine: Machine) -> bool:
    """Whether the next instruction loads from LINEAR, TREE or a leaf."""
    word = machine.memory.read_word(machine.cpu.pc)
    row = decode(word)
    if row is None or not row.size or row.store:
        return False
    registers = machine.cpu.gpr
    base = FIELDS["rA"].get(word)
    place = registers[base] if base else 0
    if "rB" in row.operands:
        place += registers[FIELDS["rB"].get(word)]
    else:
        place += FIELDS["d"].get(word) - (FIELDS["d"].get(word) >> 15 << 16)
    return _LINEAR <= place & 0xFFFFFFFF < _LIST


def _looked_up(name: str, attempt: _Attempt) -> None:
    pages = _pages(attempt.seed)
    for index, low in _lookups(attempt, name)[0].items():
        wanted = pages.get(index, 0)
        if low != wanted:
            what = "is mapped" if wanted else "is not mapped"
            raise Wrong(f"{name} returns {low:08x} for page index {index:04x}, which {what}: it "
                        f"must return {wanted:08x}")


def _read(attempt: _Attempt) -> None:
    for name, allowed in _READS.items():
        _looked_up(name, attempt)
        most = _lookups(attempt, name)[1]
        if most > allowed:
            raise Wrong(f"{name} reads its table {most} times, but may do so {allowed} times")


def _refill(attempt: _Attempt) -> None:
    pages = _pages(attempt.seed)
    for name in _READS:
        machine = attempt.ways[name]
        registers = machine.cpu.gpr
        walk = machine.mmu.walk(registers[25] or _numbers(attempt.seed)["SEGMENT"])
        if registers[25] or registers[31] != len(pages):
            raise Wrong(f"with {name}, the program has had {registers[31]} page faults after "
                        f"{machine.cycle:,} cycles and is at "
                        f"{machine.symbols.describe(machine.cpu.pc)}; there must be "
                        f"{len(pages)}, one for each page", walk, machine.cycle)
        if registers[30] != 2 * sum(pages):
            raise Wrong(f"with {name}, the program has loaded from wrong frames", walk,
                        machine.cycle)


def _bytes(attempt: _Attempt) -> None:
    leaves = len({index >> 8 for index in _pages(attempt.seed)})
    key = {"linear": 4 << 16, "tree": 1024 * (1 + leaves), "hashed": 64 << 10}
    wrong = [name for name, value in key.items() if attempt.number("bytes", name) != value]
    if wrong:
        raise Wrong(f"[bytes]: {' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not "
                    "right; count the words that the organisation needs for your pages",
                    part=1 - len(wrong) / len(key))


def _scatter(attempt: _Attempt) -> int:
    scatter = attempt.number("hash", "scatter")
    if not scatter:
        raise Wrong("[hash]: scatter is not there yet; with 256, "
                    f"{_without_place(attempt.seed, 256, 64, 1)} pages find no place")
    return scatter


def _scattered(attempt: _Attempt) -> None:
    lost = _without_place(attempt.seed, _scatter(attempt), 64, 1)
    if lost:
        raise Wrong(f"[hash]: with scatter {_scatter(attempt)}, {lost} pages find no place in "
                    "their PTEGs, or share a VSID with another context")


def _size(attempt: _Attempt) -> None:
    scatter, given = _scatter(attempt), attempt.number("hash", "kilobytes")
    smallest = _smallest(attempt.seed, scatter)
    if smallest is None:
        raise Wrong(f"[hash]: with scatter {scatter} and four times as many contexts, no table has "
                    "a place for every page")
    if given != smallest:
        problem = (f"{_without_place(attempt.seed, scatter, given, 4)} pages find no place"
                   if given in _KILOBYTES and given < smallest
                   else "it is not the smallest such table")
        raise Wrong(f"[hash]: kilobytes is {given or 'not there yet'}; {problem}")


_TESTS = [Test("linear", "a linear table", 3, partial(_looked_up, "linear")),
          Test("tree", "a tree", 3, partial(_looked_up, "tree")),
          Test("reads", "one read, two reads", 2, _read),
          Test("refill", "the program runs, whichever refills", 4, _refill),
          Test("bytes", "the memory that each takes", 3, _bytes),
          Test("scatter", "every page has a place", 3, _scattered),
          Test("kilobytes", "the smallest table for more contexts", 2, _size)]


def _solution(seed: int) -> dict[str, str]:
    leaves = len({index >> 8 for index in _pages(seed)})
    scatter, smallest = next((n, size) for n in range(16, 1 << 12)
                             if not _without_place(seed, n, 64, 1) and (size := _smallest(seed, n)))
    return {_CODE: (folder_of("L6") / "solution.s").read_text(encoding="ascii"),
            _CHOICE: f"[bytes]\nlinear = {4 << 16}\ntree = {1024 * (1 + leaves)}\n"
            f"hashed = {64 << 10}\n\n[hash]\nscatter = {scatter}\nkilobytes = {smallest}\n"}


def _files(seed: int) -> dict[str, str]:
    folder = folder_of("L6")
    head = "".join(f"# {name} = {value:#010x}\n" for name, value in _numbers(seed).items())
    listing = "".join(f"# {index:04x}\n" for index in _pages(seed))
    return {_CODE: head + (folder / "starter.s").read_text(encoding="ascii"),
            _CHOICE: "[bytes]\nlinear = 0\ntree = 0\nhashed = 0\n\n[hash]\nscatter = 0\n"
            f"kilobytes = 0\n\n# The page indices of your program:\n{listing}",
            "contexts.py": (folder / "contexts.py").read_text(encoding="ascii")}


LAB = Lab("L6", "Four page tables", lambda seed: _TESTS, _attempt, _files, _solution,
          lambda attempt: {f"cycles_{way}": machine.cycle
                           for way, machine in attempt.ways.items()})
