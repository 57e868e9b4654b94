"""What `pteg export` does: Verilog of a component, and a test bench."""

from pathlib import Path

from pteg.cli.components import named_component
from pteg.cli.outputs import check_outputs, give
from pteg.cli.progress import waits_shown
from pteg.engine.verilog.export import export_verilog
from pteg.errors import UserError
from pteg.machine import Machine
from pteg.outputs import write_file
from pteg.waiting import waiting

__all__ = ["export"]


def export(component, machine, settings, output, bench, cycles):
    """Write Verilog; see `pteg export --help`."""
    check_outputs({"output": output, "bench": bench})
    with waits_shown():
        if component is not None:
            if bench is not None:
                raise UserError("--bench is for a machine, not for a component")
            with waiting("exporting"):
                text = export_verilog(named_component(component))
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
    give(text, output)
