"""A DMA engine that copies memory: the simplest device that is a bus master.

====== =========== =========================================================================
offset name        meaning
====== =========== =========================================================================
0x00   SOURCE      physical address of the next byte to read
0x04   DESTINATION and to write
0x08   LENGTH      bytes left
0x0C   CONTROL     bit 31 (value 1): busy; writing 1 starts. Value 2: may interrupt. Value 4:
                   done; writing 1 clears. Value 8: a transfer error has ended the copy;
                   cleared by a start
====== =========== =========================================================================

Registers are 32 bits wide and big-endian; accesses of other sizes read zero and are not written,
nor are SOURCE, DESTINATION and LENGTH while busy. If both addresses and the remaining length
allow it, a block of 32 bytes is moved at a time; otherwise the bytes that are in one double word on
both sides. Source and destination should not overlap. This device is not modelled after a product.
"""

import numpy as np

from pteg.components.device import Device, compiled
from pteg.components.master import BLOCK, MASTER, check_request
from pteg.components.roles import BusMaster
from pteg.errors import UserError

__all__ = ["Copier", "BUSY", "INTERRUPT", "DONE", "ERROR"]

#: Bits of CONTROL.
BUSY, INTERRUPT, DONE, ERROR = 1, 2, 4, 8

_MASK = 0xFFFFFFFF


class Copier(Device, BusMaster):
    """The engine."""

    dtype = np.dtype([("irq", "i8"), *MASTER, ("source", "i8"), ("destination", "i8"),
                      ("length", "i8"), ("control", "i8")])

    def __init__(self, name: str = "copier", base: int = 0x0C006000, size: int = 0x10,
                 *, first: int = 3):
        super().__init__(name, base, size, first=first)

    def check(self):
        check_request(self)
        s = self.state[0]
        if not (0 <= s["length"] <= _MASK and 0 <= s["source"] <= _MASK
                and 0 <= s["destination"] <= _MASK
                and (s["bus_size"] == 0 or s["bus_size"] <= s["length"])):
            raise UserError(f"{self.name} cannot have been in this state")

    @compiled
    def answer(state, memory):
        s = state[0]
        if s.bus_error:
            _end(s, 1)
            return
        if s.bus_write:
            s.source = s.source + s.bus_size & _MASK
            s.destination = s.destination + s.bus_size & _MASK
            s.length -= s.bus_size
        s.bus_write ^= 1
        if s.length:
            _ask(s)
        else:
            _end(s, 0)

    @compiled
    def read(state, memory, offset, size):
        s = state[0]
        value = 0
        if size == 4:
            if offset == 0x00:
                value = s.source
            elif offset == 0x04:
                value = s.destination
            elif offset == 0x08:
                value = s.length
            elif offset == 0x0C:
                value = s.control
        return np.uint64(value)

    @compiled
    def write(state, memory, offset, size, value):
        s = state[0]
        given = np.int64(value)
        if size != 4:
            return
        busy = s.control & BUSY
        if offset == 0x0C:
            kept = s.control & ~(given & DONE) & ~INTERRUPT
            s.control = kept | given & INTERRUPT
            if given & BUSY and not busy:
                s.control = s.control & ~(DONE | ERROR) | BUSY
                s.bus_write = 0
                if s.length:
                    _ask(s)
                else:
                    _end(s, 0)
            s.irq = 1 if s.control & INTERRUPT and s.control & DONE else 0
        elif not busy:
            if offset == 0x00:
                s.source = given
            elif offset == 0x04:
                s.destination = given
            elif offset == 0x08:
                s.length = given


@compiled
def _ask(s):
    """The next transfer: a read, unless what has been read is there to be written."""
    if not s.bus_write:
        source, destination = s.source & 7, s.destination & 7
        size = min(8 - source, 8 - destination, s.length)
        if (s.source | s.destination) % BLOCK == 0 and s.length >= BLOCK:
            size = BLOCK
        s.bus_size = size
    s.bus_address = s.destination if s.bus_write else s.source


@compiled
def _end(s, error):
    s.bus_size = 0
    s.control = s.control & ~BUSY | DONE | (ERROR if error else 0)
    s.irq = 1 if s.control & INTERRUPT else 0
