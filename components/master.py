"""A device that is a bus master: it reads and writes memory by itself (DMA).

It has the role `BusMaster`, the fields MASTER in its state, and a function `answer(state, memory)`.
To request a transfer, a function sets the fields, `bus_size` last. The request must not change
until the transfer is over and `answer` is called. `answer` finds `bus_data` and `bus_error`, and
sets the next request, or `bus_size` to 0.

In the pipeline model the transfers go over the bus, and the processor snoops them. In
the functional model they take no time.
"""

import numpy as np
from numba import njit

from pteg.components.device import compiled
from pteg.errors import UserError
from pteg.jit import named_after

__all__ = ["MASTER", "REQUEST", "BLOCK", "advance", "bus_type", "bus_value", "check_request",
           "make_transfers", "request_of"]

#: Bytes of a burst.
BLOCK = 32

#: The request of a master. A block: its address is a multiple of 32, `bus_data` is four double
#: words. Fewer bytes: within a double word; `bus_data[0]` is them as one big-endian number.
MASTER = [
    ("bus_size", "i8"),       # BLOCK; or 1 to 8; or 0: no request
    ("bus_write", "i8"),
    ("bus_address", "i8"),
    ("bus_data", "u8", 4),
    ("bus_error", "i8"),      # answer: the bus has ended the transfer with TEA
]
REQUEST = np.dtype(MASTER)

# TT[0-4] (MPC750 UM table 7-1).
_READ, _WRITE_WITH_FLUSH, _WRITE_WITH_KILL = 0b01010, 0b00010, 0b00110


def request_of(device):
    """The request of a bus master: a record array of REQUEST that shares its state's memory.

    Raises
    ------
    pteg.errors.UserError
        The fields MASTER are not one behind the other.
    """
    fields = device.dtype.fields
    begin = fields["bus_size"][1]
    for name in REQUEST.names:
        if name not in fields or fields[name][1] - begin != REQUEST.fields[name][1]:
            raise UserError(f"{device.name} must have the fields pteg.components.master.MASTER in "
                            "its state, one behind the other")
    return device.state.view(np.uint8)[begin:begin + REQUEST.itemsize].view(REQUEST)


def check_request(device):
    """Raise UserError unless the device can have made the request in its state (`Device.check`)."""
    size, address = (int(device.state[name][0]) for name in ("bus_size", "bus_address"))
    room = BLOCK if size == BLOCK else 8
    if not (size == BLOCK or 0 <= size <= 8) or not (
            0 <= address < 1 << 32 and address % room + size <= room):
        raise UserError(f"{device.name} cannot have asked for {size} bytes at {address:#x}")


@compiled
def _up(s):
    """How far the bytes of a small transfer are from the right in their double word."""
    return np.uint64(0 if s.bus_size == BLOCK else 64 - 8 * ((s.bus_address & 7) + s.bus_size))


@compiled
def bus_type(state):
    """Transfer type of the request."""
    s = state[0]
    if not s.bus_write:
        return _READ
    return _WRITE_WITH_KILL if s.bus_size == BLOCK else _WRITE_WITH_FLUSH


@compiled
def bus_value(state, target):
    """What the master drives on the data bus in its current beat."""
    s = state[0]
    return s.bus_data[target[0].moved] << _up(s)


@compiled
def advance(state, target, beat, value, done, error):
    """One clock edge of the pipeline model's bus.

    Parameters
    ----------
    target : record array of pteg.components.target.TARGET
        Bus side of the device; `moved` counts beats.
    beat, value, done, error : int
        Signals of `pteg.hw.bus.interfaces.MemoryPort` in the cycle that ends.

    Returns
    -------
    bool
        The transfer is over.
    """
    s, t = state[0], target[0]
    if beat:
        if not s.bus_write:
            bits = 64 if s.bus_size == BLOCK else 8 * s.bus_size
            s.bus_data[t.moved] = value >> _up(s) & ~np.uint64(0) >> np.uint64(64 - bits)
        t.moved += 1
    if not done:
        return False
    t.moved = 0
    s.bus_error = error
    return True


def make_transfers(bus_read, bus_write, answers_bursts, answer):
    """Compile what the functional model does with a master: all that it asks for, at once.

    Parameters
    ----------
    bus_read, bus_write
        Of the platform's functions.
    answers_bursts : function of the devices and an address
        Whether the device there takes a block at a time.
    answer
        Of the master.
    """

    @njit(_nrt=False)
    @named_after(bus_read, bus_write, answers_bursts, answer)
    def transfers(state, memory, devices, reservation):
        s = state[0]
        wrote = 0
        while s.bus_size:
            at, s.bus_error = s.bus_address, 0
            if s.bus_size == BLOCK and not answers_bursts(devices, at):
                s.bus_error = 1
            beats = 4 if s.bus_size == BLOCK else 1
            for beat in range(0 if s.bus_error else beats):
                size = s.bus_size // beats
                if s.bus_write:
                    s.bus_error |= bus_write(devices, at + 8 * beat, size, s.bus_data[beat])
                    wrote = 1
                    if at & ~31 | 1 == reservation:
                        reservation = 0
                else:
                    s.bus_data[beat], error = bus_read(devices, at + 8 * beat, size)
                    s.bus_error |= error
            answer(state, memory)
        return wrote, reservation

    return transfers
