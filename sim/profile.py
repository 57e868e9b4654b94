"""Where the time of a run goes: cycles, misses and stalls by address, by symbol and by call."""

import enum
import json
from collections import Counter
from collections.abc import Callable
from os import PathLike, fspath
from typing import NamedTuple

import numpy as np

from pteg.errors import UserError
from pteg.outputs import write_file
from pteg.symbols import Symbols
from pteg.table import Table

__all__ = ["Stall", "Samples", "Profile", "COUNTS", "FORMS", "check_name"]


class Stall(enum.IntEnum):
    """Why no instruction completes in a cycle."""

    NONE = 0            # one completes
    FETCH = 1           # none is in flight: fetch begins anew, or dispatch waits
    FETCH_MISS = 2      # none is in flight: instructions are read from memory or the L2
    FETCH_SEARCH = 3    # none is in flight: a table search for a fetch
    BRANCH = 4          # the oldest follows an unresolved prediction, or is a branch
    INTEGER = 5         # the oldest waits for operands, or for an integer unit
    FLOAT = 6           # or for the floating-point unit
    SYSTEM = 7          # or for the system register unit
    LOAD_STORE = 8      # or for the load/store unit
    DATA_MISS = 9       # or, a load or store, for memory or the L2
    DATA_SEARCH = 10    # or, a load or store, for a table search
    EXCEPTION = 11      # an exception is taken
    ASLEEP = 12         # power-save mode


class Samples(NamedTuple):
    """Consecutive cycles: an array for each, with a place for each cycle."""

    #: The oldest instruction, or the next one if none is in flight; and the next to be fetched.
    pc: np.ndarray
    fetch_pc: np.ndarray
    #: `Stall`.
    stall: np.ndarray
    #: So many instructions completed, folded branches included; so many misses began.
    instructions: np.ndarray
    icache_misses: np.ndarray
    itlb_misses: np.ndarray
    dcache_misses: np.ndarray
    dtlb_misses: np.ndarray
    #: LR, and whether an exception was taken.
    lr: np.ndarray
    exception: np.ndarray


#: What is counted at each address, beside the cycles of each stall. Misses of fetches count at the
#: address that is fetched, everything else at the oldest instruction.
COUNTS = ("cycles", "instructions", "icache_misses", "itlb_misses", "dcache_misses", "dtlb_misses")
_FETCHES = ("icache_misses", "itlb_misses")
#: In place of a symbol.
UNKNOWN = "unknown"
#: More calls inside of each other than a program has: those of returns that were not seen.
DEEPEST = 256
#: Endings of the files that `Profile.write` writes.
FORMS = (".csv", ".parquet", ".folded", ".json")


