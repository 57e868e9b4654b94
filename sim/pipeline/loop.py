"""The loop of the driver: the compiled hardware and the devices, clock by clock.

Neither platform nor design is compiled into it. The hardware is a function that it gets; devices
are asked by the address of their code (`pteg.devices`); where the design keeps its signals is data.

Time passes for the devices in strides: up to the next event that one of them has announced, or to
an access. Only then do their pins, the console and a bus master's request change.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numba import njit

from pteg import devices
from pteg.components.master import BLOCK, advance, bus_type, bus_value
from pteg.components.target import READ, clock
from pteg.cpu import Stop
from pteg.engine.incremental import COUNT
from pteg.jit import named_after

__all__ = ["CONTROL", "NONE", "PART", "STOPS", "OfDevice", "OfMaster", "OfProcessor", "Signals",
           "catch_up", "inner", "make_run", "take_changes", "take_row"]

#: What `run` returns: a place in this tuple.
STOPS = (Stop.CYCLES, Stop.CHECKSTOP, Stop.CONSOLE, Stop.ADDRESS, Stop.INSTRUCTIONS, Stop.DRAIN)
_CYCLES, _CHECKSTOP, _CONSOLE, _ADDRESS, _INSTRUCTIONS, _DRAIN = range(len(STOPS))

#: What the loop keeps between two calls, and its limits; core clocks that the devices lag behind,
#: and after how many of them there is an event.
CONTROL = np.dtype([("cycle", "i8"), ("last_cycle", "i8"), ("last_instruction", "i8"),
                    ("address", "i8"), ("behind", "i8"), ("event", "i8")])

#: Where some bits of a signal are in the state, and the bit of the signal at which they begin.
PART = np.dtype([("word", "i8"), ("shift", "u8"), ("mask", "u8"), ("position", "u8")])

#: Storage attributes of what a bus master transfers: M of WIMG.
GLOBAL = 2
#: Where the levels of TBEN, negated, begin in what `controls` gives.
TBEN = 8

#: Compiles a function that only compiled code calls.
inner = njit(error_model="numpy", _nrt=False)

U = np.uint64


class OfProcessor(IntEnum):
    """Signals of a processor: what the loop reads, then what it drives."""

    PC = 0
    INSTRUCTIONS = 1
    INTERRUPT = 2
    SOFT_RESET = 3
    TIME_BASE_STOP = 4


class OfDevice(IntEnum):
    """Signals of a device's `TargetPort`: what the device reads, then what it drives."""

    TS = 0
    A = 1
    TT = 2
    TSIZ = 3
    TBST = 4
    DBB = 5
    ARTRY = 6
    D_W = 7
    AACK = 8
    TA = 9
    TEA = 10
    D_R = 11


class OfMaster(IntEnum):
    """Signals of the bus master's `MemoryPort`: what the loop drives, then what it reads."""

    VALID = 0
    TYPE = 1
    ADDR = 2
    SIZE = 3
    BURST = 4
    WIMG = 5
    WDATA = 6
    BEAT = 7
    RDATA = 8
    DONE = 9
    ERROR = 10


class Signals(NamedTuple):
    """Where the signals are: number n has `parts[first[n]:first[n + 1]]`, none if the design does
    not have it.

    Attributes
    ----------
    parts : record array of PART
    first : int64[signals + 1]
    processors, devices, master : int
        Numbers of the first signal of `OfProcessor`, then of each other processor; and so on.
    bus_edge, granted : int
        Numbers of these signals.
    completed : record array of PART
        Instructions that each processor has completed.
    stopped, starts : record array of PART
        Bits of the state of which one is 1 if a processor is in checkstop; while a transaction
        starts at any device.
    master_device : int
        Number of the bus master, or NONE.
    """

    parts: np.ndarray
    first: np.ndarray
    processors: int
    devices: int
    master: int
    bus_edge: int
    granted: int
    completed: np.ndarray
    stopped: np.ndarray
    starts: np.ndarray
    master_device: int


