"""Waits: work that may take seconds and simulates nothing, such as compiling.

The parts of pteg that do such work name it; the command line shows the name at a terminal. The time
counts nowhere as simulation.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

__all__ = ["waiting", "waits"]


class _Waits:
    """What all waits of this process have in common.

    Attributes
    ----------
    seconds : float
        What they have taken together.
    show : callable
        Makes a context manager from the name of a wait, entered while that lasts.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.show = nullcontext
        self.inside = False


waits = _Waits()


@contextmanager
def waiting(name: str) -> Iterator[None]:
    """Within: a wait of this name, unless this is part of another one."""
    if waits.inside:
        yield
        return
    begin, waits.inside = time.perf_counter(), True
    try:
        with waits.show(name):
            yield
    finally:
        waits.inside = False
        waits.seconds += time.perf_counter() - begin
