"""The decorator of the model's compiled functions."""

from numba import njit

__all__ = ["kernel"]

#: `njit` without reference counting, which numba would do, atomically, for each view of an array in
#: a record, and without checks for division by zero. Kernels create no arrays. They are cached only
#: as part of the module that `pteg.functional.cpu` generates.
_options = {"_nrt": False, "error_model": "numpy"}


def kernel(function):
    """Compile `function` when it is first called."""
    return njit(**_options)(function)
