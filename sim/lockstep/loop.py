"""The loop of lockstep. Platform and design are data, as for `pteg.pipeline.loop`."""

from typing import NamedTuple

import numpy as np
from numba import njit

from pteg.cpu import Stop
from pteg.devices import bus_read
from pteg.functional import constants as isa
from pteg.functional.lockstep import differs, functional_step, loaded_value, reads_time
from pteg.jit import named_after
from pteg.lockstep.ways import way_of
from pteg.pipeline.architecture import capture
from pteg.pipeline.loop import STOPS

__all__ = ["CONTROL", "Devices", "Places", "AGREE", "DIFFERENT", "STOPPED", "HALTED", "PRINTED",
           "STUCK", "DRAIN", "STALE", "PAUSED", "interrupts", "make_run"]

#: What the loop keeps between two calls, and its limits.
CONTROL = np.dtype([("done", "i8"), ("limit", "i8"), ("address", "i8"), ("patience", "i8"),
                    ("last_cycle", "i8"), ("interrupts", "i8")])
#: How it ended.
AGREE, DIFFERENT, STOPPED, HALTED, PRINTED, STUCK, DRAIN, STALE, PAUSED = range(9)

_CYCLES, _CHECKSTOP, _CONSOLE, _DRAIN = (
    STOPS.index(stop) for stop in (Stop.CYCLES, Stop.CHECKSTOP, Stop.CONSOLE, Stop.DRAIN))


class Places(NamedTuple):
    """Words of the pipeline's state that the loop reads."""

    instructions: int
    asleep: int
    vector: int         # of the last interrupt
    external: int       # interrupts taken
    monitor: int
    decrementer: int
    thermal: int


class Devices(NamedTuple):
    """Of each device: its first address and the one behind it; whether it is storage."""

    spans: np.ndarray
    storage: np.ndarray


@njit
def interrupts(state, at):
    """How many have been taken."""
    return (state[at.external] + state[at.monitor] + state[at.decrementer]
            + state[at.thermal])


@njit
def locate(spans, address, size):
    """Number of the device that has all of these bytes, or -1."""
    for n in range(len(spans)):
        if spans[n, 0] <= address and address + size <= spans[n, 1]:
            return n
    return -1


@njit
def answer(model, request, devices, arch, writes, state, ways):
    """Answer an access outside RAM as the pipeline's devices did, or tell a way of a TLB."""
    m = model[0]
    if m.request_size == isa.WAY:
        m.told_way = way_of(state, ways, m.request_write, m.request_pa, m.request_value)
        return
    value, error = np.uint64(0), 1
    number = locate(devices.spans, m.request_pa, m.request_size)
    if number >= 0:
        error = 0
        if m.request_write:
            writes[number] += 1
        elif devices.storage[number]:
            value = np.uint64(bus_read(request[0], m.request_pa, m.request_size)[0])
        else:
            value = np.uint64(loaded_value(model, arch))
    m.answer[m.answered] = value
    m.answer_error[m.answered] = error
    m.answered += 1


def make_run(pipeline_run):
    """Compile the loop, around that of the pipeline model's driver."""

    @njit
    @named_after(pipeline_run)
    def run(step, state, record, signals, request, targets, master, driver, places, watch, at,
            devices, ways, registers, arch, words, functional, model, control, trail, writes):
        c = control[0]
        while c.done < c.limit:
            before = np.int64(state[at.instructions])
            driver[0].last_instruction = before + 1
            printed = console = False
            while True:
                asleep = state[at.asleep]
                driver[0].last_cycle = min(driver[0].cycle + c.patience, c.last_cycle)
                stop = pipeline_run(step, state, record, signals, request, targets, master, driver,
                                    places, watch, ())
                printed |= stop == _CONSOLE
                console |= stop == _CONSOLE or stop == _DRAIN
                if stop == _CYCLES and driver[0].cycle >= c.last_cycle and not console:
                    return PAUSED
                if stop == _CYCLES and state[at.asleep] == asleep:
                    return STUCK
                if (stop == _CHECKSTOP
                        or state[at.instructions] >= np.uint64(driver[0].last_instruction)):
                    break
            capture(state, registers, words)
            model[0].clock = driver[0].cycle

            vector = 0
            if interrupts(state, at) != c.interrupts:
                vector = np.int64(state[at.vector])
            c.interrupts = interrupts(state, at)
            outcome = isa.OUT_NEXT
            # As many as have completed in one cycle; a checkstop comes instead of an instruction.
            for _ in range(max(np.int64(state[at.instructions]) - before, 1)):
                place = c.done % len(trail)
                trail[place, 0], trail[place, 1] = functional[0].pc, driver[0].cycle
                exceptions = model[0].exceptions
                functional[0].tb, functional[0].dec = arch[0].tb, arch[0].dec
                while True:
                    outcome = functional_step(functional, model, vector)
                    if outcome != isa.OUT_BUS:
                        break
                    vector = 0
                    answer(model, request, devices, arch, writes, state, ways)
                vector = 0
                quiet = model[0].exceptions == exceptions and model[0].op
                trail[place, 2] = model[0].word if quiet else -1
                register = reads_time(model)
                if register >= 0:
                    functional[0].gpr[register] = arch[0].gpr[register]
                functional[0].tb, functional[0].dec = arch[0].tb, arch[0].dec
                model[0].decrementer = 0
                c.done += 1
                if outcome == isa.OUT_CHECKSTOP:
                    break
            halted = stop == _CHECKSTOP
            if (outcome == isa.OUT_CHECKSTOP) != halted:
                return STOPPED
            if differs(functional, arch):
                return DIFFERENT
            if halted:
                return HALTED
            if printed:
                return PRINTED
            if model[0].stale:
                return STALE
            if console:
                return DRAIN
            if arch[0].pc == c.address:
                break
        return AGREE

    return run
