"""Generated Python modules: written once, imported like any other, their numba code cached.

A machine's devices differ in type and number, and numba compiles for types: so the code that visits
each of them is generated, one module for each combination. Its name has a hash of its own text and
of every source that it calls; numba's cache, which only looks at the file itself, then never gives
old code for changed sources.
"""

import hashlib
import importlib.util
import os
import pickle
import sys
import tempfile
from pathlib import Path

from pteg.background import Background

__all__ = ["cache_folder", "load_module", "compile_ahead"]


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
        _import(name, path)
    return sys.modules[name]


def compile_ahead(module, signatures):
    """Have another process compile functions of a generated module, for numba's cache.

    Parameters
    ----------
    module : module
    signatures : dict of str to tuple of numba types
        Names of functions, and the types of their arguments.

    Returns
    -------
    pteg.background.Background
        Its `result` is of no interest: what is not in the cache is compiled when it is called.
    """
    return Background(__name__, pickle.dumps((module.__name__, module.__file__, signatures)))


def _import(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


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


if __name__ == "__main__":
    _name, _path, _signatures = pickle.load(sys.stdin.buffer)
    _module = _import(_name, _path)
    for _function, _types in _signatures.items():
        getattr(_module, _function).compile(_types)
