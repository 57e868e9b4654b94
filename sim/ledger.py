"""The ledger: one record for every architectural event, the same from both processor models.

A record is a row of a structured array in memory, and a line with one JSON object in a file.
Programs read this instead of parsing printed text. docs/ledger.md describes each kind.
"""

import enum
import json
from collections import deque
from collections.abc import Iterable
from os import PathLike
from typing import Any

import numpy as np

from pteg.errors import UserError
from pteg.frames import frame as new_frame
from pteg.hw.isa.exceptions import Vector
from pteg.hw.mmu.enums import AccessKind, SearchResult
from pteg.outputs import OutputFile
from pteg.symbols import Symbols
from pteg.worlds import World

__all__ = ["Kind", "SearchResult", "AccessKind", "PteBits", "RECORD", "FIELDS",
           "Ledger", "to_json", "from_json", "read", "describe", "frame"]


class Kind(enum.IntEnum):
    """What happened, and which fields of the record tell more."""

    EXCEPTION = 1     # cause = vector; ea = DAR for DSI and alignment; value = SRR1
    RETURN = 2        # rfi: value = new MSR, ea = target
    TLB_MISS = 3      # ea, va; cause = AccessKind
    WALK = 4          # table search: ea, va; pa = address of the PTE found, or 0;
                      # cause = SearchResult; value = PTEs examined
    PTE_UPDATE = 5    # ea, va; pa = address of the PTE; cause = PteBits; value = new second word
    TLBIE = 6         # ea
    MODE = 7          # mtmsr: value = new MSR
    DEVICE_READ = 8   # pa, value; cause = bytes
    DEVICE_WRITE = 9  # pa, value; cause = bytes
    BUS_ERROR = 10    # pa; cause = AccessKind


class PteBits(enum.IntEnum):
    """Which bit of a PTE a table search has set."""

    R = 1
    C = 2


#: cycle: clock cycles since reset (0 in the functional model); instruction: instructions completed
#: before the event; pc: the instruction that caused it; va: VSID (24 bits) and EA[4-19] (16 bits);
#: world: who owned the processor (`pteg.worlds.World`).
RECORD = np.dtype([
    ("cycle", "u8"), ("instruction", "u8"), ("va", "u8"), ("value", "u8"),
    ("pc", "u4"), ("ea", "u4"), ("pa", "u4"), ("cause", "u4"),
    ("kind", "u1"), ("core", "u1"), ("world", "u1"), ("_pad", "u1"), ("_pad2", "u4"),
])

#: Fields that every kind has; the order in which JSON has them.
COMMON = ("cycle", "instruction", "core", "world", "kind", "pc")
#: Fields of each kind beside them, and what its cause is: an enumeration, or a number (int).
FIELDS: dict[Kind, tuple[tuple[str, ...], Any]] = {
    Kind.EXCEPTION: (("cause", "ea", "value"), Vector),
    Kind.RETURN: (("ea", "value"), None),
    Kind.TLB_MISS: (("cause", "ea", "va"), AccessKind),
    Kind.WALK: (("cause", "ea", "va", "pa", "value"), SearchResult),
    Kind.PTE_UPDATE: (("cause", "ea", "va", "pa", "value"), PteBits),
    Kind.TLBIE: (("ea",), None),
    Kind.MODE: (("value",), None),
    Kind.DEVICE_READ: (("cause", "pa", "value"), int),
    Kind.DEVICE_WRITE: (("cause", "pa", "value"), int),
    Kind.BUS_ERROR: (("cause", "pa"), AccessKind),
}
#: Fields of RECORD, in its order.
_NAMES: tuple[str, ...] = RECORD.names or ()
#: Which kinds to take: members or names, or a text of names with commas; None: all.
Kinds = Iterable[Kind | str] | str | None
#: Numbers written as text in hexadecimal, with so many digits.
_HEX = {"pc": 8, "ea": 8, "pa": 8, "va": 10, "value": 8}
_COUNTS = {(Kind.WALK, "value")}


