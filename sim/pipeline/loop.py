"""The loop of the driver, for the functions of one platform and one design.

`make_run` gets them as arguments; `pteg.pipeline.driver` generates those that depend on where the
design keeps its signals.
"""

import numpy as np
from numba import njit

from pteg.components.master import BLOCK, advance, bus_type, bus_value
from pteg.cpu import Stop
from pteg.jit import named_after

__all__ = ["STOPS", "CONTROL", "GLOBAL", "BLOCK", "advance", "bus_type", "bus_value", "make_run",
           "generated"]

#: What `run` returns: a place in this tuple.
STOPS = (Stop.CYCLES, Stop.CHECKSTOP, Stop.CONSOLE, Stop.ADDRESS, Stop.INSTRUCTIONS, Stop.DRAIN)
_CYCLES, _CHECKSTOP, _CONSOLE, _ADDRESS, _INSTRUCTIONS, _DRAIN = range(len(STOPS))

#: What the loop keeps between two calls, and its limits.
CONTROL = np.dtype([("cycle", "i8"), ("last_cycle", "i8"), ("last_instruction", "i8"),
                    ("address", "i8")])

#: Storage attributes of what a bus master transfers: M of WIMG.
GLOBAL = 2

#: Compiles the functions that are generated for a design.
generated = njit(error_model="numpy", _nrt=False)


def make_run(arrived, read_instructions, read_checkstop, read_bus_edge, set_pins, clock_ports,
             take_traces, tick, console):
    """Compile the loop, whose `step` is `pteg.engine.Native.cycle`.

    Parameters
    ----------
    arrived : function of the state, an address and `places`
        Whether a processor has come to the address since the last call; `places` has what each of
        them has completed, and where it is then.
    read_instructions, read_checkstop, read_bus_edge : functions of the state
    set_pins : function of the state and devices
        Drives the processors' pins.
    clock_ports : function of state, devices and targets
        One clock of every device's bus port.
    take_traces : function of state, watch, traces, buffers and a row
    tick, console
        Of the platform's functions.
    """

    @njit(error_model="numpy", _nrt=False)
    @named_after(arrived, read_instructions, read_checkstop, read_bus_edge, set_pins, clock_ports,
                 take_traces, tick, console)
    def run(step, state, record, devices, targets, control, places, watch, traces, buffers):
        cycle = begin = control[0].cycle
        last_cycle = control[0].last_cycle
        last_instruction = control[0].last_instruction
        address = control[0].address
        arrived(state, address, places)
        stop = _CYCLES
        while cycle < last_cycle:
            take_traces(state, watch, traces, buffers, cycle - begin)
            step(state, record)
            cycle += 1
            if read_bus_edge(state):
                clock_ports(state, devices, targets)
            tick(devices, np.int64(1))  # not a literal, for which it would be compiled anew
            set_pins(state, devices)

            there = arrived(state, address, places)
            seen = console(devices, watch)
            if read_checkstop(state):
                stop = _CHECKSTOP
            elif seen == 1:
                stop = _CONSOLE
            elif there:
                stop = _ADDRESS
            elif read_instructions(state) >= last_instruction:
                stop = _INSTRUCTIONS
            elif seen == 2:
                stop = _DRAIN
            if stop != _CYCLES:
                break
        control[0].cycle = cycle
        return stop

    return run
