"""Where two waveforms first differ: the cycle, the components and their signals."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from pteg.errors import UserError
from pteg.waveforms.reader import Waves

__all__ = ["Difference", "differences", "describe"]

Value = int | str | None


@dataclass(frozen=True, order=True)
class Difference:
    """The first difference of one signal.

    Attributes
    ----------
    cycle : int
    component, name : str
        Of the signal.
    values : (str, str)
        In both waveforms.
    """

    cycle: int
    component: str
    name: str
    values: tuple[str, str]


def differences(a: Waves, b: Waves, names: Iterable[str] | None = None) -> list[Difference]:
    """The first difference of each signal, the earliest first.

    Only cycles that both have recorded are compared, and by default all signals that both have.
    """
    begin, end = max(a.begin, b.begin), min(a.end, b.end)
    names = [name for name in a.widths if name in b.widths] if names is None else list(names)
    if begin >= end or not names:
        raise UserError(f"{a.path} and {b.path} have no "
                        f"{'signal' if begin < end else 'cycle'} in common")
    found = []
    for name in names:
        first = _first(a.changes(name), b.changes(name), begin, end)
        if first is not None:
            cycle, *values = first
            component, _, local = name.rpartition(".")
            digits = [_text(value, waves.widths[name])
                      for value, waves in zip(values, (a, b), strict=True)]
            found.append(Difference(cycle, component, local, (digits[0], digits[1])))
    return sorted(found)


def _first(a, b, begin, end):
    """(cycle, value, value) of the first difference of two lists of changes, or None."""
    if a == b:
        return None
    value = [None, None]
    changes = sorted([(cycle, 0, number) for number, (cycle, _) in enumerate(a)]
                     + [(cycle, 1, number) for number, (cycle, _) in enumerate(b)])
    for cycle, group in groupby(changes, key=lambda change: change[0]):
        # Values that hold up to this cycle are compared in the first one that counts.
        if cycle > begin and _differ(*value):
            return begin, *value
        for _, which, number in group:
            value[which] = (a, b)[which][number][1]
        begin = max(begin, cycle)
        if begin >= end:
            return None
    return (begin, *value) if _differ(*value) else None


def _differ(a, b):
    return a is not None and b is not None and a != b


def _text(value: Value, width: int | None) -> str:
    return str(value) if width is None or not isinstance(value, int) else (
        f"{value:0{(width + 3) // 4}x}")


def describe(found: list[Difference], signals: int = 4) -> str:
    """In words: a line for each component, in the order of cycles.

    Parameters
    ----------
    found
        What `differences` returns.
    signals
        So many of a component, those that differ first.
    """
    components: dict[str, list[Difference]] = {}
    for difference in found:
        components.setdefault(difference.component, []).append(difference)
    wide = max(map(len, ["component", *components]))
    lines = [f"{'cycle':>12}  {'component':{wide}}  signals that differ first"]
    for component, those in components.items():
        first = [each for each in those if each.cycle == those[0].cycle]
        texts = [f"{each.name} {each.values[0]} / {each.values[1]}" for each in first[:signals]]
        if len(those) > len(texts):
            texts.append(f"and {len(those) - len(texts)} more")
        lines.append(f"{those[0].cycle:>12,}  {component:{wide}}  {', '.join(texts)}")
    return "\n".join(lines)
