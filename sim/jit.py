"""numba's compiler for functions that Python calls, with numba's cache where there is one.

`numba.njit(cache=True)` raises an error if no folder can be written, or a disk is full. Here such a
function is compiled again each time instead.

numba calls a function in machine code by its name, which says nothing of what a closure holds. Code
that two processes have cached for two closures of one name clashes in a third: the linker takes the
first for both. So whoever makes closures gives each a name of its own, by `named_after`.

Several processes may compile the same function at once, for different types. numba numbers the
files of a function's machine code, and keeps the numbers in a file that each process reads and then
replaces: two processes can take the same number, and a third then calls code for other types than
its own, which crashes. Here the types determine the name of a file, and the file contains its
types.

This uses numba's internals; its version is fixed.
"""

import contextlib
import hashlib
import pickle
from pathlib import Path

import numba
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

__all__ = ["njit", "cfunc", "named_after"]


class _Files(IndexDataCacheFile):
    """A file for each combination of types, and no index."""

    def _name(self, key):
        digest = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return self._index_name.removesuffix(".nbi") + f".{digest}.nbc"

    def flush(self):
        """Nothing is forgotten: what is out of date is not loaded."""

    def save(self, key, data):
        self._save_data(self._name(key), (self._version, self._source_stamp, key, data))

    def load(self, key):
        try:
            version, stamp, found, data = self._load_data(self._name(key))
        except (OSError, ValueError, TypeError, EOFError, pickle.UnpicklingError):
            return None     # not there, or not whole
        current = (version, stamp, found) == (self._version, self._source_stamp, key)
        return data if current else None


class _Cache(FunctionCache):
    """Files that cannot be read or written are ignored."""

    def __init__(self, function, calls):
        super().__init__(function)
        texts = [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in calls]
        self._cache_file = _Files(self.cache_path, self._impl.filename_base,
                                  (self._impl.locator.get_source_stamp(), *texts))

    @contextlib.contextmanager
    def _guard_against_spurious_io_errors(self):
        with contextlib.suppress(OSError, EOFError):
            yield


def named_after(*functions):
    """Give a closure a name of its own, made from the compiled functions that it calls.

    A decorator, to be applied before numba's. Functions of different modules, or of different
    names, give different names.
    """
    called = [(function.py_func.__module__, function.py_func.__qualname__)
              for function in functions]
    digest = hashlib.sha256(repr(called).encode()).hexdigest()[:16]

    def decorate(closure):
        closure.__qualname__ += f"_{digest}"
        return closure
    return decorate


def njit(cache=False, calls=(), **options):
    """`numba.njit(cache=cache, **options)`.

    numba compiles a function anew when its own file has changed. `calls` are other files, with
    functions that it calls.
    """
    def decorate(function):
        compiled = numba.njit(**options)(function)
        return _cached(compiled, function, calls) if cache else compiled
    return decorate


def cfunc(signature, cache=False):
    """`numba.cfunc(signature, cache=cache)`."""
    def decorate(function):
        compiled = CFunc(function, normalize_signature(signature), {}, {})
        if cache:
            _cached(compiled, function)
        compiled.compile()
        return compiled
    return decorate


def _cached(compiled, function, calls=()):
    # RuntimeError: numba finds no folder, or the function has no file.
    with contextlib.suppress(RuntimeError, OSError):
        compiled._cache = _Cache(function, calls)
    return compiled
