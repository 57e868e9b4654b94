"""The engine on the processor, running the first ROM: against Verilator and Amaranth's simulator.

The bus traffic of a real run, with all devices, is recorded and replayed to every engine.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from harness import compare_engines  # noqa: E402

from pteg.driver import Tap  # noqa: E402
from pteg.machine import Machine  # noqa: E402


class Recorder:
    """A trace sink that keeps every row."""

    def __init__(self):
        self.blocks = []

    def wanted(self, cycle):
        return cycle

    def write(self, cycle, rows):
        self.blocks.append(rows.copy())


def record(cycles, rom):
    """Return what the processor's inputs were from reset on, and its parameters."""
    machine = Machine("g3", cpu="pipeline", ram="32M", rom=rom)
    driver = machine.model.driver
    recorder = Recorder()
    driver.taps.append(Tap(driver.native.tracer(list(driver.native.inputs)), recorder))
    machine.run(cycles=cycles)
    return np.concatenate(recorder.blocks), machine.platform.memory_map


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


def main(cycles=100_000):
    from pteg.firmware.asm import assemble
    from pteg.hw.processor import Processor

    loop = assemble(LOOP, sections={".text": 0xFFF00000}).image(0xFFF00000)
    recordings = {}
    for name, rom in (("first ROM", "first"), ("memory loop", loop)):
        recordings[name], memory_map = record(cycles, rom)
    compare_engines(lambda: Processor(memory_map), recordings)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
