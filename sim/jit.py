"""numba's compiler for functions that Python calls, with numba's cache where there is one.

`numba.njit(cache=True)` ends with an error where no folder can be written, or a disk is full. Here
such a function is compiled again each time instead. This uses numba's insides; its version is
fixed.
"""

import contextlib

import numba
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

__all__ = ["njit", "cfunc"]


class _Cache(FunctionCache):
    """Files that cannot be read or written are as good as none."""

    @contextlib.contextmanager
    def _guard_against_spurious_io_errors(self):
        with contextlib.suppress(OSError, EOFError):
            yield


def njit(cache=False, **options):
    """`numba.njit(cache=cache, **options)`."""
    def decorate(function):
        compiled = numba.njit(**options)(function)
        return _cached(compiled, function) if cache else compiled
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


def _cached(compiled, function):
    # RuntimeError: numba finds no folder, or the function has no file.
    with contextlib.suppress(RuntimeError, OSError):
        compiled._cache = _Cache(function)
    return compiled
