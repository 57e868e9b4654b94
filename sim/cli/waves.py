"""`pteg picture` and `pteg waves`: what waveform files show, and where two of them differ."""

from typing import Annotated

from cyclopts import App, Parameter

from pteg.cli.exits import ExitCode
from pteg.cli.groups import LOOK
from pteg.cli.options import Number, Texts
from pteg.cli.outputs import check_outputs
from pteg.errors import UserError
from pteg.outputs import write_file

__all__ = ["picture", "waves"]

waves = App(name="waves", group=LOOK, help="Compare waveform files (docs/waveforms.md).")
#: Rows that a reader can take in.
ROWS = 100


def picture(waveform: str, /, *, output: Annotated[str, Parameter(name=["--output", "-o"])],
            signals: Texts = (), depth: Number = None, window: str | None = None):
    """Draw some cycles of a waveform, for a document.

    Parameters
    ----------
    waveform
        VCD, FST or GHW file, of `pteg run --vcd` or of another simulator.
    output
        SVG picture; WaveJSON, for WaveDrom, if the name ends in `.json`.
    signals
        Components, or dotted paths with * and ?, from top to bottom. Can be repeated. Default: all;
        of more than 100, those that viewers show first.
    depth
        Levels of components below each of `--signals`; 1: its own signals only.
    window
        Cycles A:B; all by default.
    """
    from pteg.waveforms.picture import MOST, Shown, lanes, svg, wavejson
    from pteg.waveforms.reader import TOP, Waves
    from pteg.waveforms.surfer import first_group
    from pteg.waveforms.trace import select
    from pteg.waveforms.window import Window

    if not output.endswith((".svg", ".json")):
        raise UserError(f"a picture's name must end in .svg or .json, not {output!r}")
    check_outputs({"output": output}, [waveform])
    file, span = Waves(waveform), Window.of(window)
    first = max(span.start, file.begin)
    stop = file.end if span.stop is None else min(span.stop, file.end)
    if first >= stop:
        raise UserError(f"{waveform} has the cycles {file.begin}:{file.end}, none of {span}")
    names = list(file.widths)
    paths = list(dict.fromkeys(path for pattern in signals or ["*"]
                               for path in select(names, pattern, depth)))
    if not signals and depth is None and len(paths) > ROWS:
        first_shown = (name.removeprefix(TOP) for name in first_group(waveform))
        paths = [path for path in first_shown if path in file.widths] or paths
    if len(paths) > ROWS:
        raise UserError(f"a picture has at most {ROWS} signals, not {len(paths)}: choose them with "
                        f"--signals and --depth")
    if stop - first > MOST:
        raise UserError(f"a picture has at most {MOST} cycles, not {stop - first:,}: choose them "
                        f"with --window")
    rows = lanes(file, [Shown(path) for path in paths], first, stop)
    draw = svg if output.endswith(".svg") else wavejson
    write_file(output, draw(rows, first).encode())
    return ExitCode.DONE


@waves.command
def diff(a: str, b: str, /, *, signals: Texts = (), depth: Number = None):
    """Tell where two waveforms first differ, by component; exit with 1 if they do.

    The cycles and the signals that both have are compared.

    Parameters
    ----------
    a, b
        VCD, FST or GHW files.
    signals
        Components, or dotted paths with * and ?. Can be repeated. Default: all.
    depth
        Levels of components below each of `--signals`; 1: its own signals only.
    """
    from pteg.waveforms.difference import describe, differences
    from pteg.waveforms.reader import Waves
    from pteg.waveforms.trace import select

    first, second = Waves(a), Waves(b)
    common = [name for name in first.widths if name in second.widths]
    found = differences(first, second, select(common, signals, depth) if signals else common)
    if found:
        print(describe(found))
    return ExitCode.FAILED if found else ExitCode.DONE
