"""The engine on the processor: against Verilator and Amaranth's simulator.

The bus traffic of real runs, with all devices, is recorded from reset on and replayed to every
engine: the first ROM, a loop over memory, `pteg.workloads`, and the boot of a Linux
kernel if there is one beside the repository.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from harness import compare_engines  # noqa: E402

from pteg.firmware.asm import assemble  # noqa: E402
from pteg.machine import Machine  # noqa: E402
from pteg.pipeline.driver import Tap  # noqa: E402
from pteg.workloads import STOP, WORKLOADS, prepare  # noqa: E402

RAM = "32M"
LINUX = Path(__file__).parents[3] / "shared" / "linux"


class Recorder:
    """A trace sink that keeps every row."""

    def __init__(self):
        self.blocks = []

    def wanted(self, cycle):
        return cycle

    def write(self, cycle, rows):
        self.blocks.append(rows.copy())


def record(machine, cycles, until=None):
    """Return what the processor's inputs are from reset on, to an address at most."""
    machine.reset()
    driver = machine.model.driver
    recorder = Recorder()
    driver.taps.append(Tap(driver.native.tracer(list(driver.native.inputs)), recorder))
    machine.run(cycles=cycles, until=until)
    return np.concatenate(recorder.blocks)


#: A loop over memory: loads, stores, multiplies, branches, in and out of the reach of a cache line.
LOOP = """
    .org 0xFFF00100
reset:
    lis 4, 1
    li 5, 0
again:
    lis 3, 0x7FFF
    mtctr 3
loop:
    lwz 6, 0(4)
    addi 6, 6, 1
    stw 6, 0(4)
    mullw 7, 6, 5
    addi 5, 5, 3
    rlwinm 8, 5, 0, 16, 29
    lwzx 9, 4, 8
    cmpw 6, 9
    beq skip
    xor 7, 7, 9
    stwx 7, 4, 8
skip:
    bdnz loop
    b again
"""


def rom(source):
    return assemble(source, sections={".text": 0xFFF00000}).image(0xFFF00000)


def entered_from_reset(machine):
    """Give a machine that stands before a program a ROM that brings it there from reset."""
    def load(number, value):
        return f" lis r{number}, {value >> 16}\n ori r{number}, r{number}, {value & 0xFFFF}\n"

    cpu = machine.cpu
    lines = [" .org 0xFFF00100\n"]
    for move, value in (("mtspr 1008,", cpu.spr["HID0"]), ("mtsdr1", cpu.spr["SDR1"]),
                        ("mtlr", cpu.lr), ("mtsrr0", cpu.pc), ("mtsrr1", cpu.msr)):
        lines.append(load(1, value) + f" {move} r1\n")
    lines += [load(number, cpu.gpr[number]) for number in range(32)]
    machine.platform["rom"].program(rom("".join(lines) + " rfi\n"))
    return machine


def recordings(cycles):
    """Yield names and recordings."""
    for name, image in (("first ROM", "first"), ("memory loop", rom(LOOP))):
        yield name, record(Machine("g3", ram=RAM, rom=image), cycles)
    for workload in WORKLOADS:
        machine = Machine("g3", ram=RAM)
        prepare(machine, workload)
        yield f"workload {workload}", record(entered_from_reset(machine), cycles, STOP)
    if (LINUX / "vmlinux-gamecube").exists():
        machine = Machine("g3", ram=RAM)
        machine.boot_linux(LINUX / "vmlinux-gamecube", LINUX / "gamecube.dtb")
        yield "Linux boot", record(entered_from_reset(machine), 10 * cycles)


def main(cycles=100_000):
    from pteg.hw.system import System

    memory_map = Machine("g3", ram=RAM).platform.memory_map
    compare_engines(lambda: System(memory_map), dict(recordings(cycles)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
