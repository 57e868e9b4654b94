"""numba's compiler for functions that Python calls, with numba's cache where there is one.

`numba.njit(cache=True)` raises an error if no folder can be written, or a disk is full. Here such a
function is compiled again each time instead.

numba calls a function in machine code by its name, which says nothing of what a closure holds. Code
that two processes have cached for two closures of one name clashes in a third: the linker takes the
first for both. So whoever makes closures gives each a name of its own, by `named_after`.

Several processes may compile the same function at once, for different types. numba numbers the
files of a function's machine code, and keeps the numbers in a file that each process reads and then
replaces: two processes can take the same number, and a third then calls code for other types than
its own, which crashes. Here all that the code depends on determines the name of a file: types,
processor, versions and texts. The file is in pteg's cache, and other computers can use it.

This uses numba's internals; its version is fixed.
"""

import contextlib
import hashlib
import pickle
import threading
from pathlib import Path

import numba
from numba.core import event
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

from pteg.cache_folder import digest_of_file, folder, keep, read
from pteg.garbage import nothing_to_collect
from pteg.waiting import waiting

__all__ = ["njit", "cfunc", "named_after"]


class _Compilations(event.Listener):
    """What the main thread compiles is a wait; beside another thread, the machine runs on."""

    def __init__(self):
        self._begun = []

    def on_start(self, event):
        if threading.current_thread() is threading.main_thread():
            self._begun.append(contextlib.ExitStack())
            self._begun[-1].enter_context(waiting("compiling (only the first time)"))
            self._begun[-1].enter_context(nothing_to_collect())

    def on_end(self, event):
        if threading.current_thread() is threading.main_thread():
            self._begun.pop().close()


event.register("numba:compile", _Compilations())


class _Files(IndexDataCacheFile):
    """A file for each combination of types, and no index."""

    def _identity(self, key):
        return self._version, self._source_stamp, key

    def _name(self, key):
        digest = hashlib.sha256(repr(self._identity(key)).encode()).hexdigest()[:32]
        return f"numba/{self._index_name.removesuffix('.nbi')}.{digest}.nbc"

    def flush(self):
        """Nothing is forgotten: what is out of date is not loaded."""

    def save(self, key, data):
        keep(self._name(key), self._dump((self._identity(key), data)))

    def load(self, key):
        file = read(self._name(key))
        try:
            found, data = pickle.loads(file or b"")
        except (ValueError, TypeError, EOFError, pickle.UnpicklingError):
            return None     # not there, or not whole
        return data if found == self._identity(key) else None


class _Cache(FunctionCache):
    """Files that cannot be read or written are ignored."""

    def __init__(self, function, calls):
        super().__init__(function)
        texts = [digest_of_file(file).hex() for file in calls]
        # The name of a generated module tells all that it calls. What another module calls depends
        # on where it is: the same text elsewhere may import something else.
        file = Path(function.__code__.co_filename).absolute()
        place = "" if folder().absolute() in file.parents else str(file.parent)
        self._cache_file = _Files(self.cache_path, self._impl.filename_base,
                                  (self._impl.locator.get_source_stamp(), place, *texts))

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
