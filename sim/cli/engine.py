"""What `pteg engine` does: the stages between a design and its machine code."""

from pteg.cli.components import named_component
from pteg.cli.outputs import check_outputs, give
from pteg.cli.progress import waits_shown
from pteg.engine import compile_design
from pteg.engine.dump import dump
from pteg.engine.verilog import compile_verilog
from pteg.errors import UserError
from pteg.machine import Machine
from pteg.waiting import waiting

__all__ = ["show_stage"]


def show_stage(files, top, component, machine, settings, stage, function, signals, output):
    """Write a stage of a design; see `pteg engine --help`."""
    if files and component is not None:
        raise UserError("--component names the design, and so do Verilog files: give one of them")
    if files and top is None:
        raise UserError("--top must name the module of the Verilog files")
    if signals and stage == "llvm":
        raise UserError("--signals chooses from ir and plan, not from llvm")
    check_outputs({"output": output}, files)
    with waits_shown():
        native = _compiled(files, top, component, machine, settings)
        with waiting("writing"):
            text = dump(native, stage, function=function, signals=signals or None) + "\n"
    give(text, output)


def _compiled(files, top, component, machine, settings):
    if files:
        return compile_verilog(files, top)
    if component is not None:
        return compile_design(named_component(component))
    if settings.get("cpu", "pipeline") != "pipeline":
        raise UserError("only the pipeline model is compiled by the engine")
    return Machine(machine, **settings).model.native
