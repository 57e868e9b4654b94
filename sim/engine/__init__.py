"""The engine: compiles an Amaranth design to native code.

Stages, a file each: `frontend` (Amaranth's netlist to a word-level circuit), `ir` (the expression
graph), `plan` (where in the cycle each operation runs), `codegen` (LLVM text), `objects` (LLVM's
object files), `native` (functions for Python and numba), `cache`, and `compiled`, which puts them
together. `batch` runs many simulations of a design. `verilog` makes Amaranth components of Verilog.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pteg.engine.batch import Batch
    from pteg.engine.compiled import Native, compile_design, load_design
    from pteg.engine.native import NativeFunction
    from pteg.engine.probes import Kind, MemoryInfo, Part, Probe
    from pteg.engine.simulator import Simulator
    from pteg.engine.tracer import Tracer
    from pteg.engine.verilog import VerilogComponent, compile_verilog

_EXPORTS = {
    "compile_design": "pteg.engine.compiled",
    "load_design": "pteg.engine.compiled",
    "Native": "pteg.engine.compiled",
    "Tracer": "pteg.engine.tracer",
    "NativeFunction": "pteg.engine.native",
    "Batch": "pteg.engine.batch",
    "Simulator": "pteg.engine.simulator",
    "Kind": "pteg.engine.probes",
    "Part": "pteg.engine.probes",
    "Probe": "pteg.engine.probes",
    "MemoryInfo": "pteg.engine.probes",
    "VerilogComponent": "pteg.engine.verilog",
    "compile_verilog": "pteg.engine.verilog",
}

__all__ = ["compile_design", "load_design", "Native", "Tracer", "NativeFunction", "Batch",
           "Simulator", "Kind", "Part", "Probe", "MemoryInfo", "VerilogComponent",
           "compile_verilog"]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        value = getattr(importlib.import_module(_EXPORTS[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
