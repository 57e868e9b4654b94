"""The cache: files that make the next start quick, and that nothing depends on."""

import os
from pathlib import Path

from platformdirs import user_cache_dir

from pteg.outputs import replace_file

__all__ = ["folder", "keep"]


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
