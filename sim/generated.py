"""Generated Python modules: written once, imported like any other, their numba code cached.

A machine's devices differ in type and number, and numba compiles for types: so the code that visits
each of them is generated, one module for each combination. Its name has a hash of its own text and
of every source that it calls; numba's cache, which only looks at the file itself, then never gives
old code for changed sources.
"""

import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

__all__ = ["cache_folder", "load_module"]


def cache_folder(name):
    """Folder `name` inside the cache, made when needed."""
    from pteg.engine import cache

    folder = cache.folder() / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def load_module(kind, text, sources=(), key=""):
    """Import the module with this `text`.

    Parameters
    ----------
    kind : str
        Beginning of the module's name.
    text : str
    sources : iterable of path
        Files whose functions the module calls, directly or not.
    key : str
        Anything else that the compiled code depends on.

    Returns
    -------
    module
        The same object for the same text, sources and key within a process.
    """
    from numba import __version__ as numba_version

    digest = hashlib.sha256(f"{numba_version}\0{sys.version}\0{key}\0{text}".encode())
    for source in sorted(map(str, sources)):
        digest.update(Path(source).read_bytes())
    name = f"pteg_{kind}_{digest.hexdigest()[:20]}"
    if name not in sys.modules:
        path = cache_folder("generated") / f"{name}.py"
        _write(path, text)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]


def _write(path, text):
    """Write atomically, and only when needed: numba's cache looks at the time of the file."""
    try:
        if path.read_text() == text:
            return
    except (OSError, UnicodeDecodeError):
        pass
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".tmp", delete=False) as file:
        file.write(text)
    os.replace(file.name, path)