class Profile:
    """Counts of the cycles that it gets.

    Parameters
    ----------
    symbols : pteg.symbols.Symbols
        Names of functions.
    close : callable, optional
        Ends it.
    """

    def __init__(self, symbols: Symbols, close: Callable[[], None] = lambda: None):
        self._symbols, self._close = symbols, close
        self._counts: dict[str, Counter[int]] = {name: Counter() for name in COUNTS}
        self._stalls: dict[Stall, Counter[int]] = {stall: Counter() for stall in Stall if stall}
        self._stack: tuple[str, ...] = ()
        self._entered = False       # an exception was taken in the cycle before
        #: Cycles by the functions that have called each other, the innermost last.
        self.stacks: Counter[tuple[str, ...]] = Counter()

    def close(self) -> None:
        """Count no further. Later calls do nothing."""
        close, self._close = self._close, lambda: None
        close()

    def __enter__(self) -> "Profile":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def add(self, samples: Samples) -> None:
        """Count cycles, which follow those of the call before."""
        if not len(samples.pc):
            return
        addresses, places = np.unique(samples.pc, return_inverse=True)
        _count(self._counts["cycles"], addresses, places, None)
        for name in COUNTS[1:]:
            if name not in _FETCHES:
                _count(self._counts[name], addresses, places, getattr(samples, name))
        for stall, counter in self._stalls.items():
            _count(counter, addresses, places, samples.stall == stall)
        fetched, at = np.unique(samples.fetch_pc, return_inverse=True)
        for name in _FETCHES:
            _count(self._counts[name], fetched, at, getattr(samples, name))
        self._follow_calls(addresses, places, samples)

    # Results ----------------------------------------------------------------------------------

    @property
    def cycles(self) -> int:
        """All cycles that were counted."""
        return self._counts["cycles"].total()

    def by_symbol(self) -> Table:
        """A row for each symbol, the one with the most cycles first."""
        return self._table("symbol", self._name)

    def by_address(self) -> Table:
        """A row for each address, the one with the most cycles first."""
        return self._table("address", int)

    def collapsed(self) -> str:
        """Lines `outer;inner cycles`, which programs that draw flame graphs read."""
        return "".join(f"{';'.join(stack)} {cycles}\n"
                       for stack, cycles in sorted(self.stacks.items()))

    def speedscope(self, name: str = "pteg") -> str:
        """The file that the viewer speedscope opens, as JSON."""
        frames = sorted({frame for stack in self.stacks for frame in stack})
        numbers = {frame: number for number, frame in enumerate(frames)}
        stacks = sorted(self.stacks.items())
        return json.dumps({
            "$schema": "https://www.speedscope.app/file-format-schema.json",
            "name": name, "exporter": "pteg", "activeProfileIndex": 0,
            "shared": {"frames": [{"name": frame} for frame in frames]},
            "profiles": [{
                "type": "sampled", "name": "cycles", "unit": "none", "startValue": 0,
                "endValue": self.stacks.total(),
                "samples": [[numbers[frame] for frame in stack] for stack, _ in stacks],
                "weights": [cycles for _, cycles in stacks]}]}) + "\n"

    def write(self, path: str | PathLike) -> None:
        """Write a file: the ending of its name says what.

        `.csv` and `.parquet` are the table by symbol, `.folded` collapsed stacks, `.json` is for
        speedscope.
        """
        check_name(path)
        if fspath(path).endswith((".csv", ".parquet")):
            self.by_symbol().write(path)
        else:
            text = self.collapsed() if fspath(path).endswith(".folded") else self.speedscope()
            write_file(path, text.encode())

    def __repr__(self) -> str:
        return repr(self.by_symbol())

    def _repr_html_(self) -> str:
        return self.by_symbol()._repr_html_()

    def _table(self, heading: str, key: Callable[[int], str | int]) -> Table:
        counters = {**self._counts,
                    **{stall.name.lower(): counter for stall, counter in self._stalls.items()}}
        rows: dict[str | int, Counter[str]] = {}
        for name, counter in counters.items():
            for address, count in counter.items():
                rows.setdefault(key(address), Counter())[name] += count
        order = sorted(rows.items(), key=lambda row: (-row[1]["cycles"], str(row[0])))
        return Table({heading: place, **{name: counts[name] for name in counters}}
                     for place, counts in order)

    # Calls ------------------------------------------------------------------------------------

    def _name(self, address: int) -> str:
        return self._symbols.function(address) or UNKNOWN

    def _follow_calls(self, addresses: np.ndarray, places: np.ndarray,
                      samples: "Samples") -> None:
        """Guess the functions that have called each other, by symbols and LR alone.

        Where the symbol changes, it is a call if LR points into the old one or if an exception is
        taken, and a return if the new one has called the old one; otherwise a jump. Direct
        recursion is one function.
        """
        names = [self._name(int(address)) for address in addresses]
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        numbered = np.array([numbers[name] for name in names])[places]
        borders = [0, *(np.flatnonzero(numbered[1:] != numbered[:-1]) + 1).tolist(), len(numbered)]
        for begin, end in zip(borders, borders[1:], strict=False):
            excepted = samples.exception[begin - 1] if begin else self._entered
            self._go(names[places[begin]], int(samples.lr[begin]), bool(excepted))
            self.stacks[self._stack] += end - begin
        self._entered = bool(samples.exception[-1])

    def _go(self, name: str, lr: int, excepted: bool) -> None:
        stack = self._stack
        if stack and stack[-1] == name:
            return
        caller = self._symbols.function(lr - 4 & 0xFFFF_FFFF)
        called = excepted or bool(stack) and caller == stack[-1]
        if called and len(stack) < DEEPEST:
            self._stack = (*stack, name)
        elif name in stack:
            self._stack = stack[:len(stack) - stack[::-1].index(name)]
        else:
            self._stack = (*stack[:-1], name)


def check_name(path: str | PathLike) -> None:
    """UserError unless `Profile.write` knows what to write there."""
    if not fspath(path).endswith(FORMS):
        raise UserError(f"a profile's name must end in {', '.join(FORMS)}, not {fspath(path)!r}")


def _count(counter: Counter[int], addresses: np.ndarray, places: np.ndarray,
           weights: np.ndarray | None) -> None:
    """Add weights, or 1 for each cycle, to the counts of addresses."""
    if weights is not None and not weights.any():
        return
    sums = np.bincount(places, weights, len(addresses))
    for place in np.flatnonzero(sums).tolist():
        counter[int(addresses[place])] += int(sums[place])
