"""What a lab is: files, tests, and an attempt of a student that the tests examine."""

import hashlib
import random
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pteg.errors import UserError
from pteg.files import read_file
from pteg.mmu import Walk

__all__ = ["Lab", "Test", "Wrong", "choices", "folder_of", "named_in", "seed_of"]


class Wrong(Exception):
    """A test has failed.

    Parameters
    ----------
    why : str
        One sentence that the student can act on.
    walk : pteg.mmu.Walk, optional
        The translation at that moment, for a picture.
    cycle : int, optional
        When it was.
    part : float
        The part of the points that is given all the same.
    """

    def __init__(self, why: str, walk: Walk | None = None, cycle: int | None = None,
                 part: float = 0.0):
        super().__init__(why)
        self.why, self.walk, self.cycle, self.part = why, walk, cycle, part


@dataclass(frozen=True)
class Test:
    """A test of a lab.

    Attributes
    ----------
    name, title : str
    points : int
    check : callable
        Of the attempt; raises `Wrong`.
    """

    name: str
    title: str
    points: int
    check: Callable[[Any], None]


@dataclass(frozen=True)
class Lab:
    """A lab.

    Attributes
    ----------
    name, title : str
    tests : callable
        Of the seed: its tests.
    attempt : callable
        Of a student's folder and the seed: what the tests examine. Raises `UserError`.
    files : callable
        Of the seed: the files that a student begins with, texts by name.
    solution : callable
        Of the seed: the files of the solution.
    """

    name: str
    title: str
    tests: Callable[[int], list[Test]]
    attempt: Callable[[Path, int], Any]
    files: Callable[[int], dict[str, str]]
    solution: Callable[[int], dict[str, str]]
    metrics: Callable[[Any], dict[str, int]] = field(default=lambda attempt: {})

    def text(self, name: str) -> str:
        """A text of the lab: `handout.md` or `instructor.md`."""
        return (folder_of(self.name) / name).read_text(encoding="utf-8")


def folder_of(lab: str) -> Path:
    """Where the sources of a lab are."""
    from pteg.firmware import labs

    return Path(str(labs.__file__)).parent / lab.lower()


def seed_of(student: str) -> int:
    """The seed of a student: the same on every computer."""
    return int.from_bytes(hashlib.sha256(student.encode()).digest()[:4], "big")


def named_in(path: Path) -> tuple[str, int]:
    """The name of the lab and the seed in a `lab.toml`."""
    try:
        given = tomllib.loads(read_file(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from None
    seed = given.get("seed")
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < 1 << 32:
        raise UserError(f"{path}: seed must be a number of 32 bits, not {seed!r}")
    return str(given.get("lab")), seed


def choices(lab: str, seed: int) -> random.Random:
    """Random choices that depend on a seed and on the lab."""
    return random.Random(f"{lab} {seed}")
