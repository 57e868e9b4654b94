"""Data frames of libraries that need not be installed: pandas, polars, Arrow."""

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pteg.errors import UserError

__all__ = ["LIBRARIES", "frame"]

#: Each library's name, and what makes its frame of columns.
LIBRARIES = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "table"}


def frame(columns: Mapping[str, Sequence[Any] | np.ndarray], library: str = "pandas") -> Any:
    """A data frame of columns by name.

    Parameters
    ----------
    columns : mapping
        Of equally long lists or arrays.
    library : str
        "pandas", "polars" or "pyarrow".
    """
    if library not in LIBRARIES:
        raise UserError(f"library must be one of {', '.join(LIBRARIES)}, not {library!r}")
    try:
        module = importlib.import_module(library)
    except ImportError:
        raise UserError(f"a frame of {library} needs it: pip install {library}") from None
    return getattr(module, LIBRARIES[library])(dict(columns))
