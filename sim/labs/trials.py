"""Students' own tests in lab L8: a test must pass the right solution, and find wrong ones.

Each solution runs with adversaries, since most omissions work on most machines. A wrong one is
found if the test says so for one of them; the right one must pass with all.
"""

from collections.abc import Iterable
from pathlib import Path

from pteg.cpu import Stop
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.labs.calls import end_of
from pteg.labs.kit import Wrong, folder_of
from pteg.labs.linking import Part, in_assembly, labels_of
from pteg.machine import Machine

__all__ = ["FILE", "found"]

FILE = "test.s"
_TABLE, _UPDATE, _STUDENT, _INSTRUCTIONS = 0x200000, 0x8000, 0x10000, 20_000


def found(folder: Path, right: str, wrong: dict[str, str], numbers: dict[str, int],
          adversaries: Iterable[int]) -> list[str]:
    """Names of the wrong solutions that the test in a folder finds.

    Parameters
    ----------
    folder : Path
    right : str
        Text of the right solution.
    wrong : dict of str
        Texts of the wrong ones, by name.
    numbers : dict of int
        The student's.
    adversaries : iterable of int
        Their seeds.

    Raises
    ------
    Wrong
        The test does not end with the right solution, or does not pass it.
    """
    seeds = list(adversaries)
    parts = _parts(folder, right, numbers)
    for seed in seeds:
        machine, stop = _run(parts, seed)
        if stop != "address":
            raise Wrong("with the right solution, your test does not return: "
                        f"{end_of(machine, stop)} (adversary {seed})")
        if machine.cpu.gpr[3]:
            raise Wrong(f"your test returns {machine.cpu.gpr[3]} for the right solution "
                        f"(adversary {seed}); it must return 0")
    names = []
    for name, text in wrong.items():
        parts = _parts(folder, text, numbers)
        if any(_finds(parts, seed) for seed in seeds):
            names.append(name)
    return names


def _parts(folder: Path, update: str, numbers: dict[str, int]) -> list[Part]:
    """The harness, a solution of update.s, and the student's test."""
    program = assemble(update, name="update.s", defines=numbers, sections={".text": _UPDATE})
    solution = Part(program.elf(), labels_of(program))
    called = {name: solution.symbols[name] for name in ("pte_install", "pte_remove")}
    test = in_assembly(folder / FILE, _STUDENT, numbers | called)
    if "test" not in test.symbols:
        raise UserError(f"{folder / FILE}: there is no label test")
    harness = assemble(folder_of("L8") / "tests.s", sections={".vectors": 0x300, ".text": 0x1000},
                       defines=numbers | {"TABLE": _TABLE, "test": test.symbols["test"]})
    return [Part(harness.elf(), labels_of(harness)), solution, test]


def _finds(parts: list[Part], adversary: int) -> bool:
    """Whether the test says that a solution is wrong, or does not end."""
    machine, stop = _run(parts, adversary)
    return stop != "address" or machine.cpu.gpr[3] != 0


def _run(parts: list[Part], adversary: int) -> tuple[Machine, Stop]:
    """A run to where the test returns, and why it has ended."""
    machine = Machine("g3", cpu="functional", rom="none", ram="4M", adversary=adversary)
    for part in parts:
        machine.load(part.elf)
    machine.cpu.pc, machine.cpu.msr = parts[0].symbols["_start"], 0
    return machine, machine.run(until=parts[0].symbols["done"], instructions=_INSTRUCTIONS)
