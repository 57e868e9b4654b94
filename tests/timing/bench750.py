"""Measures small pieces of code on the pipeline model, in the steady state of a loop.

Code is in the cache and translated by BATs, branches have been learnt, and so are data below
0x1000_0000: what is left is what the timing chapter of the manual (MPC750 UM 6) counts. Three pages
from `PAGES` on, one after the other a TLB's size apart, are translated by the page table, each the
first entry of its group. Their first words are a ring of pointers, which never fits in a TLB's set.
"""

import functools
import struct

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, L2cr, Msr, PteHigh, PteLow
from pteg.pipeline.driver import Tap
from pteg.pipeline.stages import PipelineStages
from pteg.waveforms.pipeline import Fate
from pteg.waveforms.window import Window

#: Passes through the loop: the first ones warm it up, the rest is measured.
WARM, MEASURED = 6, 4
PAGES = tuple(0x1000_0000 + n * 0x4_0000 for n in range(3))
TABLE, FRAMES, VSID = 0x6_0000, 0x7_0000, 0x123
HID0 = Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC

_PROGRAM = """
        .org    0xC00                   # system call
        rfi
        .org    0x1000
_start: {setup}
        li      r31, {passes}
        mtctr   r31
        b       loop
        .align  5
loop:   {body}
{last}
done:   b       done
"""


#: L2CR with an L2 of 256 KB on, at the core's clock.
L2CR = L2cr.L2E.mask | L2cr.L2SIZ.put(1) | L2cr.L2CLK.put(1)


@functools.cache
def machine(l2=0, ratio="4:1", dram=(5, 2)):
    """A machine with an L2 of some size, a ratio of core to bus clock, and DRAM (first, next)."""
    made = pteg.Machine("g3", cpu="pipeline", ram="1M", l2=l2, ratio=ratio)
    made.ram.first, made.ram.next = dram
    return made


def group(page):
    """Address of the primary PTEG of a page."""
    return TABLE + ((VSID ^ page >> 12 & 0xFFFF) & 0x3FF) * 64


def map_pages(memory):
    """Write the page table (PEM 7.6.1) and the ring of pointers."""
    for n, page in enumerate(PAGES):
        frame = FRAMES + 0x1000 * n + 0x40 * n  # each in a cache set of its own
        high = PteHigh.V.mask | PteHigh.VSID.put(VSID) | PteHigh.API.put(page >> 22 & 0x3F)
        low = frame & ~0xFFF | PteLow.R.mask | PteLow.C.mask | 2
        memory.write(group(page), struct.pack(">II", high, low))
        following = (n + 1) % len(PAGES)
        memory.write(frame, struct.pack(">I", PAGES[following] + 0x40 * following))


def run(setup, body, passes, last="        bdnz    loop", log=None, **options):
    """Cycles that a program with so many passes through `body` takes.

    `log` gets the `Passage` of each instruction.
    """
    program = assemble(_PROGRAM.format(setup=setup, body=body, passes=passes, last=last),
                       sections={".text": 0})
    m = machine(**options)
    m.reset()
    m.memory.write(0, bytes(0x80000))
    m.memory.write(0, program.image(0))
    map_pages(m.memory)
    with m.cpu.changed() as state:
        state["pc"], state["msr"] = program.symbols["_start"], Msr.IR | Msr.DR | Msr.FP | Msr.ME
        state["hid0"], state["sdr1"], state["sr"][0][1] = HID0, TABLE, VSID
        state["l2cr"] = L2CR if "l2" in options else 0
        for side in "id":
            state[f"{side}bat0u"], state[f"{side}bat0l"] = 0x00001FFE | 2, 0x00000002
        for n in range(4, 32):
            state["gpr"][0][n] = 0x10000 + 0x100 * n
    begin = m.cycle
    if log is not None:
        cpu = m.model
        stages = PipelineStages(cpu.native, cpu.places, log, Window(), m.symbols.instruction)
        cpu.driver.taps.append(tap := Tap(stages.tracer, stages))
    m.run(cycles=1_000_000, until=program.symbols["done"])
    if log is not None:
        cpu.driver.taps.remove(tap)
        stages.close()
    assert m.cpu.pc == program.symbols["done"], "the program does not end"
    return m.cycle - begin


def per_pass(body, setup="", passes=(WARM, MEASURED), **options):
    """Cycles of one pass through the loop, the branch at its end included."""
    warm, measured = passes
    times = [run(setup, body, count, **options) for count in (warm, warm + measured)]
    return (times[1] - times[0]) / measured


def each(line, setup="", count=8):
    """Cycles that one more copy of `line` costs in a long row of them.

    In `line`, `{n}` is the number of the copy: 0, 1, 2 …
    """
    rows = ["\n        ".join(line.format(n=n) for n in range(copies))
            for copies in (count, 2 * count)]
    return (per_pass(rows[1], setup) - per_pass(rows[0], setup)) / count


class Passages(list):
    """A log that keeps how instructions go through the pipeline, in fetch order."""

    write = list.append

    def close(self):
        """Nothing remains to be written."""

    def last(self, text, before=None):
        """The last one whose instruction begins with `text` and was executed."""
        found = (passage for passage in reversed(self[:before])
                 if " ".join(passage.label.split()[1:]).startswith(text)
                 and passage.fate in (Fate.RETIRED, Fate.FOLDED))
        return next(found)


def passages(body, setup="", **options):
    """The `Passages` of a loop whose branches have been learnt."""
    log = Passages()
    run(setup, body, WARM + MEASURED, log=log, **options)
    return log


def begin(passage, stage):
    """Cycle in which a stage of a passage begins, by its letter; "." is where it has left."""
    if stage == ".":
        return passage.end
    return next(cycle for cycle, each in passage.stages if each.letter == stage)
