"""L7, paging under pressure: demand paging, copy on write, R and C, second chance."""

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Msr
from pteg.labs.calls import end_of
from pteg.labs.kit import Lab, Test, Wrong, choices, folder_of
from pteg.labs.linking import Part, image, in_assembly, labels_of, reference, student_part
from pteg.labs.paging import FILES, FRAME_COUNT, PAGES, POLICIES, Access, new_string, reads
from pteg.machine import Machine
from pteg.mmu import Walk
from pteg.mmu.oracle import StaleUse
from pteg.outputs import write_file

__all__ = ["LAB", "loaded", "numbers_of", "parts_of"]

_STEM = "pager"
_TABLE, _FRAMES, _STRING, _DISK, _LOG = 0x200000, 0x100000, 0x240000, 0x280000, 0x300000
_TEMPLATE, _DATA = 0x0F0000, 0x020000
#: Where the handler of page faults saves the program's registers.
_SAVED = 0x4000
#: Where the parts are: the solutions of L4 and L8, and the student's file.
_L4, _L8, _STUDENT, _RAM = 0x8000, 0x9000, 0x10000, 4 << 20
_INSTRUCTIONS = 3_000_000
#: Adversaries: enough that what is read too early is wrong for some of them.
SEEDS = 40


def numbers_of(seed: int) -> dict[str, int]:
    rng = choices("L7", seed)
    return {"BASE": rng.randrange(4, 16) << 28 | rng.randrange(1 << 9) << 19,
            "VSID": rng.randrange(1, 1 << 24), "FILES": FILES, "PAGES": PAGES, "FRAMES": _FRAMES,
            "FRAME_COUNT": FRAME_COUNT, "TEMPLATE": _TEMPLATE, "DATA": _DATA}


@cache
def _string(seed: int) -> tuple[Access, ...]:
    """One for which FIFO reads an eighth more than a clock, at least."""
    rng = choices("L7 string", seed)
    while True:
        string = new_string(rng)
        if 8 * reads(string, "fifo") >= 9 * reads(string, "clock"):
            return tuple(string)


@dataclass
class _Run:
    """A run of the string.

    Attributes
    ----------
    problem : Wrong or None
        Why it has not ended well.
    log : list of (bool, int, int)
        What the disk has done: whether it wrote, the page, and the number of the access.
    stale : (StaleUse, Walk) or None
    machine : Machine
    """

    problem: Wrong | None
    log: list[tuple[bool, int, int]]
    stale: tuple[StaleUse, Walk] | None
    machine: Machine


@dataclass
class _Attempt:
    """A run as it is, and the runs with adversaries up to the first that goes wrong."""

    seed: int
    numbers: dict[str, int]
    plain: _Run
    adversaries: dict[int, _Run]


def _attempt(folder: Path, seed: int) -> _Attempt:
    numbers = numbers_of(seed)
    parts = parts_of(folder, numbers)
    machine, _ = loaded(parts, seed, None)
    symbols = {name: value for part in reversed(parts) for name, value in part.symbols.items()}
    write_file(folder / "lab.elf", image(machine.memory.read(0, _RAM),
                                         symbols["_start"], symbols))
    plain, adversaries = _run(parts, seed, None), {}
    if not plain.problem:
        for adversary in range(seed % 100_000, seed % 100_000 + SEEDS):
            adversaries[adversary] = _run(parts, seed, adversary)
            if adversaries[adversary].problem or adversaries[adversary].stale:
                break
    return _Attempt(seed, numbers, plain, adversaries)


def parts_of(folder: Path, numbers: dict[str, int]) -> list[Part]:
    """Harness, L4, L8 and the student's file. The harness calls the student's function, which calls
    the harness: its own addresses do not depend on that."""
    names = numbers | {"TABLE": _TABLE, "FRAME": 0}
    l4, l8 = (in_assembly(folder / file, base, names) if (folder / file).exists()
              else reference(lab, base, names)
              for lab, file, base in (("L4", "insert.s", _L4), ("L8", "update.s", _L8)))
    given = {"htab_insert": l4.symbols["htab_insert"], "pte_remove": l8.symbols["pte_remove"]}
    harness = _harness(names, _STUDENT).symbols
    called = {name: harness[name] for name in ("disk_read", "disk_write", "page_copy")}
    student = student_part(folder, _STEM, _STUDENT, numbers | given | called, ("page_fault",),
                           folder_of("L7"))
    return [_harness(names, student.symbols["page_fault"]), l4, l8, student]


