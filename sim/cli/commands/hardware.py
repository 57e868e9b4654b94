"""Commands about the hardware, and about other designs."""

from typing import Annotated, Any, Literal

from cyclopts import Parameter

from pteg.cli.exits import ExitCode
from pteg.cli.options import Number, Processor, Texts, assignments, count, given, texts
from pteg.cli.outputs import check_outputs, give

__all__ = ["engine", "export", "graph", "sim"]


def sim(
    files: Annotated[tuple[str, ...], Parameter(negative=())],
    /,
    *,
    top: str,
    cycles: Annotated[int, Parameter(converter=count)] = 1000,
    clock: Texts = (),
    input: Texts = (),
    reset: Texts = (),
    until: str | None = None,
    vcd: str | None = None,
    parameter: Texts = (),
    define: Annotated[tuple[str, ...], Parameter(name=["--define", "-D"], negative=())] = (),
    include: Annotated[tuple[str, ...], Parameter(name=["--include", "-I"], negative=())] = (),
):
    """Run a Verilog design, with its clocks ticking, and print its outputs.

    If there are several clocks, all have the same period and phase.

    Needs Yosys: `pip install 'pteg[verilog]'`.

    Parameters
    ----------
    files
        Verilog or SystemVerilog (`.sv`) files.
    top
        The module.
    cycles
        Clock cycles after the reset.
    clock
        Input that is a clock although every register has logic before its clock. Can be repeated.
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

    return simulate(files, top, cycles=cycles, clocks=clock, inputs=assignments("input", input),
                    reset=assignments("reset", reset),
                    until=assignments("until", [until] if until else []), vcd=vcd,
                    parameters=texts("parameter", parameter), defines=texts("define", define),
                    include=include)


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
        Verilog or SystemVerilog (`.sv`) files; --top is needed.
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