#: Number of a device that is not there.
NONE = -1

_PC, _COMPLETED, _INT, _SRESET, _TBEN = map(int, OfProcessor)
_TS, _A, _TT, _TSIZ, _TBST, _DBB, _ARTRY, _D_W, _AACK, _TA, _TEA, _D_R = map(int, OfDevice)
(_VALID, _TYPE, _ADDR, _SIZE, _BURST, _WIMG, _WDATA, _BEAT, _RDATA, _DONE, _ERROR) = map(
    int, OfMaster)
_OF_PROCESSOR, _OF_DEVICE = len(OfProcessor), len(OfDevice)


@inner
def get(state, at, number):
    """The value of a signal; 0 if there is none."""
    value = U(0)
    for n in range(at.first[number], at.first[number + 1]):
        part = at.parts[n]
        value |= (state[part.word] >> part.shift & part.mask) << part.position
    return value


@inner
def put(state, at, number, value):
    """Drive an input, if there is one."""
    for n in range(at.first[number], at.first[number + 1]):
        part = at.parts[n]
        state[part.word] = (state[part.word] & ~(part.mask << part.shift)
                            | (U(value) >> part.position & part.mask) << part.shift)


@inner
def _any(state, parts):
    """Whether one of these bits is 1."""
    found = U(0)
    for n in range(len(parts)):
        found |= state[parts[n].word] & parts[n].mask
    return found


@inner
def _sum(state, parts):
    """The sum of signals each of which is one part."""
    total = U(0)
    for n in range(len(parts)):
        total += state[parts[n].word] >> parts[n].shift & parts[n].mask
    return np.int64(total)


@inner
def catch_up(request, control):
    """Make the devices' time the present, before something acts on them, or looks."""
    c = control[0]
    if c.behind:
        devices.tick(request[0], c.behind)
        c.behind = 0
    c.event = 0         # look at them at the end of this cycle


@inner
def _access(request, control, target, action, written):
    """What the bus side of a device asks for; returns what the device drives on `d_r`."""
    r, t = request[0], target[0]
    catch_up(request, control)
    if action == READ:
        return U(devices.bus_read(r, t.base + t.offset, t.size)[0]) << t.up
    devices.bus_write(r, t.base + t.offset, t.size,
                      np.int64(written >> t.up & (~U(0) >> U(64 - 8 * t.size))))
    return U(0)


@inner
def _clock_port(state, at, port, request, control, target):
    """One bus clock of a device's port."""
    action = clock(
        target, get(state, at, port + _TS), get(state, at, port + _A), get(state, at, port + _TT),
        get(state, at, port + _TSIZ), get(state, at, port + _TBST), get(state, at, port + _DBB),
        get(state, at, port + _ARTRY))
    driven = U(0)
    if action:
        if at.first[at.granted] < at.first[at.granted + 1]:
            devices.grant(request[0], np.int64(get(state, at, at.granted)))
        driven = _access(request, control, target, action, get(state, at, port + _D_W))
    t = target[0]
    put(state, at, port + _AACK, t.aack)
    put(state, at, port + _TA, t.ta)
    put(state, at, port + _TEA, t.tea)
    put(state, at, port + _D_R, driven)


@inner
def _clock_master(state, at, request, control, master, target):
    """One bus clock of the device that is a bus master."""
    m = master[0]
    if m.bus_size:
        if advance(master, target, get(state, at, at.master + _BEAT),
                   get(state, at, at.master + _RDATA), get(state, at, at.master + _DONE),
                   np.int64(get(state, at, at.master + _ERROR))):
            catch_up(request, control)
            devices.answer(request[0])
    put(state, at, at.master + _VALID, m.bus_size != 0)
    put(state, at, at.master + _TYPE, bus_type(master))
    put(state, at, at.master + _ADDR, m.bus_address)
    put(state, at, at.master + _SIZE, m.bus_size & 15)
    put(state, at, at.master + _BURST, m.bus_size == BLOCK)
    put(state, at, at.master + _WIMG, GLOBAL)
    put(state, at, at.master + _WDATA, bus_value(master, target))


