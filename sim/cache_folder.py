"""The cache: files that make the next start quick, and that nothing depends on.

The name of a file has a hash of all that it was made from. So what one computer has made, another
can use: on a cluster, a `Shelf` is asked for what this computer does not have.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from platformdirs import user_cache_dir

from pteg import STARTED
from pteg.outputs import replace_file

__all__ = ["Shelf", "borrowing", "digest_of_file", "edited", "folder", "is_borrowing", "keep",
           "names", "read"]


class Shelf(Protocol):
    """What other computers have made."""

    def take(self, name: str) -> bytes | None:
        """A file that another one has made, or is making now; None: this one has to make it."""

    def put(self, name: str, data: bytes) -> None:
        """Give a file to the others."""


_shelf: ContextVar[Shelf | None] = ContextVar("shelf", default=None)


@contextmanager
def borrowing(shelf: Shelf) -> Iterator[None]:
    """Use a shelf, in this thread."""
    token = _shelf.set(shelf)
    try:
        yield
    finally:
        _shelf.reset(token)


def is_borrowing() -> bool:
    """Whether this thread uses a shelf: what it makes, it makes for others too."""
    return _shelf.get() is not None


def folder() -> Path:
    """Return the cache folder: $PTEG_CACHE, or `pteg` in the platform's cache folder."""
    path = Path(os.environ.get("PTEG_CACHE") or user_cache_dir("pteg", appauthor=False))
    # A user without a home has no cache: nothing can be inside of a device.
    return Path(os.devnull) / "cache" if path.parts[:1] == ("~",) else path


def names() -> set[str]:
    """The names of all files, as `read` takes them."""
    place = folder()
    return {file.relative_to(place).as_posix() for file in place.rglob("*") if file.is_file()}


def read(name: str) -> bytes | None:
    """Return a file of the cache, or None if it has to be made: `keep` it then."""
    try:
        return (folder() / name).read_bytes()
    except OSError:
        pass
    shelf = _shelf.get()
    data = None if shelf is None else shelf.take(name)
    if data is not None:
        _write(name, data)
    return data


def keep(name: str, data: bytes) -> bool:
    """Write a file of the cache. One that cannot be written is no error; return if it could."""
    if shelf := _shelf.get():
        shelf.put(name, data)
    return _write(name, data)


def _write(name: str, data: bytes) -> bool:
    try:
        path = folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    except OSError:
        return False
    return True


def digest_of_file(source: str | os.PathLike) -> bytes:
    """A hash of what is in a file; it is read again only if its time or its size is another."""
    found = os.stat(source)
    return _digest(os.fspath(source), found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4096)
def _digest(path: str, time: int, size: int) -> bytes:
    return hashlib.sha256(Path(path).read_bytes()).digest()


def edited(sources: Iterable[str | os.PathLike]) -> bool:
    """Whether any of these files has been written since this process has begun.

    It may then be another text than the one that was imported. What is compiled from the one must
    not be kept under the name of the other.
    """
    return any(os.stat(source).st_mtime_ns > STARTED for source in sources)
