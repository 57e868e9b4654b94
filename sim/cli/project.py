"""The project that `pteg init` makes."""

from pathlib import Path

from pteg.errors import UserError
from pteg.outputs import write_folder

__all__ = ["new_project"]

_PROGRAM = """\
# Sums the numbers from 1 to r3. It is called with the result in r3.
_start: mtctr   r3
        li      r4,0
1:      mfctr   r5
        add     r4,r4,r5
        bdnz    1b
        mr      r3,r4
done:   b       done
"""

_SCRIPT = '''\
"""Runs program.s: `python run.py`."""

from pathlib import Path

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0

SOURCE = Path(__file__).with_name("program.s")


def load(machine: pteg.Machine, number: int) -> None:
    """Load the program, and set the registers for its entry.

    After a reset the caches and the branch prediction are off, and each instruction comes from
    memory. Software turns them on when it starts.
    """
    elf = assemble(SOURCE.read_text(), sections={".text": 0x1000}).elf()
    machine.cpu.pc = machine.load(elf)
    machine.cpu.msr = 0
    machine.cpu.spr["HID0"] = Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
    machine.cpu.gpr[3] = number


def run(machine: pteg.Machine, number: int) -> int:
    """What the program makes of a number."""
    load(machine, number)
    machine.run(until=machine.symbols.address("done"), cycles=1_000_000)
    return machine.cpu.gpr[3]


if __name__ == "__main__":
    machine = pteg.Machine("g3", rom="none")
    print(run(machine, 100), "after", machine.cycle, "cycles")
'''

_TEST = '''\
"""Tests of program.s: `pytest`. `pytest --traces traces` keeps waveforms of those that fail."""

import pytest
from run import run

from pteg.testing import assert_cycles


@pytest.mark.parametrize("number, expected", [(1, 1), (2, 3), (100, 5050)])
def test_the_sum(machine, number, expected):
    with machine.measure() as measured:
        assert run(machine, number) == expected
    # Two blocks of instructions come from memory; then a turn of the loop takes 3 cycles.
    assert_cycles(measured, most=200 + 5 * number)
'''

_SWEEP = '''\
"""Cycles of program.s by the number that it gets: `pteg sweep sweep.py`."""

from run import run

import pteg

points = {"number": [1, 10, 100], "ratio": ["4:1"]}


def measure(number: int, ratio: str) -> dict[str, int]:
    machine = pteg.Machine("g3", rom="none", ratio=ratio)
    return {"sum": run(machine, number), "cycles": machine.cycle}
'''

_README = """\
# {name}

    python run.py           # run program.s
    pytest                  # test it
    pteg sweep sweep.py     # measure it

`pteg asm program.s --section-start .text=0x1000` assembles it. Then
`pteg run --kernel program.elf --cycles 1000 --pipeline log.txt` shows each instruction in the
pipeline.
"""

#: Files of a project, and their contents.
_FILES = {"program.s": _PROGRAM, "run.py": _SCRIPT, "test_program.py": _TEST, "sweep.py": _SWEEP,
          "README.md": _README}


def new_project(folder: str) -> list[Path]:
    """Make a project in a folder that is not there or is empty; return its files.

    Raises
    ------
    UserError
        There is something in the folder, or it cannot be made.
    """
    place = Path(folder)
    if place.is_dir() and any(place.iterdir()):
        raise UserError(f"{folder} is not empty: name a new folder")
    title = place.resolve().name
    write_folder(place, {name: text.replace("{name}", title).encode() if name == "README.md"
                         else text.encode() for name, text in _FILES.items()}, exist_ok=True)
    return [place / name for name in _FILES]
