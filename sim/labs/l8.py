"""L8, do not go stale: changes of a PTE, run with adversaries and watched by the oracle; a pool of
VSIDs (vsids.py); and a test that finds wrong solutions (trials.py)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from pteg.errors import UserError
from pteg.firmware.asm import Program
from pteg.labs import trials, vsids
from pteg.labs.assembly import built, solution, starter
from pteg.labs.calls import changed, end_of
from pteg.labs.kit import Lab, Test, Wrong, choices, folder_of
from pteg.labs.mutants import MUTANTS, mutated
from pteg.machine import Machine
from pteg.mmu import Walk
from pteg.mmu.diagnosis import SEQUENCE
from pteg.mmu.oracle import Step
from pteg.mmu.walk import groups
from pteg.outputs import write_file

__all__ = ["LAB", "numbers_of"]

_FILE = "update.s"
_TABLE = 0x200000
_PAGE = 0x100000
#: Adversaries: enough that each omission fails for some of them, whatever the first seed is.
SEEDS = 60
_INSTRUCTIONS = 20_000
#: Changes of the page, after it was installed; tests of steps.
_ROUNDS = 12
_STEPS = {step.name.lower().replace("_", "-"): step for step in SEQUENCE}
#: Wrong solutions that a student's test must find.
_FOUND = 8


def numbers_of(seed: int) -> dict[str, int]:
    rng = choices("L8", seed)
    ea, vsid = rng.randrange(4, 16) << 28 | rng.randrange(1 << 16) << 12, rng.randrange(1, 1 << 24)
    place = next(groups(ea, vsid, _TABLE)) + 8 * rng.randrange(8)
    return {"EA": ea, "VSID": vsid, "PTE": place}


@dataclass
class _Update:
    """What has happened to update.s with all adversaries.

    Attributes
    ----------
    problem : Wrong or None
        Why nothing is certain yet: the functions do not do what they must, even if nothing is late.
    stale : dict
        The first stale use by the step that was left out: in words, its translation and cycle.
    changed : Wrong or None
        A register that must not change.
    instructions : int
    """

    problem: Wrong | None
    stale: dict[Step, tuple[str, Walk, int]]
    changed: Wrong | None
    instructions: int


@dataclass
class _Attempt:
    """A student's three files; each is tried when it is asked for."""

    folder: Path
    seed: int

    @cached_property
    def update(self) -> _Update | Wrong:
        return _or_wrong(lambda: _updated(self.folder, self.seed))

    @cached_property
    def pool(self) -> vsids.Tried | Wrong:
        return _or_wrong(lambda: vsids.tried(self.folder, self.seed))


_Part = TypeVar("_Part")


def _or_wrong(part: Callable[[], _Part]) -> _Part | Wrong:
    """What a function returns, or the line that a file is refused with."""
    try:
        return part()
    except UserError as error:
        return Wrong(str(error).splitlines()[0])


def _given(part: _Part | Wrong) -> _Part:
    """A part that could be tried."""
    if isinstance(part, Wrong):
        raise part
    return part


def _updated(folder: Path, seed: int) -> _Update:
    numbers = numbers_of(seed)
    program = built("L8", folder, _FILE, numbers)
    write_file(folder / "lab.elf", program.elf())
    install, remove = (program.symbols[name] for name in ("pte_install", "pte_remove"))
    kept = changed(_loaded(program), [install, *(remove, install) * _ROUNDS], _INSTRUCTIONS)
    found, unexplained = _Update(None, {}, kept, 0), None   # wrong, but nothing stale
    for adversary in _adversaries(seed):
        machine = _loaded(program, adversary)

        def tell(use, machine=machine, adversary=adversary):
            if use.missing and use.missing not in found.stale:
                found.stale[use.missing] = (
                    f"adversary {adversary}: {use.text(machine.symbols)}",
                    machine.mmu.walk(use.ea), use.cycle)

        machine.oracle(tell=tell)
        stop = machine.run(until=program.symbols["done"], instructions=_INSTRUCTIONS)
        found.instructions = machine.instructions
        wrong, walk = machine.cpu.gpr[20], machine.mmu.walk(numbers["EA"])
        if stop != "address":
            found.problem = Wrong(f"the program does not end: {end_of(machine, stop)}", walk,
                                  machine.cycle)
        elif walk.pte is None or walk.pte.address != numbers["PTE"] or walk.pte.pa != _PAGE:
            there = (f"that at {walk.pte.address:08x} maps it to {walk.pte.pa:08x}" if walk.pte
                     else "no PTE maps it")
            found.problem = Wrong(f"in the end the PTE at {numbers['PTE']:08x} must map "
                                  f"{numbers['EA']:08x} to {_PAGE:08x}, but {there}", walk,
                                  machine.cycle)
        elif wrong and not unexplained:
            unexplained = Wrong(f"{wrong} accesses have read the wrong page, or caused a page "
                                  "fault in the wrong place", walk, machine.cycle)
        if found.problem:
            return found
    if not found.stale:
        found.problem = unexplained
    return found


