"""The command line: a function for each command of `pteg`, in files by the groups of `--help`.

The console is on stdout; pteg's own messages go to stderr.
"""

import contextlib
import os
import sys
import warnings
from typing import Literal

from cyclopts import App, CycloptsError

from pteg import __version__
from pteg.cli.commands.hardware import engine, export, graph, sim
from pteg.cli.commands.learn import drill
from pteg.cli.commands.look import explain, report, timeline
from pteg.cli.commands.machines import gdb, run, sweep
from pteg.cli.commands.programs import asm, build, dis
from pteg.cli.exits import ExitCode, table
from pteg.cli.groups import HARDWARE, INSTALLATION, LEARN, LOOK, OPTIONS, PROGRAMS, RUN
from pteg.cli.lab import lab
from pteg.cli.mol import mol
from pteg.cli.setup import bench, doctor, init
from pteg.cli.signals import interrupts_raised, leave
from pteg.cli.waves import picture, waves
from pteg.errors import Unreached, UserError

__all__ = ["main", "execute", "app"]

_EXAMPLES = """\
For example:

* `pteg run --until '0 > '`: boot Open Firmware to its prompt
* `pteg run --kernel vmlinux --append console=ttyS0 --save booted`: boot a kernel, keep the machine
* `pteg explain 0xc0001000 booted`: tell how an address is translated there
* `pteg init first`: make a project with a program, a script, a test and a sweep
"""

app = App(name="pteg", version=__version__, help_format="markdown",
          suppress_keyboard_interrupt=False, group_commands=OPTIONS,
          help="A cycle-accurate PowerPC 750-class machine, compiled to native code.\n\n"
               f"{_EXAMPLES}\nExit codes:\n\n{table()}")
for group, commands in ((RUN, (run, gdb, sweep)), (LOOK, (explain, report, timeline, picture)),
                        (PROGRAMS, (build, asm, dis)), (HARDWARE, (sim, graph, export, engine)),
                        (LEARN, (drill,)), (INSTALLATION, (init, bench, doctor))):
    for command in commands:
        app.command(command, group=group)
for part in (lab, mol, waves):
    app.command(part)


@app.command(group=INSTALLATION)
def completion(shell: Literal["bash", "zsh", "fish"], /):
    """Print the completion of commands and options for a shell.

    For bash: `pteg completion bash > ~/.local/share/bash-completion/completions/pteg`.
    """
    print(app.generate_completion(prog_name="pteg", shell=shell))
    return ExitCode.DONE


@app.command(group=INSTALLATION)
def man():
    """Print the manual page: `pteg man | man -l -`."""
    from pteg.cli.manual import manual_page

    print(manual_page(app.generate_docs("markdown")), end="")
    return ExitCode.DONE


def main(arguments=None):
    """Entry point of the `pteg` process, which signals end. See `execute`."""
    interrupts_raised()
    # Amaranth's, of components that an interrupted or refused command has made but not used.
    warnings.filterwarnings("ignore", "(?s).*created but never used")
    if sys.stderr is None:      # closed: print() would take the next best
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        execute(arguments)
    except SystemExit as ended:
        leave(ended.code)
        raise


def execute(arguments=None):
    """Execute a command line, by default sys.argv; raises SystemExit with its exit code."""
    code = _guarded(lambda: app(arguments, exit_on_error=False, print_error=False,
                                result_action="return_value"))
    if sys.stdout is not None:
        code = _guarded(sys.stdout.flush) or code
    sys.exit(code or ExitCode.DONE)


def _guarded(act):
    """What `act` returns, or the exit code for the exception that ends it, in one line."""
    try:
        return act()
    except Unreached as error:
        _refuse(str(error))
        return ExitCode.FAILED
    except UserError as error:
        return _refuse(str(error))
    except CycloptsError as error:
        return _refuse(_usage_problem(error))
    except MemoryError as error:
        return _refuse(f"not enough memory: {error}" if str(error) else "not enough memory")
    except BrokenPipeError:
        sys.stdout = None   # the interpreter would complain about what is still in there
        return ExitCode.UNREAD
    except OSError as error:
        # What pteg opens itself is named where that happens.
        sys.stdout = None
        return _refuse(f"cannot write standard output: {error.strerror or error}")
    except KeyboardInterrupt as interrupt:
        _refuse("interrupted")
        # With its cause, so that nothing of it is finalized before `leave`.
        raise SystemExit(ExitCode.INTERRUPTED) from interrupt


def _refuse(message):
    with contextlib.suppress(OSError):
        for line in message.splitlines():
            print(f"pteg: {line}", file=sys.stderr)
    return ExitCode.REFUSED


def _usage_problem(error):
    """cyclopts' message on one line, without markup."""
    text = " ".join(str(error).split())
    return text or "bad usage; see pteg --help"
