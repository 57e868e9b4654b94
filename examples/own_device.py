"""A device of our own: a random number generator, and a program that reads it.

The functions under `@compiled` are the device. Both models call them, as native code.
"""

import numpy as np

import pteg
from pteg.components.device import Device, compiled
from pteg.components.dram import Dram
from pteg.firmware.asm import assemble
from pteg.platform import Platform


class RandomNumbers(Device):
    """Registers: +0 NEXT, read: a new number; +4 SEED, write."""

    dtype = np.dtype([("number", "u4")])

    def __init__(self, name="random", base=0x0C00_4000, size=8, *, first=3):
        super().__init__(name, base, size, first=first)

    def reset(self):
        super().reset()
        self.state["number"] = 1

    @compiled
    def read(state, memory, offset, size):
        if offset == 0:                         # xorshift, by George Marsaglia
            number = np.int64(state[0].number)
            number = (number ^ number << 13) & 0xFFFF_FFFF
            number ^= number >> 17
            state[0].number = (number ^ number << 5) & 0xFFFF_FFFF
        return np.uint64(state[0].number)

    @compiled
    def write(state, memory, offset, size, value):
        if offset == 4:
            state[0].number = np.uint32(value)


PROGRAM = """
_start: lis     r4,0x0C00
        ori     r4,r4,0x4000
        lwz     r5,0(r4)
        lwz     r6,0(r4)
done:   b       done
"""

if __name__ == "__main__":
    for cpu in ("functional", "pipeline"):
        machine = pteg.Machine(Platform([Dram(size=1 << 20), RandomNumbers()]), cpu=cpu)
        machine.cpu.pc = machine.load(assemble(PROGRAM, sections={".text": 0x1000}).elf())
        machine.cpu.msr = 0
        machine.run(until=machine.symbols.address("done"), cycles=1000)
        reads = machine.stats()["bus"]["random"]["reads"]
        print(f"{cpu}: {machine.cpu.gpr[5]:#x}, {machine.cpu.gpr[6]:#x}"
              + (f", {reads} reads on the bus" if reads is not None else ""))
