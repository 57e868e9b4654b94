"""What `pteg report` does: a report of the cycles that follow a checkpoint."""

from pteg.cli.outputs import check_outputs
from pteg.cli.progress import waits_shown
from pteg.errors import UserError
from pteg.machine import Machine
from pteg.report.recorder import MOST

__all__ = ["report_after"]


def report_after(checkpoint, output, cycles, symbols):
    """Run the pipeline model from a checkpoint, and write a report; see `pteg report --help`."""
    if not 0 < cycles <= MOST:
        raise UserError(f"--cycles must be 1 to {MOST:,}, not {cycles:,}")
    check_outputs({"output": output}, [checkpoint, *symbols])
    with waits_shown():
        machine = Machine.restore(checkpoint, cpu="pipeline")
        for path in symbols:
            machine.symbols.add_file(path)
        start = machine.cycle
        with machine.report(output, window=(start, start + cycles)):
            machine.run(cycles=cycles)
