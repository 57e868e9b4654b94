"""The decorator of the model's compiled functions."""

from numba import njit

__all__ = ["kernel"]

#: No reference counting, which numba would do, atomically, for each view of an array in a record:
#: kernels create no arrays. No checks for division by zero. No entry points for Python: kernels are
#: called, and cached, only as part of the modules that `pteg.functional.cpu` generates.
_OPTIONS = {"_nrt": False, "error_model": "numpy", "no_cpython_wrapper": True,
            "no_cfunc_wrapper": True}


def kernel(function):
    """Compile `function` when a compiled function first calls it. No recursion: numba's cache
    would lose the link."""
    return njit(**_OPTIONS)(function)