def _harness(names: dict[str, int], page_fault: int) -> Part:
    program = assemble(folder_of("L7") / "harness.s", sections={".vectors": 0x300, ".text": 0x1000},
                       defines=names | {"STRING": _STRING, "DISK": _DISK, "LOG": _LOG,
                                        "page_fault": page_fault})
    return Part(program.elf(), labels_of(program))


def _run(parts: list[Part], seed: int, adversary: int | None) -> _Run:
    machine, accesses = loaded(parts, seed, adversary)
    base, symbols = numbers_of(seed)["BASE"], parts[0].symbols
    run = _Run(None, [], None, machine)

    def tell(use):
        if run.stale is None:
            run.stale = use, machine.mmu.walk(use.ea)

    machine.oracle(tell=tell)
    stop = machine.run(until=symbols["done"], instructions=_INSTRUCTIONS)
    number, read = machine.cpu.gpr[23], machine.cpu.gpr[28]
    if not machine.cpu.msr & Msr.DR:    # in the handler, which has saved them
        number = machine.memory.read_word(_SAVED + 4 * 23)
    if stop != "address":
        ea, value = accesses[min(number, len(accesses) - 1)]
        machine.cpu.msr |= Msr.DR       # for a walk, if it is in the handler
        walk = machine.mmu.walk(ea & ~3, "store" if ea & 1 else "load")
        page = (ea - base) >> 12
        if machine.cpu.pc == symbols["wrong"]:
            why = f"reads {read:08x}, but must read {value:08x}"
        else:
            why = f"is not over: {end_of(machine, stop)}"
        run.problem = Wrong(f"access {number + 1} of {len(accesses)}, of page {page} at "
                            f"{ea & ~3:08x}, {why}", walk, machine.cycle)
    run.log = _log(machine)
    return run


def loaded(parts: list[Part], seed: int, adversary: int | None
           ) -> tuple[Machine, list[tuple[int, int]]]:
    """A machine that is about to run the string, and each access (see `_expected`)."""
    machine = Machine("g3", cpu="functional", rom="none", ram=_RAM, adversary=adversary)
    for part in parts:
        machine.load(part.elf)
    accesses = _expected(seed, machine, numbers_of(seed)["BASE"])
    machine.cpu.pc, machine.cpu.msr = parts[0].symbols["_start"], 0
    return machine, accesses


def _expected(seed: int, machine: Machine, base: int) -> list[tuple[int, int]]:
    """Put the string and what is on the disk into memory. Returns each access: its address, with
    bit 31 for a store, and the word that is stored or must be read."""
    rng = random.Random(f"L7 contents {seed}")
    template = rng.randbytes(4096)
    pages = [bytearray(rng.randbytes(4096) if page < FILES else template) for page in range(PAGES)]
    for page in range(FILES):
        machine.memory.write(_DISK + page * 4096, bytes(pages[page]))
    # What the disk has of the other pages is of no use.
    machine.memory.write(_DISK + FILES * 4096, b"\xaa" * (PAGES - FILES) * 4096)
    machine.memory.write(_TEMPLATE, template)
    found = []
    for access in _string(seed):
        at = slice(4 * access.word, 4 * access.word + 4)
        if access.store:
            pages[access.page][at] = rng.randbytes(4)
        found.append((base + access.page * 4096 + 4 * access.word | access.store,
                      int.from_bytes(pages[access.page][at], "big")))
    machine.memory.write(_STRING, b"".join(
        number.to_bytes(4, "big") for access in [*found, (0, 0)] for number in access))
    return found


def _log(machine: Machine) -> list[tuple[bool, int, int]]:
    """What the disk has done."""
    end = machine.memory.read_word(0x40F0)
    words = [(machine.memory.read_word(at), machine.memory.read_word(at + 4))
             for at in range(_LOG, min(end, _LOG + 0x20000), 8)]
    return [(bool(what >> 31), what & 0xFFFF, number) for what, number in words]


