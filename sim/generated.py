"""Generated Python modules: written once, imported like any other, their numba code cached.

Machines have different devices, and numba compiles for types. So the code that calls each device is
generated, one module for each combination. Its name has a hash of its own text and
of every source that it calls. numba's cache checks only the file itself; with the hash it never
returns old code for changed sources.
"""

import hashlib
import importlib.abc
import importlib.util
import pickle
import sys

from pteg.background import Background
from pteg.cache_folder import digest_of_file, edited, folder, is_borrowing, keep

__all__ = ["load_module", "compile_ahead"]


def load_module(kind, text, sources=(), key="", keep=True):
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
    keep : bool
        Whether other processes may use it.

    Returns
    -------
    module
        The same object for the same text, sources and key within a process. It has no file, and so
        no cache, if a source has been edited meanwhile, or if it imports a module without a file.
    """
    name = _name(kind, text, sources, key)
    if name not in sys.modules:
        path = _path(name, text) if keep and _kept(text, sources) else None
        if path is None:
            _without_file.add(name)
            _execute(name, text)
        else:
            _import(name, path)
    return sys.modules[name]


def compile_ahead(kind, text, sources=(), imports=()):
    """Have another process import a module (`load_module`), and so compile its functions that have
    a signature, for numba's cache. `imports` are the generated modules that it imports.

    Returns
    -------
    pteg.background.Background
        Its `result` is of no interest: what is not in the cache is compiled when the module is
        loaded. None without a cache. None on a cluster, too: only this process gives files to
        others.
    """
    name = _name(kind, text, sources)
    path = None if is_borrowing() or not _kept(text, sources) else _path(name, text)
    if path is None:
        return None
    modules = [*((module.__name__, module.__file__) for module in imports), (name, path)]
    return Background(__name__, pickle.dumps((sys.path, modules)))


#: Names of the modules that only this process has.
_without_file: set[str] = set()


def _name(kind, text, sources, key=""):
    from numba import __version__ as numba_version

    digest = hashlib.sha256(f"{numba_version}\0{sys.version}\0{key}\0{text}".encode())
    for source in sorted(map(str, sources)):
        digest.update(digest_of_file(source))
    return f"pteg_{kind}_{digest.hexdigest()[:20]}"


def _kept(text, sources):
    """Whether other processes would import the same."""
    return not edited(sources) and not any(other in text for other in _without_file)


def _path(name, text):
    return _file(f"generated/{name}.py", text)


def _import(name, path):
    return _load(importlib.util.spec_from_file_location(name, path))


def _execute(name, text):
    """A module without a file, and so without a cache."""
    return _load(importlib.util.spec_from_loader(name, _Text(text)))


class _Text(importlib.abc.InspectLoader):
    """Loads a module from its text."""

    def __init__(self, text):
        self._text = text

    def get_source(self, name):
        return self._text


def _load(spec):
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[spec.name]
        raise
    return module


def _file(name, text):
    """The path of a file in the cache with this text, or None if there can be none.

    It is only written when needed, because numba's cache checks the time of the file.
    """
    path = folder() / name
    try:
        if path.read_bytes() == text.encode():
            return path
    except OSError:
        pass
    return path if keep(name, text.encode()) else None


if __name__ == "__main__":
    sys.path, _modules = pickle.load(sys.stdin.buffer)
    for _module in _modules:
        _import(*_module)
