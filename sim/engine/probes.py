"""Where the signals and memories of a compiled design live in its state array.

The state of a design is a one-dimensional array of 64-bit words. A signal that is stored there (an
input, an output or a register) is described by its *parts*, least significant first; each part is
``width`` bits at ``shift`` in one word. A wire is not stored anywhere: a tracer recomputes it.
Nothing here needs Amaranth, so waveform writers can use it on a cached design.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Words", "Kind", "Part", "Probe", "MemoryInfo", "extract", "insert"]

#: The state of a design, or a tracer's buffer: one dimension, 64 bits a word.
Words = NDArray[np.uint64]

#: All bits of a word.
MASK64 = (1 << 64) - 1


class Kind(StrEnum):
    """What a signal is to the simulator."""

    INPUT = "input"
    OUTPUT = "output"
    REGISTER = "register"
    WIRE = "wire"


@dataclass(frozen=True, slots=True)
class Part:
    """``width`` bits at bit ``shift`` of word ``word`` of the state."""

    word: int
    shift: int
    width: int


@dataclass(frozen=True, slots=True)
class Probe:
    """A named signal, or a field of one.

    Attributes
    ----------
    path : str
        Dotted path of the signal in the component tree, without the name of the top component.
    enum : dict of int to str, or None
        Names of the values, when the signal has an enumeration as its shape.
    parts : tuple of Part
        Where it is stored; empty for a wire.
    source : str
        ``file:line`` of the signal's definition.
    """

    path: str
    width: int
    signed: bool
    kind: Kind
    enum: dict[int, str] | None = None
    parts: tuple[Part, ...] = ()
    source: str = ""

    def to_json(self) -> list[Any]:
        """Return a compact JSON-able form."""
        enum = None if self.enum is None else [[k, v] for k, v in self.enum.items()]
        parts = [[p.word, p.shift, p.width] for p in self.parts]
        return [self.path, self.width, int(self.signed), self.kind, enum, parts, self.source]

    @classmethod
    def from_json(cls, data: list[Any]) -> "Probe":
        """Rebuild a probe from :meth:`to_json`."""
        path, width, signed, kind, enum, parts, source = data
        return cls(path, width, bool(signed), Kind(kind), None if enum is None else dict(enum),
                   tuple(Part(*p) for p in parts), source)


@dataclass(frozen=True, slots=True)
class MemoryInfo:
    """A memory: row ``r`` is words ``base + r * stride`` and up, least significant word first.

    Attributes
    ----------
    stride : int
        Words per row: ``ceil(width / 64)``.
    """

    path: str
    base: int
    depth: int
    width: int
    stride: int
    source: str = ""

    def to_json(self) -> list[Any]:
        """Return a compact JSON-able form."""
        return [self.path, self.base, self.depth, self.width, self.stride, self.source]

    @classmethod
    def from_json(cls, data: list[Any]) -> "MemoryInfo":
        """Rebuild a description from :meth:`to_json`."""
        return cls(*data)

    def read(self, state: Words, row: int) -> int:
        """Return the contents of ``row`` as an unsigned integer."""
        start = self._word(row)
        return sum(int(state[start + i]) << (64 * i) for i in range(self.stride))

    def write(self, state: Words, row: int, value: int) -> None:
        """Set the contents of ``row``; excess bits of ``value`` are dropped."""
        start = self._word(row)
        value &= (1 << self.width) - 1
        for i in range(self.stride):
            state[start + i] = (value >> (64 * i)) & MASK64

    def _word(self, row: int) -> int:
        if not 0 <= row < self.depth:
            raise IndexError(f"row of {self.path} must be in 0..{self.depth - 1}, not {row!r}")
        return self.base + row * self.stride


def extract(state: Words, parts: Iterable[Part]) -> int:
    """Return the unsigned integer held in ``parts`` of ``state``."""
    value = position = 0
    for part in parts:
        bits = (int(state[part.word]) >> part.shift) & ((1 << part.width) - 1)
        value |= bits << position
        position += part.width
    return value


def insert(state: Words, parts: Iterable[Part], value: int) -> None:
    """Store ``value`` into ``parts`` of ``state``; excess bits are dropped."""
    for part in parts:
        mask = (1 << part.width) - 1
        old = int(state[part.word]) & ~(mask << part.shift) & MASK64
        state[part.word] = old | (value & mask) << part.shift
        value >>= part.width
