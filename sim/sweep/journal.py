"""The journal of a sweep: what has been measured, so that an interrupted sweep can go on.

A file of JSON lines. The first says what the sweep is: a hash of the function that measures, and
the version of pteg. Each other line is a point that is done.
"""

import json
import os
from collections.abc import Mapping
from os import PathLike
from typing import Any

from pteg.errors import UserError

__all__ = ["Journal"]


class Journal:
    """A journal that is open for more points.

    Parameters
    ----------
    path : path
        A file that exists is continued.
    head : dict
        What the sweep is.

    Attributes
    ----------
    done : dict
        The measures of each point, by the point's text.

    Raises
    ------
    UserError
        The file belongs to another sweep, or cannot be read or written.
    """

    def __init__(self, path: str | PathLike, head: Mapping[str, Any]):
        self.path = os.fspath(path)
        self.done: dict[str, dict[str, Any]] = {}
        head = {"sweep": 1, **head}
        try:
            lines = self._lines()
            if lines:
                self._check(lines, head)
            self._file = open(self.path, "a", encoding="utf-8")  # noqa: SIM115
            if not lines:
                self._append(head)
        except OSError as error:
            raise UserError(f"journal {self.path!r}: {error.strerror}") from None

    def _lines(self) -> list[str]:
        """The whole lines; what a killed run has left of the last one is removed."""
        try:
            with open(self.path, "r+b") as file:
                data = file.read()
                whole = data.rfind(b"\n") + 1
                if whole < len(data):
                    file.truncate(whole)
            return data[:whole].decode().splitlines()
        except FileNotFoundError:
            return []
        except UnicodeDecodeError:
            raise UserError(f"journal {self.path!r} must be a text of JSON lines") from None

    def _check(self, lines: list[str], head: Mapping[str, Any]) -> None:
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                if number > 1:
                    self.done[entry["point"]] = entry["measures"]
            except (ValueError, KeyError, TypeError):
                raise UserError(f"{self.path}:{number}: must be a line of a sweep's journal"
                                ) from None
            if number == 1 and entry != head:
                what = [name for name in head if not isinstance(entry, dict)
                        or entry.get(name) != head[name]]
                raise UserError(f"journal {self.path!r} is of another sweep ({', '.join(what)} "
                                "differ): remove it, or name another one")

    def add(self, point: str, measures: Mapping[str, Any]) -> None:
        """Note a point that is done."""
        self.done[point] = dict(measures)
        self._append({"point": point, "measures": measures})

    def _append(self, entry: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()
        except OSError as error:
            raise UserError(f"journal {self.path!r}: {error.strerror}") from None

    def close(self) -> None:
        self._file.close()
