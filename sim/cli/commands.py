"""The command line: a function for each command of `pteg`.

The console is on stdout; pteg's own messages go to stderr.
"""

import contextlib
import os
import sys
import warnings
from typing import Annotated, Any, Literal

from cyclopts import App, CycloptsError, Parameter

from pteg import __version__
from pteg.cli.exits import ExitCode, table
from pteg.cli.groups import HARDWARE, INSTALLATION, LEARN, LOOK, OPTIONS, PROGRAMS, RUN
from pteg.cli.lab import lab
from pteg.cli.mol import mol
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
    Text,
    Texts,
    WaveformOptions,
    count,
    given,
    number,
)
from pteg.cli.outputs import check_outputs, give
from pteg.cli.setup import bench, doctor, init
from pteg.cli.signals import interrupts_raised
from pteg.cli.waves import picture, waves
from pteg.errors import UserError

__all__ = ["main", "app"]

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
for part in (lab, mol, waves):
    app.command(part)
for command in (init, bench, doctor):
    app.command(command, group=INSTALLATION)
app.command(picture, group=LOOK)


@app.command(group=RUN)
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


@app.command(group=RUN)
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


@app.command(group=LOOK)
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
        A number, or a symbol of `--symbols`.
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


@app.command(group=LOOK)
def report(
    checkpoint: str,
    /,
    *,
    output: Annotated[str, Parameter(name=["--output", "-o"])],
    cycles: Annotated[int, Parameter(converter=count)] = 5000,
    symbols: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Write a report of the cycles that follow a checkpoint: one HTML file for a browser.

    The machine continues on the pipeline model. `pteg run --report` does the same for any run.

    Parameters
    ----------
    checkpoint
        File that `pteg run --save` or `machine.save()` has written.
    output
        File to write.
    cycles
        How many cycles the report shows.
    symbols
        ELF file whose symbols are shown. Can be repeated.
    """
    from pteg.cli.after import report_after

    report_after(checkpoint, output, cycles, symbols)
    return ExitCode.DONE


@app.command(group=RUN)
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


@app.command(group=HARDWARE)
def sim(
    files: Annotated[tuple[str, ...], Parameter(negative=())],
    /,
    *,
    top: str,
    cycles: Annotated[int, Parameter(converter=count)] = 1000,
    input: Texts = (),
    reset: Texts = (),
    until: str | None = None,
    vcd: str | None = None,
    parameter: Texts = (),
    define: Annotated[tuple[str, ...], Parameter(name=["--define", "-D"], negative=())] = (),
    include: Annotated[tuple[str, ...], Parameter(name=["--include", "-I"], negative=())] = (),
):
    """Run a Verilog design, with its clock ticking, and print its outputs.

    Needs Yosys: `pip install 'pteg[verilog]'`.

    Parameters
    ----------
    files
        Verilog files.
    top
        The module.
    cycles
        Clock cycles after the reset.
    input
        Value of an input, NAME=NUMBER. The others are 0. Can be repeated.
    reset
        Input that is active in the first 8 cycles: NAME if it is 1 then, NAME=0 if it is 0.
    until
        End when an output has a value, NAME=NUMBER; exit code 1 if it never has.
    vcd
        Waveform with all signals: an FST file if the name ends in .fst, else a VCD file.
    parameter
        Value for a parameter of the module, NAME=NUMBER or NAME=TEXT.
    define
        Macro, NAME or NAME=TEXT.
    include
        Folder for \\`include.
    """
    from pteg.cli.simulate import simulate

    return simulate(files, top, cycles=cycles, inputs=_assignments("input", input),
                    reset=_assignments("reset", reset),
                    until=_assignments("until", [until] if until else []), vcd=vcd,
                    parameters=_texts("parameter", parameter), defines=_texts("define", define),
                    include=include)


@app.command(name="build", group=PROGRAMS)
def build_kernel(
    kernel: str,
    /,
    *,
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    append: Text = "",
    guest: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Build a kernel that pteg brings as C source, for `pteg run --kernel`.

    It needs a C compiler: `pip install 'pteg[cc]'`, or Debian's gcc-powerpc-linux-gnu.

    Parameters
    ----------
    kernel
        `hostl`, a small Unix-like kernel; `hostl-mol`, the same with the hypervisor as a module;
        `hostx` and `hostx-mol`, one that manages memory as XNU does.
    output
        ELF file; by default the kernel's name with .elf.
    append
        Arguments of the kernel where no firmware gives it others.
    guest
        A file for `mol` in hostl-mol or hostx-mol: an ELF file, or a device tree. Can be repeated.
    """
    from pteg.firmware.kernels import build_file
    from pteg.waiting import waiting

    check_outputs({"output": output}, guest)
    with waiting("compiling"):
        build_file(kernel, output, append or "", guest)
    return ExitCode.DONE


@app.command(group=LEARN)
def drill(
    kind: Literal["translate", "bat", "protect", "tlb"],
    /,
    *,
    seed: Number = 1,
    count: Number = 1,
    key: Annotated[bool, Parameter(name=["--key", "-c"], negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
):
    """Print exercises about address translation, whose keys the machine computes.

    Parameters
    ----------
    kind
        `translate`: through segment and page table; `bat`: through blocks; `protect`: key, PP and
        N; `tlb`: hits and misses.
    seed
        Of the first exercise; the same seed makes the same one.
    count
        How many exercises.
    key
        Print the answers, and how one comes to them.
    json
        Print JSON lines for question banks, answers included.
    """
    from pteg.cli.drill import print_drills

    print_drills(kind, seed or 0, count or 0, key, json)
    return ExitCode.DONE


@app.command(group=LOOK)
def timeline(
    ledger: str,
    output: str,
    /,
    *,
    symbols: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Make a time line of a ledger, for Perfetto: exceptions, table searches, device accesses.

    Parameters
    ----------
    ledger
        File that `pteg run --ledger` or `machine.ledger()` has written.
    output
        JSON file, in Chrome's trace event format.
    symbols
        ELF file whose symbols name program counters. Can be repeated.
    """
    from pteg.ledger import read
    from pteg.symbols import Symbols
    from pteg.timeline import write_timeline

    check_outputs({"output": output}, [ledger, *symbols])
    names = Symbols()
    for path in symbols:
        names.add_file(path)
    write_timeline(output, read(ledger), symbols=names)
    return ExitCode.DONE


@app.command(group=PROGRAMS)
def asm(
    source: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    output: Annotated[str | None, Parameter(name=["--output", "-o"],
                                             allow_leading_hyphen=True)] = None,
    format: Literal["elf", "bin"] = "elf",
    base: Number = None,
    size: Number = None,
    listing: Text = None,
    define: Annotated[tuple[str, ...], Parameter(name=["--define", "-D"], negative=())] = (),
    include: Annotated[tuple[str, ...], Parameter(name=["--include", "-I"], negative=())] = (),
    section_start: Annotated[tuple[str, ...], Parameter(negative=())] = (),
):
    """Assemble a source file.

    Parameters
    ----------
    source
        File to assemble; `-` is standard input.
    output
        Result; by default the source's name with .elf or .bin. `-` is standard output.
    format
        `elf`, or `bin` for the bare bytes.
    base
        Address of the first byte of a bare image.
    size
        Bytes of a bare image.
    listing
        Write a listing to this file; `-` is standard output.
    define
        NAME=NUMBER: a symbol. Can be repeated.
    include
        Folder for .include. Can be repeated.
    section_start
        NAME=ADDRESS: where a section is placed. Can be repeated.
    """
    from pteg.firmware.commands import assemble_file

    check_outputs({"output": output, "listing": listing}, [] if source == "-" else [source])
    assemble_file(source, output, format=format, base=base, size=size, listing=listing,
                  defines=_assignments("define", define), include_paths=include,
                  sections=_assignments("section-start", section_start))
    return ExitCode.DONE


@app.command(group=PROGRAMS)
def dis(
    inputs: Annotated[tuple[str, ...], Parameter(name="inputs")],
    /,
    *,
    base: Number = None,
    raw: bool = False,
):
    """Disassemble a file (ELF or raw) or hexadecimal words.

    Parameters
    ----------
    inputs
        One file, or words such as 38640005.
    base
        Address of the first word of a raw file or of words.
    raw
        Base mnemonics only.
    """
    from pteg.firmware.commands import disassemble_input

    for line in disassemble_input(list(inputs), base=base or 0, raw=raw):
        print(line)
    return ExitCode.DONE


@app.command(group=HARDWARE)
def graph(
    *,
    machine: str = "g3",
    ram: str | None = None,
    dram: str | None = None,
    board: str | None = None,
    format: Literal["text", "svg", "dot", "json"] = "text",
    depth: Number = None,
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    processor: Processor = None,
):
    """Show the machine as a graph of components and their connections.

    Parameters
    ----------
    machine
        Preset of devices.
    ram
        Size of main memory.
    dram
        Bus clocks to the beats of a burst from memory, such as 6:3:3:3.
    board
        Clocks and memory of g3: yosemite, the default, imac or gamecube.
    format
        `text`, `svg` (a picture), `dot` (Graphviz) or `json` (node-link data).
    depth
        Levels of the parts of processor and bus; all by default. 0: each is one node.
    output
        File to write; standard output by default.
    """
    from pteg.graph import draw
    from pteg.machine import Machine

    settings: dict[str, Any] = given(processor) | {
        name: value for name, value in (("ram", ram), ("dram", dram), ("board", board))
        if value is not None}
    check_outputs({"output": output})
    give(draw(Machine(machine, **settings), format=format, depth=depth), output)
    return ExitCode.DONE


@app.command(group=HARDWARE)
def export(
    format: Literal["verilog"],
    /,
    *,
    machine: str = "g3",
    component: str | None = None,
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    bench: str | None = None,
    cycles: Annotated[int, Parameter(converter=count)] = 10_000,
    processor: Processor = None,
):
    """Write Verilog of the processor and its bus, or of any component.

    Needs Yosys: `pip install 'pteg[verilog]'`.

    Parameters
    ----------
    format
        `verilog`.
    machine
        Preset whose hardware is written.
    component
        Component that is written instead, MODULE:CLASS: `pteg.hw.mmu.walker:Walker`.
    output
        File to write; standard output by default.
    bench
        Write a test bench to this file, and what it replays to one that ends in .hex beside it:
        the ports of the machine from its reset on. Run it in that folder.
    cycles
        How many cycles the test bench replays.
    """
    from pteg.cli.export import export as write

    write(component, machine, given(processor), output, bench, cycles)
    return ExitCode.DONE


@app.command(group=HARDWARE)
def engine(
    files: tuple[str, ...] = (),
    /,
    *,
    dump: Literal["ir", "plan", "llvm"] = "ir",
    function: Literal["step", "settle", "reset"] = "step",
    signals: Texts = (),
    component: str | None = None,
    top: str | None = None,
    machine: str = "g3",
    output: Annotated[str | None, Parameter(name=["--output", "-o"])] = None,
    processor: Processor = None,
):
    """Show how a design is compiled: the processor and its bus, a component, or Verilog.

    For example, what the state of the walker depends on, and under which conditions it changes:
    `pteg engine --dump plan --signals mmu.walker.state`.

    Parameters
    ----------
    files
        Verilog files; --top is needed.
    dump
        `ir`: the operations, and what registers and outputs become. `plan`: the operations in
        their order, under the conditions on which they run. `llvm`: LLVM's assembly language.
    function
        `step`, a clock cycle; `settle`, the outputs only; `reset`. For `plan` and `llvm`.
    signals
        Only what these signals depend on within a cycle (globs); for `ir` and `plan`.
    component
        Component to compile, MODULE:CLASS: `pteg.hw.mmu.walker:Walker`.
    top
        Module of the Verilog files to compile.
    machine
        Preset whose hardware is shown.
    output
        File to write; standard output by default.
    """
    from pteg.cli.engine import show_stage

    show_stage(list(files), top, component, machine, given(processor), dump, function,
               list(signals), output)
    return ExitCode.DONE


#: Options whose names may be without a number, which then is 1.
_SWITCHES = ("define", "reset")


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


def _assignments(option, texts):
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            found[name] = int(value, 0) if equals or option not in _SWITCHES else 1
        except ValueError:
            raise UserError(f"--{option} must be NAME=NUMBER, not {text!r}") from None
    return found


def _texts(option, texts):
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or option == "parameter" and not equals:
            raise UserError(f"--{option} must be NAME=VALUE, not {text!r}")
        try:
            found[name] = int(value, 0)
        except ValueError:
            found[name] = value if equals else None
    return found


def main(arguments=None):
    """Entry point of the `pteg` command; ends the process with its exit code."""
    interrupts_raised()
    # Amaranth's, of components that an interrupted or refused command has made but not used.
    warnings.filterwarnings("ignore", "(?s).*created but never used")
    if sys.stderr is None:      # closed: print() would take the next best
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    code = _guarded(lambda: app(arguments, exit_on_error=False, print_error=False,
                                result_action="return_value"))
    if sys.stdout is not None:
        code = _guarded(sys.stdout.flush) or code
    sys.exit(code or ExitCode.DONE)


def _guarded(act):
    """What `act` returns, or the exit code for the exception that ends it, in one line."""
    try:
        return act()
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
    except KeyboardInterrupt:
        _refuse("interrupted")
        return ExitCode.INTERRUPTED


def _refuse(message):
    with contextlib.suppress(OSError):
        for line in message.splitlines():
            print(f"pteg: {line}", file=sys.stderr)
    return ExitCode.REFUSED


def _usage_problem(error):
    """cyclopts' message on one line, without markup."""
    text = " ".join(str(error).split())
    return text or "bad usage; see pteg --help"
