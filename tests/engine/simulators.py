"""Our simulator, of each kind of circuit alone."""

import contextlib
import time

from pteg.engine import Simulator
from pteg.engine.kernel import engine
from pteg.errors import UserError

__all__ = ["interpreted", "is_native", "native", "return_at_once"]


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
    circuits = simulator._engine
    return circuits.native is not None and circuits.circuit is circuits.native


def return_at_once(monkeypatch):
    """Let the native circuit take over again as soon as it may."""
    monkeypatch.setattr(engine, "PATIENCE", 1)
    monkeypatch.setattr(engine, "MOST_PATIENT", 0)
