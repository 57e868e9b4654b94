"""What a trigger may call: places of the program, exceptions, table searches, bus, console, ledger.

Most are conditions on signals. What the console prints and the events of the ledger are no signals:
they become columns of the rows, which two kinds of `pteg.pipeline.computed.Source` fill in.
"""

from collections.abc import Callable

import numpy as np

from pteg.components.console import new_watch
from pteg.errors import UserError
from pteg.hw.isa.exceptions import Vector
from pteg.hw.mmu.enums import AccessKind
from pteg.ledger import COMMON, FIELDS, Kind
from pteg.pipeline.ledger import probes
from pteg.pipeline.places import System
from pteg.waveforms.signals import Signal
from pteg.worlds import World

__all__ = ["Functions"]

#: Bytes of a page.
PAGE = 1 << 12
Place = int | str
Range = Place | tuple[Place, Place]


class Functions:
    """The functions, for one machine.

    Parameters
    ----------
    cpu : pteg.pipeline.cpu.PipelineCpu
    symbols : pteg.symbols.Symbols
        Names that may be given instead of addresses.
    """

    def __init__(self, cpu, symbols):
        self._cpu, self._symbols = cpu, symbols
        self._console, self._events = _Console(cpu.platform), _Events(cpu)

    @property
    def sources(self) -> list:
        """The sources of the columns that the calls up to now need."""
        return [source for source in (self._events, self._console) if source.texts]

    @property
    def callable(self) -> dict[str, Callable[..., str]]:
        """All of them by name; each returns the text of a condition on signals and columns."""
        return {"pc": self._pc, "exception": self._exception, "tlb_miss": self._tlb_miss,
                "walk": self._walk, "bus": self._bus, "console": self._printed,
                "event": self._event}

    def _pc(self, place):
        core, address = self._cpu.places.core, self._address(place)
        completion, branch = core.completion, core.branch
        return (f"{completion.complete} and ({completion.oldest.pc} == {address}"
                f" or {completion.last_pc} == {address})"
                f" or {branch.queue__mark} and {branch.queue__folded} and {branch.pc} == {address}")

    def _exception(self, vector=None):
        completion = self._cpu.places.core.completion
        if vector is None:
            return completion.exception__valid
        return (f"{completion.exception__valid} and {completion.exception__vector} == "
                f"{_member(Vector, vector, 'exception')}")

    def _tlb_miss(self, access=None):
        mmu = self._cpu.places.mmu
        if access is None:
            return f"{mmu.immu.tlb_miss} or {mmu.dmmu.tlb_miss}"
        kind = _member(AccessKind, access, "access")
        if kind == AccessKind.FETCH:
            return mmu.immu.tlb_miss
        return f"{mmu.dmmu.tlb_miss} and {mmu.dmmu.search__kind} == {kind}"

    def _walk(self, ea=None):
        walker = self._cpu.places.mmu.walker
        if ea is None:
            return walker.busy
        first = self._address(ea) & -PAGE
        return f"{walker.busy} and {first} <= {walker.ea} < {first + PAGE}"

    def _bus(self, first, last=None):
        arbiter = System("").bus.arbiter
        low, high = self._range(first if last is None else (first, last))
        return f"{arbiter.bus__ts} and {low} <= {arbiter.bus__a} <= {high}"

    def _printed(self, text):
        if not isinstance(text, str) or not text:
            raise UserError("needs a text that is not empty")
        return self._console.column(text)

    def _event(self, kind, /, **fields):
        kind = Kind(_member(Kind, kind, "event"))
        causes = FIELDS[kind][1]
        ranges = {}
        for name, value in fields.items():
            enum = causes if name == "cause" else World if name == "world" else None
            if isinstance(value, str) and enum not in (None, int):
                value = _member(enum, value, name)
            ranges[name] = self._range(value)
        return self._events.column(kind, ranges)

    def _address(self, place: Place) -> int:
        address = self._symbols.address(place) if isinstance(place, str) else place
        if not isinstance(address, int):
            raise UserError(f"there is no symbol {place!r}")
        return address

    def _range(self, place: Range) -> tuple[int, int]:
        if isinstance(place, tuple) and len(place) != 2:
            raise UserError(f"a range must be (first, last), not {place!r}")
        first, last = place if isinstance(place, tuple) else (place, place)
        return self._address(first), self._address(last)


def _member(enum, name, what):
    """The number of a member that is given by its name."""
    if name not in enum.__members__:
        raise UserError(f"{what} must be one of {', '.join(enum.__members__)}, not {name!r}")
    return int(enum[name])


class _Console:
    """Columns: for each text, whether the cycle before has completed it; and the number of
    characters that the console had printed before the cycle, which the driver fills in."""

    needed, lead, printed = (), 1, True

    def __init__(self, platform):
        self._platform, self.texts, self._watched = platform, [], []
        self._watches, self._complete = [], []      # of each text; the latter not yet in a row

    def column(self, text):
        if self._platform.console is None:
            raise UserError("the machine has no console")
        new_watch(text)     # refuses what is too long
        self._watched.append(text)
        columns = [Signal(f"console.text{number}", 1)
                   for number in range(1, len(self._watched) + 1)]
        self.texts = [*columns, Signal("console.printed", 64)]
        return columns[-1].path

    def restart(self):
        self._watches = []

    def fill(self, rows, columns):
        count = rows[:, -1]
        if not self._watches:
            self._watches = [new_watch(text, int(count[0])) for text in self._watched]
            self._complete = [[] for _ in self._watched]
        for number, (watch, complete) in enumerate(zip(self._watches, self._complete, strict=True)):
            while self._platform.functions().console(self._platform.arrays, watch) == 1:
                complete.append(int(watch["seen"][0]))
            column = rows[:, columns[0] + number]
            column[:] = 0
            while complete and complete[0] <= count[-1]:
                column[np.searchsorted(count, complete.pop(0))] = 1


class _Events:
    """A column for each event that is asked for: whether the ledger has just got such a record."""

    lead = 0
    printed = False

    def __init__(self, cpu):
        self.needed = list(probes(cpu.places).values())
        self.texts, self._wanted = [], []
        self._cpu, self._finder = cpu, None

    def column(self, kind, ranges):
        known = (*COMMON, *FIELDS[kind][0])
        for name in ranges:
            if name not in known:
                raise UserError(f"{kind.name} has the fields {', '.join(known)}, not "
                                f"{name!r}")
        self.texts.append(Signal(f"ledger.event{len(self.texts) + 1}", 1))
        self._wanted.append((kind, ranges))
        return self.texts[-1].path

    def restart(self):
        self._finder = None

    def fill(self, rows, columns):
        if self._finder is None:
            self._finder = self._cpu.event_finder(columns[:-1])
        rows[:, columns[-1]:columns[-1] + len(self.texts)] = 0
        for records in self._finder.find(0, rows):
            at = _written(records)
            for number, (kind, ranges) in enumerate(self._wanted):
                hit = records["kind"] == kind
                for name, (low, high) in ranges.items():
                    hit &= (records[name] >= low) & (records[name] <= high)
                rows[at[hit], columns[-1] + number] = 1


def _written(records):
    """The row in which each record is written: a TLB miss and updates of a PTE when the search has
    ended, which has the record after a miss and before the updates."""
    at = records["cycle"].astype(np.int64)
    miss = np.flatnonzero(records["kind"] == Kind.TLB_MISS)
    at[miss] = at[miss + 1]
    return np.maximum.accumulate(at)