@inner
def _clock_ports(state, at, request, control, targets, master):
    """One bus clock of every device's port where something happens."""
    starts = _any(state, at.starts)
    for n in range(len(targets)):
        port = at.devices + n * _OF_DEVICE
        if targets[n].busy or starts and get(state, at, port + _TS):
            _clock_port(state, at, port, request, control, targets[n:n + 1])
        if n == at.master_device and (master[0].bus_size or get(state, at, at.master + _VALID)):
            _clock_master(state, at, request, control, master, targets[n:n + 1])


@inner
def _look(state, at, request, control, processors):
    """See what time or an access has changed in the devices; returns what the console says."""
    r = request[0]
    catch_up(request, control)
    levels, others = U(devices.interrupt(r)), U(devices.controls(r))
    for n in range(processors):
        first = at.processors + n * _OF_PROCESSOR
        put(state, at, first + _INT, levels >> U(n))
        put(state, at, first + _SRESET, others >> U(n))
        put(state, at, first + _TBEN, others >> U(TBEN + n))
    control[0].event = devices.next_event(r)
    return devices.console(r)


@inner
def _arrived(state, at, address, places):
    """Whether a processor has come to the address since the last call. `places` has where each of
    them was then, and how many instructions it had completed."""
    found = False
    for n in range(len(places)):
        first = at.processors + n * _OF_PROCESSOR
        pc = np.int64(get(state, at, first + _PC))
        instructions = np.int64(get(state, at, first + _COMPLETED))
        found |= pc == address and (pc != places[n, 0] or instructions != places[n, 1])
        places[n, 0], places[n, 1] = pc, instructions
    return found


@inner
def take_row(trace, rows, state, row):
    """One cycle of a `Tap`."""
    trace(state, rows[row])


@inner
def take_changes(trace, record, ends, pairs, printed, most, state, watch, control, row):
    """One cycle of a `ChangeTap`."""
    end = ends[row]
    trace(state, record, pairs[2 * end:])
    end += np.int64(record[COUNT])
    seen = U(watch[0].seen)
    if printed[0] and seen != printed[1]:
        pairs[2 * end], pairs[2 * end + 1], printed[1] = printed[0], seen, seen
        end += 1
    ends[row + 1] = end
    if 2 * end + most > len(pairs):     # this was the last one for which there is room
        control[0].last_cycle = control[0].cycle + 1


def make_run(take_traces):
    """Compile the loop: it runs until a limit, and returns a place in `STOPS`. The devices may be
    behind then: see `catch_up`.

    Parameters
    ----------
    take_traces : function of state, watch, control, traces and the number of a cycle
    """

    @inner
    @named_after(take_traces)
    def run(step, state, record, at, request, targets, master, control, places, watch, traces):
        c = control[0]
        begin, stop = c.cycle, _CYCLES
        every_clock = at.first[at.bus_edge] == at.first[at.bus_edge + 1]
        if c.address != NONE:
            _arrived(state, at, c.address, places)
        while c.cycle < c.last_cycle:
            take_traces(state, watch, control, traces, c.cycle - begin)
            step(state, record)
            c.cycle += 1
            if every_clock or get(state, at, at.bus_edge):
                _clock_ports(state, at, request, control, targets, master)
            c.behind += 1
            seen = 0
            if c.behind >= c.event:
                seen = _look(state, at, request, control, len(places))

            if _any(state, at.stopped):
                stop = _CHECKSTOP
            elif seen == 1:
                stop = _CONSOLE
            elif c.address != NONE and _arrived(state, at, c.address, places):
                stop = _ADDRESS
            elif _sum(state, at.completed) >= c.last_instruction:
                stop = _INSTRUCTIONS
            elif seen == 2:
                stop = _DRAIN
            if seen == 2:
                c.event = 0         # until the host has emptied the ring
            if stop != _CYCLES:
                break
        return stop

    return run
