"""Signals of a trace, and in which words they are."""

import dataclasses
from collections.abc import Callable, Mapping

__all__ = ["Signal", "Text", "columns"]


@dataclasses.dataclass(frozen=True)
class Signal:
    """A signal of a trace. Any object with these attributes will do, such as the engine's probes.

    Parameters
    ----------
    path
        Names from the top component down, joined by dots.
    width
        Bits. A signal of width 0 has no words and is not shown.
    signed
        Two's complement number.
    enum
        Names of values, for a signal whose shape is an enumeration.
    """

    path: str
    width: int
    signed: bool = False
    enum: Mapping[int, str] | None = None


@dataclasses.dataclass(frozen=True)
class Text(Signal):
    """A signal whose values represent texts, such as instructions.

    Parameters
    ----------
    label
        The text for a value. It is asked once for each.
    """

    label: Callable[[int], str] = str


def columns(signals):
    """First word of each signal: one word per 64 bits, least significant first.

    Returns
    -------
    (list of int, int)
        The first words, and how many words there are.
    """
    found, size = [], 0
    for signal in signals:
        found.append(size)
        size += (signal.width + 63) // 64
    return found, size
