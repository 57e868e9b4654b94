"""The cache: files that make the next start quick, and that nothing depends on."""

import os
from collections.abc import Iterable
from pathlib import Path

from platformdirs import user_cache_dir

from pteg import STARTED
from pteg.outputs import replace_file

__all__ = ["edited", "folder", "keep"]


def folder() -> Path:
    """Return the cache folder: $PTEG_CACHE, or `pteg` in the platform's cache folder."""
    path = Path(os.environ.get("PTEG_CACHE") or user_cache_dir("pteg", appauthor=False))
    # A user without a home has no cache: nothing can be inside of a device.
    return Path(os.devnull) / "cache" if path.parts[:1] == ("~",) else path


def keep(name: str, data: bytes) -> bool:
    """Write a file of the cache. One that cannot be written is no error; return if it could."""
    try:
        path = folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    except OSError:
        return False
    return True


def edited(sources: Iterable[str | os.PathLike]) -> bool:
    """Whether any of these files has been written since this process has begun.

    It may then be another text than the one that was imported. What is compiled from the one must
    not be kept under the name of the other.
    """
    return any(os.stat(source).st_mtime_ns > STARTED for source in sources)
