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


def make_run(read_pc, read_instructions, read_checkstop, read_bus_edge, set_interrupt, clock_ports,
             take_traces, tick, interrupt, console):
    """Compile the loop.

    Parameters
    ----------
    read_pc, read_instructions, read_checkstop, read_bus_edge : functions of the state
    set_interrupt : function of the state and a level
        Drives the processor's pin.
    clock_ports : function of state, devices and targets
        One clock of every device's bus port.
    take_traces : function of state, watch, traces, buffers and a row
    tick, interrupt, console
        Of the platform's functions.
    """

    @njit(error_model="numpy", _nrt=False)
    @named_after(read_pc, read_instructions, read_checkstop, read_bus_edge, set_interrupt,
                 clock_ports, take_traces, tick, interrupt, console)
    def run(step, state, devices, targets, control, watch, traces, buffers):
        cycle = begin = control[0].cycle
        last_cycle = control[0].last_cycle
        last_instruction = control[0].last_instruction
        address = control[0].address
        pc, instructions = read_pc(state), read_instructions(state)
        stop = _CYCLES
        while cycle < last_cycle:
            take_traces(state, watch, traces, buffers, cycle - begin)
            step(state)
            cycle += 1
            if read_bus_edge(state):
                clock_ports(state, devices, targets)
            tick(devices, np.int64(1))  # not a literal, for which it would be compiled anew
            set_interrupt(state, interrupt(devices))

            new_pc, new_instructions = read_pc(state), read_instructions(state)
            seen = console(devices, watch)
            if read_checkstop(state):
                stop = _CHECKSTOP
            elif seen == 1:
                stop = _CONSOLE
            elif new_pc == address and (new_pc != pc or new_instructions != instructions):
                stop = _ADDRESS
            elif new_instructions >= last_instruction:
                stop = _INSTRUCTIONS
            elif seen == 2:
                stop = _DRAIN
            pc, instructions = new_pc, new_instructions
            if stop != _CYCLES:
                break
        control[0].cycle = cycle
        return stop

    return run
