"""Our machine with one processor, with two and with four.

The bus traffic of real runs, with all devices, is recorded from reset on: the first ROM, a loop
over memory, `pteg.workloads`, and the boot of a Linux kernel if there is one beside the repository.
Of several processors, each runs the loop on memory of its own.
"""

from pathlib import Path

import numpy as np

from engines.design import Design, Ports, words
from pteg.firmware.asm import assemble
from pteg.machine import Machine
from pteg.pipeline.driver import Tap
from pteg.pipeline.system import make_system, numbered
from pteg.workloads import STOP, WORKLOADS, prepare

__all__ = ["LOOP", "NAMES", "hardware", "machine", "record"]

RAM = "32M"
LINUX = Path(__file__).parents[4] / "shared" / "linux"
#: The recording that all machines have.
LOOP = "memory loop"


class Recorder:
    """A trace sink that keeps every row."""

    def __init__(self):
        self.blocks = []

    def wanted(self, cycle):
        return cycle

    def write(self, cycle, rows):
        self.blocks.append(rows.copy())


def hardware(platform):
    """Return the component that a machine compiles."""
    return make_system(platform, numbered(platform)[0])


def record(machine, ports, cycles, until=None):
    """Return what the inputs of `hardware`, which are the ports', are from reset on, to an address
    at most."""
    machine.reset()
    driver = machine.model.driver
    recorder = Recorder()
    driver.taps.append(Tap(driver.native.tracer(list(driver.native.inputs)), recorder))
    machine.run(cycles=cycles, until=until)
    found, columns = np.concatenate(recorder.blocks), Ports.of(driver.native).columns
    rows = np.zeros((len(found), ports.count), np.uint64)
    _, devices = numbered(machine.platform)
    for path, column in ports.columns.items():
        target, dot, signal = path.partition(".")
        mine = columns.get(f"{devices.get(target, target)}{dot}{signal}")
        if mine is not None:    # a target may have no device
            count = words(ports.inputs[path])
            rows[:, column:column + count] = found[:, mine:mine + count]
    return rows


#: A loop over memory, from the caches: loads, stores, multiplies, branches, in and out of the reach
#: of a cache line. Processor 0 starts the others, if there are any, by pulses of SRESET; they begin
#: at 0x100 in RAM, where processor 0 has put a branch to `other`.
MEMORY_LOOP = """
    .org 0xFFF00100
reset:
    lis 4, 1
    {start}
    b begin
other:
    lis 30, 0x0C00
    ori 30, 30, 0xB000
    lwz 4, 0x100(30)
    addi 4, 4, 1
    slwi 4, 4, 16
begin:
    lis 3, 0
    ori 3, 3, 0xCC00
    mtspr 1008, 3
    lis 3, 0
    ori 3, 3, 0xC000
    mtspr 1008, 3
    isync
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
START = """
    lis 3, (0x48000002 + (other & 0x03FFFFFC)) >> 16
    ori 3, 3, (0x48000002 + (other & 0x03FFFFFC)) & 0xFFFF
    stw 3, 0x100(0)
    sync
    lis 30, 0x0C00
    ori 30, 30, 0xB000
    li 31, 1
    li 29, 0
"""
#: The pulse to processor `number`.
PULSE = """
    stw 31, 16 * {number} + 4(30)
    stw 29, 16 * {number} + 4(30)
"""
#: How many processors a machine may have, in words.
NAMES = {1: "one processor", 2: "two processors", 4: "four processors"}


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


def recordings(ports, cycles):
    """Yield names and recordings of one processor."""
    for name, image in (("first ROM", "first"), (LOOP, rom(MEMORY_LOOP.format(start="")))):
        yield name, record(Machine("g3", ram=RAM, rom=image), ports, cycles)
    for workload in WORKLOADS:
        machine = Machine("g3", ram=RAM)
        prepare(machine, workload)
        yield f"workload {workload}", record(entered_from_reset(machine), ports, cycles, STOP)
    if (LINUX / "vmlinux-gamecube").exists():
        machine = Machine("g3", ram=RAM)
        machine.boot_linux(LINUX / "vmlinux-gamecube", LINUX / "gamecube.dtb")
        yield "Linux boot", record(entered_from_reset(machine), ports, 10 * cycles)


def recordings_of_several(processors, ports, cycles):
    """Yield names and recordings of several processors."""
    pulses = "".join(PULSE.format(number=number) for number in range(1, processors))
    image = rom(MEMORY_LOOP.format(start=START + pulses))
    yield LOOP, record(Machine("g3", ram=RAM, rom=image, processors=processors), ports, cycles)


def machine(processors):
    """Return the design of a machine with so many processors."""
    platform = Machine("g3", ram=RAM, processors=processors).platform
    record_all = recordings if processors == 1 else (
        lambda ports, cycles: recordings_of_several(processors, ports, cycles))
    return Design(NAMES[processors], lambda: hardware(platform), record_all, skips=True)
