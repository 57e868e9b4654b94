"""Commands that run a machine."""

from typing import Annotated

from cyclopts import Parameter

from pteg.cli.exits import ExitCode
from pteg.cli.options import (
    LimitOptions,
    LogOptions,
    MachineOptions,
    Number,
    Options,
    Processor,
    ProgramOptions,
    ResultOptions,
    SessionOptions,
    WaveformOptions,
    number,
)

__all__ = ["run", "gdb", "sweep"]


def run(
    *,
    machine: MachineOptions | None = None,
    program: ProgramOptions | None = None,
    session: SessionOptions | None = None,
    limits: LimitOptions | None = None,
    waveform: WaveformOptions | None = None,
    logs: LogOptions | None = None,
    results: ResultOptions | None = None,
    processor: Processor = None,
):
    """Run a machine.

    Its serial console is connected to the terminal or the pipe. Ctrl-C ends the run; at a terminal
    Ctrl-] is the escape key: Ctrl-] q ends the run, Ctrl-] and another key sends that key.
    """
    from pteg.cli.run import run as run_machine

    return run_machine(Options.of(processor, machine, program, session, limits, waveform, logs,
                                  results))


def gdb(
    *,
    port: Annotated[int, Parameter(converter=number)] = 1234,
    machine: MachineOptions | None = None,
    program: ProgramOptions | None = None,
    session: SessionOptions | None = None,
    processor: Processor = None,
):
    """Wait for GDB with a machine that has not run yet.

    In GDB: `target remote 127.0.0.1:1234`, `monitor help`. The machine's serial console is
    connected to this terminal or pipe. It ends when GDB kills the machine, and with Ctrl-C.

    Parameters
    ----------
    port
        Of the loopback interface; 0: any that is free.
    """
    from pteg.cli.run import debug

    return debug(Options.of(processor, machine, program, session), port)


def sweep(
    file: str,
    /,
    *,
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    workers: Number = None,
    cluster: str | None = None,
    journal: str | None = None,
    traces: str | None = None,
):
    """Measure at many points, on all cores or on a cluster.

    Parameters
    ----------
    file
        Python file with a function `measure`, which returns a dict of measures, and `points`: a
        grid such as {"dcache": ["8K", "32K"], "seed": range(3)}, or a list of dicts. `measure`
        gets the parameters of a point by name.
    output
        Write the table to this file, .csv or .parquet; by default as CSV to standard output.
    workers
        Processes; by default one for each core.
    cluster
        Address of a Dask scheduler, whose workers are used instead.
    journal
        Keep what has been measured in this file. If it exists, its points are not run again.
    traces
        Folder for waveforms: `measure` gets `trace` too, the path of a file for the point.
    """
    from pteg.cli.sweep import sweep_file

    sweep_file(file, output, workers, cluster, journal, traces)
    return ExitCode.DONE
