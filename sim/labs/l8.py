"""L8, do not go stale: changes of a PTE, run with adversaries and watched by the oracle."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pteg.labs.assembly import built, solution, starter
from pteg.labs.kit import Lab, Test, Wrong, choices
from pteg.machine import Machine
from pteg.mmu import Walk
from pteg.mmu.oracle import StaleUse, Step
from pteg.mmu.walk import groups
from pteg.outputs import write_file

__all__ = ["LAB", "numbers_of"]

_FILE = "update.s"
_TABLE = 0x200000
_PAGE = 0x100000
#: Adversaries: enough that each omission fails for some of them, whatever the first seed is.
SEEDS = 60
_INSTRUCTIONS = 20_000


def numbers_of(seed: int) -> dict[str, int]:
    rng = choices("L8", seed)
    ea, vsid = rng.randrange(4, 16) << 28 | rng.randrange(1 << 16) << 12, rng.randrange(1, 1 << 24)
    place = next(groups(ea, vsid, _TABLE)) + 8 * rng.randrange(8)
    return {"EA": ea, "VSID": vsid, "PTE": place}


@dataclass
class _Attempt:
    """What has happened with all adversaries.

    Attributes
    ----------
    problem : Wrong or None
        Why nothing is certain yet: the functions do not do what they must, even if nothing is late.
    stale : dict
        The first stale use by the step that was left out, with its seed and translation.
    instructions : int
    """

    problem: Wrong | None
    stale: dict[Step, tuple[StaleUse, int, Walk]]
    instructions: int


def _attempt(folder: Path, seed: int) -> _Attempt:
    numbers = numbers_of(seed)
    program = built("L8", folder, _FILE, numbers)
    write_file(folder / "lab.elf", program.elf())
    found, unexplained = _Attempt(None, {}, 0), None  # wrong, but nothing stale
    for adversary in range(seed % 100_000, seed % 100_000 + SEEDS):
        machine = Machine("g3", cpu="functional", rom="none", ram="4M", adversary=adversary)
        machine.load(program.elf())
        machine.cpu.pc, machine.cpu.msr = program.symbols["_start"], 0

        def tell(use, machine=machine, adversary=adversary):
            if use.missing and use.missing not in found.stale:
                found.stale[use.missing] = use, adversary, machine.mmu.walk(use.ea)

        machine.oracle(tell=tell)
        stop = machine.run(until=program.symbols["done"], instructions=_INSTRUCTIONS)
        found.instructions = machine.instructions
        wrong, walk = machine.cpu.gpr[20], machine.mmu.walk(numbers["EA"])
        if stop != "address":
            found.problem = Wrong(f"the program does not end; it is at {machine.cpu.pc:08x} after "
                                  f"{_INSTRUCTIONS:,} instructions", walk, machine.cycle)
        elif walk.pte is None or walk.pte.address != numbers["PTE"] or walk.pte.pa != _PAGE:
            found.problem = Wrong(f"in the end the PTE at {numbers['PTE']:08x} must map "
                                  f"{numbers['EA']:08x} to {_PAGE:08x}", walk, machine.cycle)
        elif wrong and not unexplained:
            unexplained = Wrong(f"{wrong} accesses have read the wrong page, or caused a page "
                                  "fault in the wrong place", walk, machine.cycle)
        if found.problem:
            return found
    if not found.stale:
        found.problem = unexplained
    return found


def _table(attempt: _Attempt) -> None:
    if attempt.problem:
        raise attempt.problem


def _step(step: Step, attempt: _Attempt) -> None:
    _table(attempt)
    if step in attempt.stale:
        use, seed, walk = attempt.stale[step]
        raise Wrong(f"adversary {seed}: {use}", walk, use.cycle)


_TESTS = [Test("table", "pages are installed and removed", 2, _table),
          *(Test(step.name.lower().replace("_", "-"), step.value, 2, partial(_step, step))
            for step in Step)]

LAB = Lab("L8", "Do not go stale", lambda seed: _TESTS, _attempt,
          lambda seed: starter("L8", _FILE, numbers_of(seed)), lambda seed: solution("L8", _FILE),
          lambda attempt: {"instructions": attempt.instructions})
