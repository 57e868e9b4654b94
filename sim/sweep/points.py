"""The points of a sweep: which parameters it runs with."""

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pteg.errors import UserError

__all__ = ["points_of", "named"]


def points_of(points: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]]
              ) -> list[dict[str, Any]]:
    """All points of a grid or of a list.

    Parameters
    ----------
    points : mapping or iterable
        A grid: for each parameter its values, all of which meet all others; the last varies
        fastest. Or the points themselves, from a list or a generator.

    Raises
    ------
    UserError
        A point is no mapping of names to numbers, texts, lists of these, or None, or comes twice.
    """
    if isinstance(points, Mapping):
        for name, values in points.items():
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise UserError(f"parameter {name!r} must have a list of values, not {values!r}")
        grid = {name: list(values) for name, values in points.items()}
        found = [dict(zip(grid, values, strict=True))
                 for values in itertools.product(*grid.values())]
    else:
        found = []
        for point in points:
            if not isinstance(point, Mapping):
                raise UserError(f"a point must map names to values, not {point!r}")
            found.append(dict(point))
    found = [{name: _python(value) for name, value in point.items()} for point in found]
    seen: set[str] = set()
    for point in found:
        text = key_text(point)
        if text in seen:
            raise UserError(f"a point must come once, not twice: {named(point)}")
        seen.add(text)
    return found


def key_text(point: Mapping[str, Any]) -> str:
    """A point as text, the same for equal points."""
    for name, value in point.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise UserError(f"the name of a parameter must be an identifier, not {name!r}")
        if not _plain(value):
            raise UserError(f"parameter {name!r} must be a number, a text, None or a list of "
                            f"these, not {value!r}")
    return json.dumps(point, sort_keys=True)


def _python(value: Any) -> Any:
    """Numbers of numpy as Python's, which every process and every file takes."""
    return value.item() if getattr(value, "shape", None) == () else value


def _plain(value: Any) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return all(map(_plain, value))
    return isinstance(value, int | float | str | None)


def named(point: Mapping[str, Any]) -> str:
    """A point in words, for messages."""
    return ", ".join(f"{name}={value!r}" for name, value in point.items()) or "the only point"
