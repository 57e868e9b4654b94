"""Runs of a machine: in pieces, between which Python serves the console and sees to the rest."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from pteg.console import Console
from pteg.cpu import Cpu, Limits, Stop
from pteg.hw.isa.registers import Hid0, Msr
from pteg.waiting import waits

__all__ = ["run"]

#: Seconds of a piece.
CHUNK = 0.05
#: So many exceptions without an instruction that completes: their handlers cannot run either.
EXCEPTIONS = 16
#: Cycles without an instruction and without an exception before a run is given up. Nothing takes so
#: long, not even a device that has to be waited for.
PATIENCE = 1 << 22


class Runs(Protocol):
    """What a run needs of a machine."""

    seconds: float
    console: Console

    @property
    def model(self) -> Cpu: ...

    @property
    def cpus(self) -> Any: ...


def run(machine: Runs, limits: Limits, condition: Callable[[Any], object] | None = None,
        between: Callable[[], object] | None = None) -> Stop:
    """Run until one of the limits, or until nothing completes any more.

    Parameters
    ----------
    machine : Runs
        Its `seconds` grow by the time that the processor model has taken.
    limits : Limits
    condition : callable, optional
        Asked after every instruction with the machine: stop when it is true.
    between : callable, optional
        Called between the pieces: stop when it is true.

    Returns
    -------
    Stop
    """
    model, chunk = machine.model, 10_000
    end_cycle = model.cycle + limits.cycles
    end_instruction = model.instructions + limits.instructions
    progress, look = _Progress(machine), model.cycle + model.look
    while True:
        if model.cycle >= look:
            if progress.stuck():
                return Stop.STUCK
            look += model.look
        left = Limits(end_cycle - model.cycle, end_instruction - model.instructions,
                      limits.address, limits.watch, limits.undisturbed)
        if left.cycles <= 0:
            return Stop.CYCLES
        if left.instructions <= 0:
            return Stop.INSTRUCTIONS
        piece = min(chunk, look - model.cycle)
        whole = left.cycles <= piece
        left.cycles = min(left.cycles, piece)
        if condition is not None:
            left.instructions = min(left.instructions, 1)
        begin, waited = time.perf_counter(), waits.seconds
        stop = model.run(left)
        seconds = time.perf_counter() - begin - (waits.seconds - waited)
        machine.seconds += seconds
        machine.console.drain()
        if stop is Stop.INSTRUCTIONS and condition is not None:
            if condition(machine):
                return Stop.CONDITION
        elif stop is not Stop.DRAIN and not (stop is Stop.CYCLES and not whole):
            return stop
        if between is not None and between():
            return Stop.INTERRUPTED
        if stop is Stop.CYCLES and seconds < CHUNK / 2:
            chunk = min(2 * chunk, PATIENCE)
        elif seconds > CHUNK * 2:
            chunk = max(1000, chunk // 2)


class _Progress:
    """Whether instructions complete, as seen at fixed cycles: equal runs end in the same one."""

    def __init__(self, machine: Runs):
        self._machine = machine
        self._begin()

    def _begin(self) -> None:
        model = self._machine.model
        self._cycle, self._instructions, self._exceptions = (
            model.cycle, model.instructions, model.exceptions)

    def stuck(self) -> bool:
        """No instruction has completed since the last look, and none ever will."""
        model = self._machine.model
        if model.instructions != self._instructions or self._asleep():
            self._begin()
            return False
        return (model.exceptions - self._exceptions >= EXCEPTIONS
                or model.cycle - self._cycle >= PATIENCE)

    def _asleep(self) -> bool:
        """Every processor is in a power-save mode (MPC750 UM 10.2), or held."""
        held = self._machine.model.is_held
        return all(held(number) or cpu.msr & Msr.POW
                   and cpu.spr["HID0"] & (Hid0.DOZE | Hid0.NAP | Hid0.SLEEP)
                   for number, cpu in enumerate(self._machine.cpus))