def _contents(attempt: _Attempt) -> None:
    if attempt.plain.problem:
        raise attempt.plain.problem


def _sharing(attempt: _Attempt) -> None:
    """Pages that were never stored to are at TEMPLATE in the end."""
    _contents(attempt)
    stored = {access.page for access in _string(attempt.seed) if access.store}
    machine = attempt.plain.machine
    for page in range(FILES, PAGES):
        ea = attempt.numbers["BASE"] + page * 4096
        walk = machine.mmu.walk(ea)
        if page not in stored and walk.pte is not None and walk.pa != _TEMPLATE:
            raise Wrong(f"page {page} was only read, but it has the frame {walk.pa or 0:08x} in "
                        f"place of {_TEMPLATE:08x}", walk, machine.cycle)


def _writes(attempt: _Attempt) -> None:
    """The disk writes a page only if it was stored to since it came into memory."""
    _contents(attempt)
    string, since = _string(attempt.seed), dict.fromkeys(range(PAGES), 0)
    for writes, page, number in attempt.plain.log:
        if writes and not any(access.store and access.page == page
                              for access in string[since[page]:number]):
            raise Wrong(f"at access {number + 1}, page {page} is written to the disk, but it was "
                        "not changed since it was read: look at C",
                        cycle=attempt.plain.machine.cycle)
        since[page] = number


def _replacement(attempt: _Attempt) -> None:
    _contents(attempt)
    string = list(_string(attempt.seed))
    most = (reads(string, "clock") + reads(string, "fifo")) // 2
    count = _count(attempt)["reads"]
    if count > most:
        raise Wrong(f"the disk reads {count} pages, but at most {most} are allowed: a clock needs "
                    f"{reads(string, 'clock')}, FIFO {reads(string, 'fifo')}; is R set again after "
                    "you have cleared it?", cycle=attempt.plain.machine.cycle)


def _late(attempt: _Attempt) -> None:
    """With adversaries, which write R and C late and let TLB entries live long."""
    _contents(attempt)
    for adversary, run in ((None, attempt.plain), *attempt.adversaries.items()):
        who = "" if adversary is None else f"adversary {adversary}: "
        if run.stale:
            use, walk = run.stale
            raise Wrong(f"{who}{use.text(run.machine.symbols)}", walk, use.cycle)
        if run.problem:
            raise Wrong(f"{who}{run.problem.why}; there is no stale translation: are R and C read "
                        "when they are certain?", run.problem.walk, run.problem.cycle)


def _count(attempt: _Attempt) -> dict[str, int]:
    string, log = list(_string(attempt.seed)), attempt.plain.log
    return {"reads": sum(not writes for writes, _, _ in log),
            "writes": sum(writes for writes, _, _ in log),
            "instructions": attempt.plain.machine.instructions,
            **{f"reads_of_{policy}": reads(string, policy) for policy in POLICIES}}


_TESTS = [Test("contents", "every access reads what was stored last", 5, _contents),
          Test("sharing", "a page that is only read shares the template", 3, _sharing),
          Test("writes", "pages that did not change are not written", 4, _writes),
          Test("replacement", "pages that are used stay", 4, _replacement),
          Test("late", "what the processor does late makes no difference", 4, _late)]


def _files(seed: int) -> dict[str, str]:
    head = [f"{name} = {value:#010x}" for name, value in numbers_of(seed).items()]
    texts = {"starter.s": "".join(f"# {line}\n" for line in head),
             "starter.c": "".join(f"/* {line} */\n" for line in head)}
    folder = folder_of("L7")
    found = {name: head + (folder / name).read_text(encoding="ascii")
             for name, head in texts.items()}
    return {"pager.s": found["starter.s"], "pager.c.txt": found["starter.c"],
            "paging.h": (folder / "paging.h").read_text(encoding="ascii")}


LAB = Lab("L7", "Paging under pressure", lambda seed: _TESTS, _attempt, _files,
          lambda seed: {"pager.s": (folder_of("L7") / "solution.s").read_text(encoding="ascii")},
          _count)
