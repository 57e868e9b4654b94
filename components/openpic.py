"""Interrupt controller: OpenPIC, with 64 inputs and up to four processors, as in Apple's KeyLargo.

Registers are 32 bits, little-endian, and answer 32-bit accesses only; others read as zero.
Source: AMD and Cyrix, Open Programmable Interrupt Controller register interface, revision 1.2.

============== =====================================================================================
offset         register
============== =====================================================================================
0x01000        feature reporting: inputs and processors, less one each; version
0x01020        global configuration; bit 31 resets the controller
0x01080, 0x10E0 vendor identification; spurious vector
0x010A0 + 16 n  vector and priority of inter-processor interrupt n (4)
0x10000 + 32 n  vector and priority of input n; at + 16 its destinations
0x20000 + 4096 p  registers of processor p; from 0 on, those of the processor that reads or writes
+ 0x40 + 16 n  dispatch inter-processor interrupt n: bit p of the value is for processor p
+ 0x80         current task priority
+ 0x90         who am I: number of the processor that reads it
+ 0xA0         interrupt acknowledge: reading it takes the interrupt of the highest priority
+ 0xB0         end of interrupt
============== =====================================================================================

An input interrupts while it is active (bit 22, SENSE) or once on each rising edge, which is kept
even while the input is masked; a level is never kept. Bit 30, ACTIVITY, is set while a source
requests service or is being served. An interrupt goes to a processor if it is not masked, names
the processor among its destinations, and has a priority above the task's and above that of every
interrupt that the processor is serving. An input goes to one processor only: to the first of its
destinations that takes it, and to none while another one is serving it. An inter-processor
interrupt goes to each processor to which it has been dispatched. Levels are active or inactive;
POLARITY is only stored. Left out: timers (their registers read as zero), processor initialisation,
big-endian mode.
"""

import numpy as np

from pteg.components.device import Device, compiled
from pteg.components.little_endian import WORD, swapped
from pteg.errors import UserError

__all__ = ["OpenPic"]

INPUTS, IPIS = 64, 4
#: Processors, at most.
MOST = 4
#: All sources: inputs, then inter-processor interrupts.
SOURCES = INPUTS + IPIS
#: Offsets.
FEATURE, GLOBAL, VENDOR, IPI, SPURIOUS = 0x1000, 0x1020, 0x1080, 0x10A0, 0x10E0
INPUT, PROCESSOR = 0x10000, 0x20000
#: Offsets inside a processor's registers, which are at 0 as well ("this processor").
DISPATCH, TASK, WHO, ACKNOWLEDGE, END = 0x40, 0x80, 0x90, 0xA0, 0xB0
#: Bits of a vector and priority register.
MASK, ACTIVITY, POLARITY, LEVEL = 1 << 31, 1 << 30, 1 << 23, 1 << 22
PRIORITY, VECTOR = 0xF << 16, 0xFF
WRITABLE = MASK | POLARITY | LEVEL | PRIORITY | VECTOR
#: Version 1.2 of the interface, as the feature register tells it.
VERSION = 2


class OpenPic(Device):
    """Interrupt controller with 64 inputs and an output for each of its processors."""

    inputs = INPUTS
    dtype = np.dtype([
        # Output pins: to each processor.
        ("irq", "u4"), ("irq1", "u4"), ("irq2", "u4"), ("irq3", "u4"),
        ("processors", "u4"),
        ("granted", "u4"),                  # number of the processor that has the bus
        ("spurious", "u4"),
        ("lines", "u8"),                    # levels of the inputs
        ("vector", "u4", SOURCES), ("destination", "u4", SOURCES),
        # An edge has been seen; of a dispatch, a bit for each processor that is to take it.
        ("edge", "u1", SOURCES),
        # Of each processor: the priority of its task, a bit for each priority that it is serving,
        # and the source at each of them.
        ("task", "u4", MOST), ("serving", "u4", MOST),
        ("served", "u1", (MOST, 16)),
    ], align=True)

    def __init__(self, name: str = "openpic", base: int = 0x80040000, size: int = 0x40000,
                 *, first: int = 6, processors: int = 1):
        if not 1 <= processors <= MOST:
            raise UserError(f"{name} must have 1 to {MOST} processors, "
                            f"not {processors}")
        self.processors = processors
        super().__init__(name, base, size, first=first)

    def reset(self):
        super().reset()
        s = self.state[0]
        s["processors"] = self.processors
        s["vector"][:] = MASK
        s["task"][:], s["spurious"] = 15, VECTOR

    def check(self):
        s = self.state[0]
        if ((s["vector"] & ~np.uint32(WRITABLE)).any() or (s["task"] > 15).any()
                or (s["serving"] > 0xFFFF).any() or (s["served"] >= SOURCES).any()
                or s["processors"] != self.processors or s["granted"] >= self.processors):
            raise UserError(f"{self.name} cannot be in this state")

    @compiled
    def drive(state, lines):
        s = state[0]
        now = np.uint64(lines)
        if now != s.lines:
            risen = now & ~s.lines
            for n in range(INPUTS):
                if risen >> np.uint64(n) & np.uint64(1) and not s.vector[n] & LEVEL:
                    s.edge[n] = 1
            s.lines = now
            _output(s)

    @compiled
    def read(state, memory, offset, size):
        s = state[0]
        if size != WORD or offset & 15:
            return np.uint64(0)
        value = _get(s, offset)
        _output(s)
        return np.uint64(swapped(value))

    @compiled
    def write(state, memory, offset, size, value):
        s = state[0]
        if size == WORD and offset & 15 == 0:
            _set(s, offset, np.int64(swapped(value)))
            _output(s)


