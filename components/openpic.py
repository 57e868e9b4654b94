"""Interrupt controller: OpenPIC, with 64 inputs and one processor, as in Apple's KeyLargo.

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
0x20040 + 16 n  dispatch inter-processor interrupt n
0x20080        current task priority
0x200A0        interrupt acknowledge: reading it takes the interrupt of the highest priority
0x200B0        end of interrupt
============== =====================================================================================

An input interrupts while it is active (bit 22, SENSE) or once on each rising edge, which is kept
even while the input is masked; a level is never kept. Bit 30, ACTIVITY, is set while a source
requests service or is being served. An interrupt goes to the processor if it is not masked, names
processor 0, and has a priority above the task's and above that of every interrupt that is being
served. Levels are active or inactive; POLARITY is only stored. Left out: timers (their registers
read as zero), processor initialisation, big-endian mode.
"""

import numpy as np

from pteg.components.device import Device, compiled
from pteg.components.little_endian import WORD, swapped
from pteg.errors import UserError

__all__ = ["OpenPic"]

INPUTS, IPIS = 64, 4
#: All sources: inputs, then inter-processor interrupts.
SOURCES = INPUTS + IPIS
#: Offsets.
FEATURE, GLOBAL, VENDOR, IPI, SPURIOUS = 0x1000, 0x1020, 0x1080, 0x10A0, 0x10E0
INPUT, PROCESSOR = 0x10000, 0x20000
#: Offsets inside a processor's registers, which are at 0 as well ("this processor").
DISPATCH, TASK, ACKNOWLEDGE, END = 0x40, 0x80, 0xA0, 0xB0
#: Bits of a vector and priority register.
MASK, ACTIVITY, POLARITY, LEVEL = 1 << 31, 1 << 30, 1 << 23, 1 << 22
PRIORITY, VECTOR = 0xF << 16, 0xFF
WRITABLE = MASK | POLARITY | LEVEL | PRIORITY | VECTOR
#: Version 1.2 of the interface, as the feature register tells it.
VERSION = 2


class OpenPic(Device):
    """Interrupt controller with 64 inputs and one output."""

    inputs = INPUTS
    dtype = np.dtype([
        ("irq", "u4"),                      # output pin: to the processor
        ("task", "u4"), ("spurious", "u4"), ("serving", "u4"),  # a bit for each priority served
        ("lines", "u8"),                    # levels of the inputs
        ("vector", "u4", SOURCES), ("destination", "u4", SOURCES),
        ("edge", "u1", SOURCES),            # an edge or a dispatch has been seen
        ("served", "u1", 16),               # the source that is served at each priority
    ], align=True)

    def __init__(self, name: str = "openpic", base: int = 0x80040000, size: int = 0x40000,
                 *, first: int = 6):
        super().__init__(name, base, size, first=first)

    def reset(self):
        super().reset()
        s = self.state[0]
        s["vector"][:] = MASK
        s["destination"][INPUTS:] = 1       # there is only one processor
        s["task"], s["spurious"] = 15, VECTOR

    def check(self):
        s = self.state[0]
        if ((s["vector"] & ~np.uint32(WRITABLE)).any() or s["task"] > 15
                or s["serving"] > 0xFFFF or (s["served"] >= SOURCES).any()):
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
def _active(s, n):
    """Whether source `n` asks for service or is being served."""
    if _pending(s, n):
        return True
    for priority in range(16):
        if s.serving >> priority & 1 and s.served[priority] == n:
            return True
    return False


@compiled
def _highest(s):
    """The pending source of the highest priority that may interrupt now, or -1."""
    found, best = -1, np.int64(s.task)
    for priority in range(15, best, -1):
        if s.serving >> priority & 1:
            best = priority
            break
    for n in range(SOURCES):
        priority = np.int64(s.vector[n] >> 16 & 15)
        if (priority > best and not s.vector[n] & MASK and s.destination[n] & 1
                and _pending(s, n)):
            found, best = n, priority
    return found


@compiled
def _output(s):
    s.irq = np.uint32(_highest(s) >= 0)


@compiled
def _reset(s):
    s.vector[:] = MASK
    s.destination[:INPUTS] = 0
    s.edge[:] = 0
    s.task, s.spurious, s.serving = 15, VECTOR, 0


@compiled
def _acknowledge(s):
    n = _highest(s)
    if n < 0:
        return s.spurious
    s.edge[n] = 0
    priority = s.vector[n] >> 16 & 15
    s.serving |= np.uint32(1) << priority
    s.served[priority] = n
    return s.vector[n] & VECTOR


@compiled
def _end(s):
    """The interrupt of the highest priority in service is over."""
    for priority in range(15, -1, -1):
        if s.serving >> priority & 1:
            s.serving &= ~(np.uint32(1) << np.uint32(priority))
            return


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
        return np.uint32(INPUTS - 1 << 16 | VERSION)
    if offset == SPURIOUS:
        return s.spurious
    own = offset & 0xFFF
    if offset >> 12 == PROCESSOR >> 12 or offset >> 12 == 0:
        if own == TASK:
            return s.task
        if own == ACKNOWLEDGE:
            return np.uint32(_acknowledge(s))
    return np.uint32(0)


@compiled
def _set(s, offset, value):
    n = _source(offset)
    own = offset & 0xFFF
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
    elif offset >> 12 == PROCESSOR >> 12 or offset >> 12 == 0:
        if own == TASK:
            s.task = value & 15
        elif own == END:
            _end(s)
        elif DISPATCH <= own < DISPATCH + 16 * IPIS and value & 1:
            s.edge[INPUTS + (own - DISPATCH >> 4)] = 1