def to_json(record: np.void, symbols: Symbols | None = None) -> dict[str, int | str]:
    """One record as an object that `json` can write, without the fields its kind does not use.

    With a `pteg.symbols.Symbols`, `symbol` is the name that `pc` has in the record's world, if any.
    """
    kind = Kind(int(record["kind"]))
    fields, causes = FIELDS[kind]
    found: dict[str, int | str] = {}
    for name in (*COMMON, *fields):
        number = int(record[name])
        if name == "kind":
            found[name] = kind.name
        elif name == "cause" and causes is not int:
            found[name] = causes(number).name
        elif name in _HEX and (kind, name) not in _COUNTS:
            found[name] = f"0x{number:0{_HEX[name]}x}"
        else:
            found[name] = number
    symbol = symbols.of(int(record["world"])).name(int(record["pc"])) if symbols else None
    return found | ({"symbol": symbol} if symbol else {})


def from_json(entry: Any) -> tuple[int, ...]:
    """The record of an object that `to_json` made; ValueError if it is none.

    Returns
    -------
    tuple
        The fields of `RECORD`, in its order.
    """
    if not isinstance(entry, dict) or str(entry.get("kind")) not in Kind.__members__:
        raise ValueError("a record must be an object with a known kind")
    kind = Kind[entry["kind"]]
    fields, causes = FIELDS[kind]
    entry = {name: value for name, value in entry.items() if name != "symbol"}
    if set(entry) != {*COMMON, *fields}:
        raise ValueError(f"a {kind.name} record must have the fields "
                         f"{', '.join((*COMMON, *fields))}, not {', '.join(entry)}")
    values = dict.fromkeys(_NAMES, 0)
    number: Any
    for name, value in entry.items():
        if name == "kind":
            number = kind
        elif name == "cause" and causes is not int:
            if not isinstance(value, str) or value not in causes.__members__:
                raise ValueError(f"cause must be a {causes.__name__}, not {value!r}")
            number = causes[value]
        elif name in _HEX and (kind, name) not in _COUNTS:
            if not isinstance(value, str) or not value.startswith("0x"):
                raise ValueError(f"{name} must be a hexadecimal number, not {value!r}")
            number = int(value, 16)
        else:
            number = value
        limit = np.iinfo(RECORD[name]).max
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= limit:
            raise ValueError(f"{name} must be a number from 0 to {limit:#x}, not {value!r}")
        values[name] = int(number)
    return tuple(values[name] for name in _NAMES)


def read(path: str | PathLike) -> np.ndarray:
    """All records of a JSON-lines file: an array of `RECORD`."""
    rows = []
    try:
        with open(path, encoding="ascii") as file:
            for number, line in enumerate(file, 1):
                try:
                    rows.append(from_json(json.loads(line)))
                except json.JSONDecodeError:
                    raise UserError(f"{path}:{number}: must be an event of a ledger, not "
                                    f"{line.strip()[:40]!r}") from None
                except (ValueError, RecursionError) as error:
                    raise UserError(f"{path}:{number}: {error}") from None
    except OSError as error:
        raise UserError(f"cannot read {str(path)!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not a ledger: it is not ASCII text") from None
    return np.array(rows, RECORD)


def describe(record: np.void, symbols: Symbols | None = None) -> str:
    """One record in words, for people; with a `pteg.symbols.Symbols`, `pc` has its name."""
    entry = to_json(record, symbols)
    kind = str(entry["kind"])
    world = World(int(record["world"]))
    head = (f"{entry['cycle']:>10} {entry['instruction']:>10}  "
            f"{str(entry['pc'])[2:]}  {kind:<12}")
    tail = [f"<{entry['symbol']}>"] if "symbol" in entry else []
    tail += [f"({world.name})"] if world else []
    return " ".join([head, *(f"{name}={entry[name]}" for name in FIELDS[Kind[kind]][0]),
                     *tail])