@compiled
def _pending(s, n):
    """Whether source `n` asks for service."""
    if n < INPUTS and s.vector[n] & LEVEL:
        return s.lines >> np.uint64(n) & np.uint64(1) != 0
    return s.edge[n] != 0


@compiled
def _serves(s, p, n):
    """Whether processor `p` is serving source `n`."""
    for priority in range(16):
        if s.serving[p] >> priority & 1 and s.served[p, priority] == n:
            return True
    return False


@compiled
def _active(s, n):
    """Whether source `n` asks for service or is being served."""
    if _pending(s, n):
        return True
    for p in range(s.processors):
        if _serves(s, p, n):
            return True
    return False


@compiled
def _threshold(s, p):
    """The priority above which processor `p` is interrupted."""
    best = np.int64(s.task[p])
    for priority in range(15, best, -1):
        if s.serving[p] >> priority & 1:
            return priority
    return best


@compiled
def _is_for(s, p, n, priority):
    """Whether source `n`, which is pending, goes to processor `p`."""
    if n >= INPUTS:
        return s.edge[n] >> p & 1 != 0
    if not s.destination[n] >> p & 1:
        return False
    for other in range(s.processors):
        if other != p and (_serves(s, other, n) or (
                other < p and s.destination[n] >> other & 1 and priority > _threshold(s, other))):
            return False
    return True


@compiled
def _highest(s, p):
    """The pending source of the highest priority that may interrupt processor `p` now, or -1."""
    found, best = -1, _threshold(s, p)
    for n in range(SOURCES):
        priority = np.int64(s.vector[n] >> 16 & 15)
        if (priority > best and not s.vector[n] & MASK and _pending(s, n)
                and _is_for(s, p, n, priority)):
            found, best = n, priority
    return found


@compiled
def _output(s):
    s.irq = np.uint32(_highest(s, 0) >= 0)
    if s.processors > 1:
        s.irq1 = np.uint32(_highest(s, 1) >= 0)
    if s.processors > 2:
        s.irq2 = np.uint32(_highest(s, 2) >= 0)
    if s.processors > 3:
        s.irq3 = np.uint32(_highest(s, 3) >= 0)


@compiled
def _reset(s):
    s.vector[:] = MASK
    s.destination[:] = 0
    s.edge[:] = 0
    s.task[:], s.serving[:] = 15, 0
    s.spurious = VECTOR


@compiled
def _acknowledge(s, p):
    n = _highest(s, p)
    if n < 0:
        return s.spurious
    s.edge[n] = s.edge[n] & ~(1 << p) if n >= INPUTS else 0
    priority = s.vector[n] >> 16 & 15
    s.serving[p] |= np.uint32(1) << priority
    s.served[p, priority] = n
    return s.vector[n] & VECTOR


@compiled
def _end(s, p):
    """The interrupt of the highest priority that processor `p` is serving is over."""
    for priority in range(15, -1, -1):
        if s.serving[p] >> priority & 1:
            s.serving[p] &= ~(np.uint32(1) << np.uint32(priority))
            return


@compiled
def _processor(s, offset):
    """Processor whose registers are at `offset`, or -1."""
    if offset >> 12 == 0:
        return np.int64(s.granted)
    p = (offset >> 12) - (PROCESSOR >> 12)
    return p if 0 <= p < s.processors else -1


@compiled
def _source(offset):
    """Source that a vector register at `offset` belongs to, or -1."""
    if IPI <= offset < IPI + 16 * IPIS:
        return INPUTS + (offset - IPI >> 4)
    if INPUT <= offset < INPUT + 32 * INPUTS and offset & 0x10 == 0:
        return offset - INPUT >> 5
    return -1


@compiled
def _get(s, offset):
    n = _source(offset)
    if n >= 0:
        return np.uint32(s.vector[n] | (ACTIVITY if _active(s, n) else 0))
    if INPUT <= offset < INPUT + 32 * INPUTS:
        return s.destination[offset - INPUT >> 5]
    if offset == FEATURE:
        return np.uint32(INPUTS - 1 << 16 | s.processors - 1 << 8 | VERSION)
    if offset == SPURIOUS:
        return s.spurious
    own, p = offset & 0xFFF, _processor(s, offset)
    if p >= 0:
        if own == TASK:
            return s.task[p]
        if own == WHO:
            return s.granted
        if own == ACKNOWLEDGE:
            return np.uint32(_acknowledge(s, p))
    return np.uint32(0)


@compiled
def _set(s, offset, value):
    n = _source(offset)
    own, p = offset & 0xFFF, _processor(s, offset)
    if n >= 0:
        s.vector[n] = value & WRITABLE
        if n < INPUTS and value & LEVEL:
            s.edge[n] = 0
    elif INPUT <= offset < INPUT + 32 * INPUTS:
        s.destination[offset - INPUT >> 5] = value
    elif offset == GLOBAL:
        if value >> 31:
            _reset(s)
    elif offset == SPURIOUS:
        s.spurious = value & VECTOR
    elif p >= 0:
        if own == TASK:
            s.task[p] = value & 15
        elif own == END:
            _end(s, p)
        elif DISPATCH <= own < DISPATCH + 16 * IPIS:
            s.edge[INPUTS + (own - DISPATCH >> 4)] |= value & (1 << s.processors) - 1
