"""Functions of a student: whether they return, and which registers they change."""

from collections.abc import Iterable

from pteg.cpu import Stop
from pteg.labs.kit import Wrong
from pteg.machine import Machine

__all__ = ["changed", "end_of"]

#: Not r18 and r19: handlers of page faults note there what has happened.
_KEPT = (1, 2, *range(13, 18), *range(20, 32))


def end_of(machine: Machine, stop: Stop) -> str:
    """Where a run has ended that should have come to another place."""
    why = ", and nothing answers at the address that it accesses"
    return (f"after {machine.instructions:,} instructions the processor is at "
            f"{machine.symbols.describe(machine.cpu.pc)}{why if stop is Stop.CHECKSTOP else ''}")


def changed(machine: Machine, calls: Iterable[int], instructions: int) -> Wrong | None:
    """Run over calls of functions, and tell the first one that leaves another value in a register
    which it must not change.

    Parameters
    ----------
    machine : Machine
        About to run a program.
    calls : iterable of int
        Addresses of functions, in the order in which the program calls them. A call that does not
        come or does not return ends the search: the program cannot go on either.
    instructions : int
        Limit for each call, and for the way to it.
    """
    for register in _KEPT:
        machine.cpu.gpr[register] = 0xC0DE0000 | register   # what a function hardly puts there
    for function in calls:
        if machine.run(until=function, instructions=instructions) != "address":
            return None
        before = [machine.cpu.gpr[register] for register in _KEPT]
        if machine.run(until=machine.cpu.spr["LR"], instructions=instructions) != "address":
            return None
        for register, value in zip(_KEPT, before, strict=True):
            if machine.cpu.gpr[register] != value:
                return Wrong(f"{machine.symbols.name(function)} has changed r{register} from "
                             f"{value:08x} to {machine.cpu.gpr[register]:08x}; it may use r0 and "
                             "r3 to r12", cycle=machine.cycle)
    return None
