"""What `pteg sweep` does: a file's `measure` at each of its `points`."""

import os
import runpy
import sys

from pteg.cli.outputs import check_outputs, give
from pteg.cli.progress import progress
from pteg.errors import UserError
from pteg.sweep import sweep

__all__ = ["sweep_file"]


def sweep_file(path, output, workers, cluster, journal, traces):
    """Run a file's sweep and write its table; see `pteg sweep --help`."""
    if output not in (None, "-") and not output.endswith((".csv", ".parquet")):
        raise UserError(f"--output must end in .csv or .parquet, not {output!r}")
    check_outputs({"output": output, "journal": journal}, [path])
    measure, points = _contents(path)
    counts = [0, 0]
    with progress("points", lambda: counts[0]) as advance:
        def report(done, total):
            counts[:] = done, total
            advance(total)

        table = sweep(measure, points, workers=workers, cluster=cluster, journal=journal,
                      traces=traces, progress=report)
    if output in (None, "-"):
        give(table.csv(), output)
    else:
        table.write(output)


def _contents(path):
    """`measure` and `points` of a Python file."""
    if not os.path.isfile(path):
        raise UserError(f"cannot read {path!r}: there is no such file")
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))  # for what the file imports
    try:
        names = runpy.run_path(path, run_name="pteg_sweep_file")
    except UserError:
        raise
    except Exception as error:
        raise UserError(f"{path}: {type(error).__name__}: {error}") from None
    for name in ("measure", "points"):
        if name not in names:
            raise UserError(f"{path} must define measure, a function, and points; there is no "
                            f"{name}")
    if not callable(names["measure"]):
        raise UserError(f"{path}: measure must be a function")
    return names["measure"], names["points"]
