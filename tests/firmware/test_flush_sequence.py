"""Each tlbie of our own software is followed by what makes it take effect (PEM 7.6.3.2)."""

import pytest

import pteg
from pteg.boot.loader import read_elf
from pteg.firmware import cbuild, images, kernels
from pteg.firmware.asm import assemble
from pteg.firmware.disasm import disassemble
from pteg.firmware.guests.image import build as build_tiny_kernel
from pteg.firmware.hosts.hostb.image import build as build_hostb
from pteg.labs import vsids
from pteg.labs.catalogue import LABS
from pteg.labs.grading import grade

#: How near they are: the end of a loop and what a compiler has moved may be between them.
NEAR = 16
#: In Open Firmware's table of instructions: all operands are 0.
IN_TABLE = 0x7C000264
C_PROGRAMS = {"tiny kernel": build_tiny_kernel, "HostB": build_hostb} | {
    name: lambda name=name: kernels.build(name) for name in kernels.KERNELS}


def faults(elf):
    """The tlbie of a program without eieio or sync, tlbsync and sync behind them, in this order."""
    found, flushes = [], 0
    for segment in read_elf(elf, "program").segments:
        words = [int.from_bytes(segment.data[i:i + 4], "big")
                 for i in range(0, len(segment.data) - 3, 4)]
        names = [disassemble(word, 0).split()[0]
                 if word >> 26 == 31 and word != IN_TABLE else "" for word in words]
        for i in (i for i, name in enumerate(names) if name == "tlbie"):
            flushes += 1
            steps = [name for name in names[i + 1:i + NEAR]
                     if name in ("tlbie", "eieio", "tlbsync", "sync")]
            if steps[:3] not in (["eieio", "tlbsync", "sync"], ["sync", "tlbsync", "sync"]):
                found.append(f"{segment.virtual + 4 * i:08x}: tlbie, then {' '.join(steps)}")
    assert flushes, "there is no tlbie"
    return found


def test_a_fault_is_found():
    text = "tlbie r3\n bdnz .-4\n {} tlbsync\n sync\n"
    assert faults(assemble(text.format("eieio\n"), name="good.s").elf()) == []
    assert len(faults(assemble(text.format(""), name="bad.s").elf())) == 1


@pytest.mark.parametrize("rom", images.images())
def test_roms(rom):
    machine = pteg.Machine("g3", cpu="functional", rom=rom)
    assert faults(images.build(rom, machine.platform)) == []


@pytest.mark.parametrize("name", C_PROGRAMS)
def test_kernels(name):
    if not cbuild.compilers():
        pytest.skip("needs a C compiler: the extra cc, or gcc-powerpc-linux-gnu")
    assert faults(C_PROGRAMS[name]()) == []


def test_the_solution_of_a_lab(tmp_path):
    for name, text in LABS["L8"].solution(0).items():
        (tmp_path / name).write_text(text)
    grade(LABS["L8"], tmp_path, 0, tmp_path / "result.json")
    assert faults((tmp_path / "lab.elf").read_bytes()) == []
    pool = assemble(tmp_path / "vsid.s", defines=vsids.numbers_of(0), sections={".text": 0x10000})
    assert faults(pool.elf()) == []