def frame(records: np.ndarray, library: str = "pandas", symbols: Symbols | None = None) -> Any:
    """Records as a data frame.

    Its columns are the fields of a record as numbers, with `kind` and `cause` as names, and beside
    them `kind_number` and `cause_number`. `cause` is None where the cause is a number itself.

    Parameters
    ----------
    records : numpy.ndarray of RECORD
        One dimension, as `read` and `Ledger.records` have it.
    library : str
        "pandas", "polars" or "pyarrow".
    symbols : pteg.symbols.Symbols, optional
        Adds a column `symbol`, the name of `pc` or None.
    """
    kinds, causes = records["kind"].tolist(), records["cause"].tolist()
    columns: dict[str, Any] = {
        name: records[name] for name in ("cycle", "instruction", "core", "world")}
    columns |= {
        "kind": [Kind(kind).name for kind in kinds], "kind_number": records["kind"],
        "pc": records["pc"],
        "cause": [_cause_name(kind, cause) for kind, cause in zip(kinds, causes, strict=True)],
        "cause_number": records["cause"],
        **{name: records[name] for name in ("ea", "va", "pa", "value")}}
    if symbols is not None:
        columns["symbol"] = [symbols.name(pc) for pc in records["pc"].tolist()]
    # Fields of a record lie side by side; libraries want columns that are arrays of their own.
    return new_frame({name: np.ascontiguousarray(column) if isinstance(column, np.ndarray)
                      else column for name, column in columns.items()}, library)


def _cause_name(kind: int, cause: int) -> str | None:
    causes = FIELDS[Kind(kind)][1]
    return None if causes in (None, int) else causes(cause).name


class Ledger:
    """Collects records, in memory and in a file.

    Parameters
    ----------
    path : path, optional
        JSON-lines file that gets all records. None: no file.
    kinds : sequence of Kind or str, or str, optional
        Which to take: members or names of `Kind`, or a text of names with commas. None: all.
    keep : int
        How many records stay in memory at least, the latest; older ones are dropped there.
    symbols : pteg.symbols.Symbols, optional
        A `pteg.symbols.Symbols` that names `pc` in the file.

    Attributes
    ----------
    count : int
        Records taken, those that were dropped from memory included.
    """

    def __init__(self, path: str | PathLike | None = None, *, kinds: Kinds = None,
                 keep: int = 1_000_000, symbols: Symbols | None = None):
        if keep < 0:
            raise UserError(f"keep must not be negative, not {keep!r}")
        self._kinds = _kinds(kinds)
        self._keep, self._held = keep, 0
        self._pieces: deque[np.ndarray] = deque()
        self._symbols = symbols
        self.count = 0
        self._file = OutputFile(path, "ascii") if path is not None else None

    def add(self, records: np.ndarray) -> None:
        """Take an array of `RECORD`; what a processor model's `ledger` calls."""
        records = records[np.isin(records["kind"], self._kinds)]    # a copy
        if len(records) == 0:
            return
        self.count += len(records)
        if self._file:
            self._file.writelines(json.dumps(to_json(record, self._symbols)) + "\n"
                                  for record in records)
            self._file.flush()
        self._pieces.append(records)
        self._held += len(records)
        while self._held - len(self._pieces[0]) >= max(self._keep, 1):
            self._held -= len(self._pieces.popleft())

    @property
    def records(self) -> np.ndarray:
        """The latest records, the oldest first: one array of `RECORD`."""
        joined = np.concatenate([np.zeros(0, RECORD), *self._pieces])
        return joined[max(0, len(joined) - self._keep):]

    def frame(self, library: str = "pandas") -> Any:
        """The latest records as a data frame; see `frame`."""
        return frame(self.records, library, self._symbols)

    def close(self) -> None:
        """Close the file. The records in memory remain."""
        if self._file:
            self._file.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def _kinds(kinds: Kinds) -> list[Kind]:
    """Numbers of the kinds that are named."""
    if kinds is None:
        return list(Kind)
    if isinstance(kinds, str):
        kinds = kinds.replace(",", " ").split()
    found = []
    for kind in kinds:
        name = kind.name if isinstance(kind, Kind) else str(kind).upper()
        if name not in Kind.__members__:
            raise UserError(f"a kind must be one of {', '.join(Kind.__members__)}, not {kind!r}")
        found.append(Kind[name])
    return found
