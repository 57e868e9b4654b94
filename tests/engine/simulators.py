"""Our simulator, of each kind of circuit alone."""

import contextlib
import time

from pteg.engine import Simulator
from pteg.errors import UserError

__all__ = ["interpreted", "is_native", "native"]


def interpreted(design):
    """Return our simulator, which never compiles."""
    return Simulator(design, compile_after=float("inf"))


def native(design):
    """Return our simulator, which begins when the code is there: large designs, too, would have
    ended before they are compiled.
    """
    simulator = Simulator(design, compile_after=0)
    with contextlib.suppress(UserError):    # where nothing can be compiled, all is interpreted
        while not simulator.native.step.is_complete:
            time.sleep(0.01)
    return simulator


def is_native(simulator):
    """Return whether the native circuit runs at this moment."""
    engine = simulator._engine
    return engine.native is not None and engine.circuit is engine.native
