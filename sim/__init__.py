"""pteg: a cycle-accurate PowerPC 750-class machine, described in Amaranth, run as native code.

The names below are loaded when they are first used (PEP 562), so that importing a part, such as
`pteg.hw`, pulls in neither the engine nor numba.
"""

import importlib
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pteg.engine import Simulator
    from pteg.errors import UserError
    from pteg.machine import Machine

__version__ = "0.1.0"

#: When the first module of pteg was imported, in nanoseconds since the epoch.
STARTED = time.time_ns()

_EXPORTS = {
    "Machine": "pteg.machine",
    "Simulator": "pteg.engine",
    "UserError": "pteg.errors",
}

__all__ = ["Machine", "Simulator", "UserError", "__version__"]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
