"""Commands that look at what a run has left."""

from typing import Annotated, Literal

from cyclopts import Parameter

from pteg.cli.exits import ExitCode
from pteg.cli.options import count
from pteg.cli.outputs import check_outputs

__all__ = ["explain", "report", "timeline"]


def explain(
    address: str,
    checkpoint: str,
    /,
    *,
    access: Literal["load", "store", "fetch"] = "load",
    user: Annotated[bool | None, Parameter(negative="--supervisor")] = None,
    symbols: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Explain step by step how a checkpoint's machine translates an effective address.

    Parameters
    ----------
    address
        A number, or a symbol of the ROM or of `--symbols`.
    checkpoint
        File that `pteg run --save` or `machine.save()` has written.
    access
        What the address is used for.
    user
        Privilege state; by default that of the machine.
    symbols
        ELF file whose symbols can be named. Can be repeated.
    """
    from pteg.cli.explain import explain as explain_address

    explain_address(address, checkpoint, access, user, symbols)
    return ExitCode.DONE


def report(
    checkpoint: str,
    /,
    *,
    output: Annotated[str, Parameter(name=["--output", "-o"])],
    cycles: Annotated[int, Parameter(converter=count)] = 5000,
    symbols: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Write a report of the cycles that follow a checkpoint: one HTML file for a browser.

    The machine continues on the pipeline model. `pteg run --restore CHECKPOINT --report FILE` has
    more options: a window, a trigger, limits.

    Parameters
    ----------
    checkpoint
        File that `pteg run --save` or `machine.save()` has written.
    output
        File to write.
    cycles
        How many cycles the report shows, up to 50,000.
    symbols
        ELF file whose symbols are shown. Can be repeated.
    """
    from pteg.cli.after import report_after

    report_after(checkpoint, output, cycles, symbols)
    return ExitCode.DONE


def timeline(
    ledger: str,
    /,
    *,
    output: Annotated[str, Parameter(name=["--output", "-o"])],
    bus: str | None = None,
    symbols: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Make a time line of a ledger, for Perfetto: exceptions, table searches, device accesses.

    Parameters
    ----------
    ledger
        File that `pteg run --ledger` or `machine.ledger()` has written.
    output
        JSON file to write, in Chrome's trace event format.
    bus
        Waveform of the same run, whose address and data tenures are shown too. It needs
        `--signals bus.arbiter`.
    symbols
        ELF file whose symbols name program counters. Can be repeated.
    """
    from pteg.ledger import read
    from pteg.symbols import Symbols
    from pteg.timeline import write_timeline
    from pteg.waveforms.reader import Waves

    check_outputs({"output": output}, [ledger, *([bus] if bus else []), *symbols])
    names = Symbols()
    for path in symbols:
        names.add_file(path)
    write_timeline(output, read(ledger), symbols=names, bus=Waves(bus) if bus else None)
    return ExitCode.DONE
