"""Files that pteg writes: each ends whole or is absent, and one line says why.

`write_file` is for what is there at once, `OutputFile` for what grows while the machine runs and
may be read meanwhile. The latter is whole after each `flush`: on a full disk it keeps that.
"""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from pteg.errors import UserError

__all__ = ["OutputFile", "check_writable", "write_file", "write_folder", "replace_file"]


def check_writable(path: str | PathLike) -> None:
    """UserError unless a file of this name can be written, as far as can be seen without doing it.

    Asked before long work, whose result `write_file` writes in the end.
    """
    path = os.fspath(path)
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        problem = "is a folder"
    elif not os.path.isdir(folder):
        problem = "its folder does not exist"
    elif not os.access(path if os.path.exists(path) else folder, os.W_OK):
        problem = "permission denied"
    else:
        return
    raise UserError(f"cannot write {path!r}: {problem}")


def write_file(path: str | PathLike, *parts: bytes) -> None:
    """Write bytes to a file: beside it first, so that an older one of this name stays until then.

    Raises
    ------
    UserError
        It cannot be written. A file of this name is as it was.
    """
    with _named(path):
        # Through a link: renaming onto the link itself would replace it.
        target = os.path.realpath(path)
        if os.path.exists(target) and not os.path.isfile(target):
            with open(target, "wb") as file:    # a terminal, a pipe
                file.writelines(parts)
        else:
            replace_file(target, *parts)


def write_folder(folder: Path, files: Mapping[str, bytes], exist_ok: bool = False) -> None:
    """Make a folder with files: all of it, or nothing.

    Parameters
    ----------
    folder : path
        Folders above it are made too.
    files : mapping of str to bytes
        Contents by name.
    exist_ok : bool
        Whether the folder may be there.

    Raises
    ------
    UserError
        It cannot be made.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=exist_ok)
    except OSError as error:
        raise UserError(f"cannot make the folder {str(folder)!r}: {error.strerror}") from None
    try:
        for name, data in files.items():
            write_file(folder / name, data)
    except BaseException:   # Ctrl-C too
        with contextlib.suppress(OSError):
            for name in files:
                (folder / name).unlink(missing_ok=True)
            for place in made:
                place.rmdir()
        raise


def replace_file(path: str | PathLike, *parts: bytes) -> None:
    """As `write_file`, for a path without links; raises OSError."""
    folder, name = os.path.split(path)
    handle, temporary = tempfile.mkstemp(dir=folder or ".", prefix=f".{name[:60]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode(path))    # mkstemp's files are for their owner alone
        os.replace(temporary, path)
    except BaseException:   # Ctrl-C too
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    # The new name has to reach the disk as well; not every system can open a folder for that.
    with contextlib.suppress(OSError):
        handle = os.open(folder or ".", os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _mode(path: str | PathLike) -> int:
    """Permissions of the file that is replaced, or those of any new file."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


class OutputFile:
    """A file that is written little by little. If that fails, it ends where it was flushed last,
    and is removed if it never was.

    Parameters
    ----------
    path : path
        An existing file is replaced.
    encoding : str, optional
        Of text; bytes are written without one.
    view : path, optional
        A file that only shows this one, and goes with it.

    Attributes
    ----------
    failed : bool
        It could not be written: what comes after that is ignored.
    closed : bool

    Raises
    ------
    UserError
        By all methods: it cannot be written.
    """

    def __init__(self, path: str | PathLike, encoding: str | None = None,
                 view: str | PathLike | None = None):
        self._path, self._view = path, view
        self.failed = False
        self._whole = 0     # bytes, at the last flush
        with _named(path):
            self._file = open(path, "w" if encoding else "wb", encoding=encoding)  # noqa: SIM115

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: str | bytes) -> int:
        """Return how much was written, as files do."""
        return self._do(self._file.write, data) or 0

    def writelines(self, lines: Iterable[str] | Iterable[bytes]) -> None:
        self._do(self._file.writelines, lines)

    def patch(self, position: int, data: bytes) -> None:
        """Overwrite bytes that have been written before."""
        self._do(self._patch, position, data)

    def flush(self) -> None:
        """What has been written is a whole file."""
        self._do(self._file.flush)
        if not self.failed:
            self._whole = os.fstat(self._file.fileno()).st_size

    def close(self) -> None:
        self._do(self._file.close)

    def discard(self) -> None:
        """Close the file and remove it."""
        self.failed = True
        with contextlib.suppress(OSError):
            self._file.close()
        for path in (self._path, self._view):
            with contextlib.suppress(OSError):
                if path and os.path.isfile(path):   # not a terminal, not a pipe
                    os.unlink(os.path.realpath(path))

    def _patch(self, position: int, data: bytes) -> None:
        self._file.flush()
        end = self._file.tell()
        self._file.seek(position)
        self._file.write(data)
        self._file.seek(end)

    def _do(self, act: Callable[..., Any], *arguments: Any) -> Any:
        if self.failed:
            return None
        try:
            with _named(self._path):
                return act(*arguments)
        except UserError as error:
            if not self._whole:
                self.discard()
                raise
            self.failed = True
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                os.truncate(self._path, self._whole)
            raise UserError(f"{error}; it has what was complete before") from None


@contextlib.contextmanager
def _named(path: str | PathLike) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"cannot write {os.fspath(path)!r}: {error.strerror or error}") from None