def _loaded(program: Program, adversary: int | None = None) -> Machine:
    machine = Machine("g3", cpu="functional", rom="none", ram="4M", adversary=adversary)
    machine.load(program.elf())
    machine.cpu.pc, machine.cpu.msr = program.symbols["_start"], 0
    return machine


def _adversaries(seed: int) -> range:
    return range(seed % 100_000, seed % 100_000 + SEEDS)


def _ended(attempt: _Attempt) -> _Update:
    update = _given(attempt.update)
    if update.problem:
        raise update.problem
    return update


def _table(attempt: _Attempt) -> None:
    kept = _ended(attempt).changed
    if kept:
        raise kept


def _step(step: Step, attempt: _Attempt) -> None:
    stale = _ended(attempt).stale
    if step in stale:
        raise Wrong(*stale[step])


def _trial(attempt: _Attempt) -> None:
    """The student's test, of the right solution and of ten that leave a step out."""
    seed, right = attempt.seed, solution("L8", _FILE)[_FILE]
    wrong = {name: mutated(LAB, name, seed)[_FILE] for name, mutant in MUTANTS["L8"].items()
             if mutant.right in right and mutant.loses in _STEPS}
    try:
        found = trials.found(attempt.folder, right, wrong, numbers_of(seed), _adversaries(seed))
    except UserError as error:
        raise Wrong(str(error).splitlines()[0]) from None
    if len(found) < _FOUND:
        raise Wrong(f"your test finds {len(found)} of {len(wrong)} wrong solutions, but must find "
                    f"{_FOUND}; it passes {', '.join(name for name in wrong if name not in found)}",
                    part=len(found) / len(wrong))


def _of_pool(test: Test) -> Test:
    """A test of vsids.py as one of this lab."""
    return replace(test, check=lambda attempt: test.check(_given(attempt.pool)))


_TESTS = [Test("table", "pages are installed and removed", 2, _table),
          *(Test(name, step.value, 2, partial(_step, step)) for name, step in _STEPS.items()),
          *map(_of_pool, vsids.TESTS),
          Test("trial", "your test finds wrong solutions, and passes the right one", 4, _trial)]


def _files(seed: int) -> dict[str, str]:
    numbers = numbers_of(seed)
    return {**starter("L8", _FILE, numbers),
            **starter("L8", f"{vsids.STEM}.s", vsids.numbers_of(seed), "starter-vsid.s"),
            "vsid.c.txt": (folder_of("L8") / "starter-vsid.c").read_text(encoding="ascii"),
            "vsid.h": (folder_of("L8") / "vsid.h").read_text(encoding="ascii"),
            **starter("L8", trials.FILE, numbers, "starter-test.s")}


def _solution(seed: int) -> dict[str, str]:
    return {**solution("L8", _FILE), **solution("L8", f"{vsids.STEM}.s", "solution-vsid.s"),
            **solution("L8", trials.FILE, "solution-test.s")}


def _metrics(attempt: _Attempt) -> dict[str, int]:
    update, pool = attempt.update, attempt.pool
    return {**({} if isinstance(update, Wrong) else {"instructions": update.instructions}),
            **({} if isinstance(pool, Wrong) else {"tlbie": pool.tlbies})}


LAB = Lab("L8", "Do not go stale", lambda seed: _TESTS, _Attempt, _files, _solution, _metrics)
