"""What `pteg export` does: Verilog of a component, and a test bench."""

import importlib
from pathlib import Path

from amaranth.lib import wiring

from pteg.cli.progress import waits_shown
from pteg.engine.verilog.export import export_verilog
from pteg.errors import UserError
from pteg.machine import Machine
from pteg.outputs import write_file
from pteg.waiting import waiting

__all__ = ["export"]


def export(component, machine, settings, output, bench, cycles):
    """Write Verilog; see `pteg export --help`."""
    with waits_shown():
        if component is not None:
            if bench is not None:
                raise UserError("--bench is for a machine, not for a component")
            with waiting("exporting"):
                text = export_verilog(_component(component))
        else:
            from pteg.pipeline.export import record_system
            from pteg.pipeline.system import make_system

            made = Machine(machine, **settings)
            system = make_system(made.platform)
            with waiting("exporting"):
                text = export_verilog(system, "system")
            if bench is not None:
                record = record_system(made, system, cycles)
                rows = Path(bench).with_suffix(".hex")
                write_file(rows, record.recording().encode())
                write_file(bench, record.bench(rows.name, "system").encode())
    if output is None:
        print(text, end="")
    else:
        write_file(output, text.encode())


def _component(text):
    """Return the component that MODULE:CLASS names."""
    module, colon, name = text.partition(":")
    try:
        made = getattr(importlib.import_module(module), name)() if colon else None
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise UserError(f"--component {text}: {error}") from None
    if not isinstance(made, wiring.Component):
        raise UserError(f"--component must be MODULE:CLASS of a component, not {text!r}")
    return made
