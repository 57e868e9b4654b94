"""Measurements of a part of a run: what was counted between two places."""

import itertools
from collections.abc import Iterator
from typing import Any, Protocol

from pteg.cpu import Stop
from pteg.errors import UserError
from pteg.statistics import difference
from pteg.symbols import Symbols

__all__ = ["Measurement", "regions"]


class Measured(Protocol):
    """What a measurement needs of a machine."""

    symbols: Symbols
    seconds: float
    #: Changes when counting begins anew.
    count_from: int

    @property
    def cpu(self) -> Any: ...

    @property
    def cycle(self) -> int: ...

    @property
    def instructions(self) -> int: ...

    def stats(self) -> dict[str, Any]: ...

    def run(self, cycles: int | None = None, instructions: int | None = None,
            until: int | None = None) -> Stop: ...


class Measurement:
    """What a machine counts from its beginning to its end.

    It begins when it is made. `with` ends it; until then, it shows what has been counted so far.

    Parameters
    ----------
    machine : pteg.Machine
        The machine that counts.
    """

    def __init__(self, machine: Measured):
        self._machine = machine
        self._count_from = machine.count_from
        self._seconds = machine.seconds
        self._before = machine.stats()
        self._ended: tuple[dict[str, Any], float] | None = None

    def end(self) -> None:
        """Count no further. Later calls do nothing."""
        self._ended = self._now()

    @property
    def stats(self) -> dict[str, Any]:
        """The difference of two `Machine.stats`, in their shape."""
        return self._now()[0]

    @property
    def cycles(self) -> int:
        """Clock cycles."""
        return self.stats["cycles"]

    @property
    def instructions(self) -> int:
        """Completed instructions."""
        return self.stats["instructions"]

    @property
    def seconds(self) -> float:
        """Duration of the simulation."""
        return self._now()[1]

    def _now(self) -> tuple[dict[str, Any], float]:
        if self._ended is not None:
            return self._ended
        machine = self._machine
        if machine.count_from != self._count_from:
            raise UserError("a measurement cannot go on after a reset or a hand-over: the machine "
                            "counts anew")
        return difference(machine.stats(), self._before), machine.seconds - self._seconds

    def __enter__(self) -> "Measurement":
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is None:    # an exception in the block says more than one of ours
            self.end()

    def __repr__(self) -> str:
        return f"<{self.cycles:,} cycles, {self.instructions:,} instructions>"


def regions(machine: Measured, begin: int | str, end: int | str | None, count: int | None,
            cycles: int | None, instructions: int | None) -> Iterator[Measurement]:
    """See `pteg.Machine.regions`."""
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise UserError(f"count must be a number from 1 on, not {count!r}")
    first = address_of(machine.symbols, begin)
    last = None if end is None else address_of(machine.symbols, end)
    last_cycle = None if cycles is None else machine.cycle + cycles
    last_instruction = None if instructions is None else machine.instructions + instructions

    def reaches(address: int) -> bool:
        return machine.run(_left(last_cycle, machine.cycle),
                           _left(last_instruction, machine.instructions),
                           until=address) is Stop.ADDRESS

    for _ in itertools.count() if count is None else range(count):
        if machine.cpu.pc != first and not reaches(first):
            return
        stack = machine.cpu.gpr[1]
        measurement = Measurement(machine)
        if last is not None:
            whole = reaches(last)
        else:
            # The function has returned, and not a call of itself from inside it.
            back = machine.cpu.lr & ~3
            while (whole := reaches(back)) and machine.cpu.gpr[1] < stack:
                pass
        if not whole:
            return
        measurement.end()
        yield measurement


def _left(limit: int | None, count: int) -> int | None:
    return None if limit is None else max(0, limit - count)


def address_of(symbols: Symbols, place: int | str) -> int:
    """The address that a number or the name of a symbol stands for; UserError if there is none."""
    address = symbols.address(place) if isinstance(place, str) else place
    if address is None:
        raise UserError(f"there is no symbol {place!r} in what has been loaded")
    if isinstance(address, bool) or not isinstance(address, int) or not (
            0 <= address < 1 << 32 and address % 4 == 0):
        raise UserError(f"a place must be the address of an instruction or a symbol, not {place!r}")
    return address
