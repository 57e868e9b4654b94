"""Leaves out Python's search for garbage where it finds none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["nothing_to_collect"]


@contextmanager
def nothing_to_collect() -> Iterator[None]:
    """While something is compiled, millions of small objects come and few go."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
