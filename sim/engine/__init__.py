"""The engine: compiles an Amaranth design to native code.

Stages, a file each: `frontend` (Amaranth's netlist to a word-level circuit), `ir` (the expression
graph), `plan` (where in the cycle each operation runs), `codegen` (LLVM text), `objects` (LLVM's
object files), `native` (functions for Python and numba), `cache`, and `compiled`, which puts them
together.
"""

import importlib

_EXPORTS = {
    "compile_design": "pteg.engine.compiled",
    "load_design": "pteg.engine.compiled",
    "Native": "pteg.engine.compiled",
    "Tracer": "pteg.engine.compiled",
    "NativeFunction": "pteg.engine.native",
    "Simulator": "pteg.engine.simulator",
    "Kind": "pteg.engine.probes",
    "Part": "pteg.engine.probes",
    "Probe": "pteg.engine.probes",
    "MemoryInfo": "pteg.engine.probes",
}

__all__ = list(_EXPORTS)


def __getattr__(name):
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
