"""A copy of memory that follows the stores of the pipeline model."""

from collections import namedtuple

import numpy as np

from pteg.firmware.asm import assemble
from pteg.machine import Machine
from pteg.pipeline.driver import Tap
from pteg.pipeline.following import follow, probes, word

#: Stores of all sizes and forms: unaligned, over the end of a double word, and blocks of zeros that
#: are in the cache and that are not.
STORES = """
_start: li      r4, 0x4000
        mtspr   1008, r4                # the data cache is on
        isync
        lis     r1, 0x1234
        ori     r1, r1, 0x5678
        li      r2, 0x1000
        stb     r1, 3(r2)
        sth     r1, 9(r2)
        stw     r1, 0x15(r2)
        sth     r1, 0x1f(r2)
        stwu    r1, 0x22(r2)
        li      r2, 0x1040
        stmw    r20, 0(r2)
        stswi   r20, r2, 11
        stwbrx  r1, r2, r0
        dcbz    0, r2
        stw     r1, 4(r2)
        li      r2, 0x10c0
        dcbz    0, r2
        lwarx   r5, 0, r2
        stwcx.  r1, 0, r2
        mfmsr   r5
        ori     r5, r5, 0x2000
        mtmsr   r5
        isync
        lfd     f1, 0x40(r2)
        stfd    f1, 0x14(r2)
        stfs    f1, 0x1c(r2)
        sync
done:   b       done
"""
FIRST, END = 0x1000, 0x2000


class Copy:
    """The sink of a tap: makes the stores."""

    def __init__(self, machine):
        signals = probes(machine.model.places)
        self.tracer = machine.model.native.tracer(list(signals.values()))
        column = dict(zip(self.tracer.paths, self.tracer.offsets, strict=True))
        self.columns = namedtuple("Columns", signals)(*(column[path] for path in signals.values()))
        self.memory = np.frombuffer(machine.memory.read(FIRST, END - FIRST), np.uint8).copy()
        self.changes = 0

    @staticmethod
    def wanted(cycle):
        return cycle

    def write(self, cycle, rows):
        for row in rows:
            first, end = follow(row, self.columns, FIRST, self.memory)
            self.changes += first != end


def test_the_copy_is_what_memory_is():
    machine = Machine("g3", cpu="pipeline", rom="none")
    program = assemble(STORES, sections={".text": 0x3000})
    start = machine.load(program.elf())
    machine.reset()
    machine.cpu.pc, machine.cpu.msr = start, 0
    machine.memory.write(FIRST, bytes(n * 7 & 0xFF for n in range(END - FIRST)))
    before = machine.memory.read(FIRST, END - FIRST)
    copy = Copy(machine)
    machine.model.driver.taps.append(Tap(copy.tracer, copy))
    assert machine.run(cycles=5000, until=program.symbols["done"]) == "address"
    machine.run(cycles=100)
    now = machine.memory.read(FIRST, END - FIRST)
    assert now != before and copy.changes > 20
    assert copy.memory.tobytes() == now
    assert word(copy.memory, 0x40 + 4) == 0x12345678
