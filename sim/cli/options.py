"""The options of `pteg run` and `pteg gdb`, by group: their types, defaults and help."""

from collections.abc import Iterable
from dataclasses import dataclass, field, make_dataclass
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter

from pteg.errors import UserError
from pteg.parameters import NAMES, MachineParameters

__all__ = ["Count", "Number", "Text", "number", "assignments", "texts", "Processor", "given",
           "MachineOptions", "ProgramOptions", "SessionOptions", "LimitOptions",
           "WaveformOptions", "LogOptions", "ResultOptions", "Options"]

#: Options whose names may be without a number, which then is 1.
SWITCHES = ("define", "reset")


def number(type_, tokens):
    """Numbers as programmers write them: 4096, 0x1000, 1_000_000. None is below zero."""
    text = tokens[0].value
    try:
        value = int(text, 0)
    except ValueError:
        raise ValueError(f"must be a number, not {text!r}") from None
    if value < 0:
        raise ValueError(f"must not be negative, not {text}")
    return value


def count(type_, tokens):
    """As `number`, or with K, M or G for thousands, millions and thousands of millions: 20M."""
    text = tokens[0].value
    scale = {"K": 10**3, "M": 10**6, "G": 10**9}.get(text[-1:].upper(), 1)
    try:
        value = int(text, 0) if scale == 1 else int(text[:-1]) * scale
    except ValueError:
        raise ValueError(f"must be a number such as 20000 or 20M, not {text!r}") from None
    if value < 0:
        raise ValueError(f"must not be negative, not {text}")
    return value


def assignments(option: str, given: Iterable[str]) -> dict[str, int]:
    """Options of the form NAME=NUMBER; the NAME alone is 1 where `SWITCHES` has the option."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        try:
            found[name] = int(value, 0) if equals or option not in SWITCHES else 1
        except ValueError:
            raise UserError(f"--{option} must be NAME=NUMBER, not {text!r}") from None
    return found


def texts(option: str, given: Iterable[str]) -> dict[str, int | str | None]:
    """Options of the form NAME=NUMBER or NAME=TEXT; a macro may have its NAME alone."""
    found: dict[str, int | str | None] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or option == "parameter" and not equals:
            raise UserError(f"--{option} must be NAME=VALUE, not {text!r}")
        try:
            found[name] = int(value, 0)
        except ValueError:
            found[name] = value if equals else None
    return found


Number = Annotated[int | None, Parameter(converter=number)]
Count = Annotated[int | None, Parameter(converter=count)]
#: A text that may look like an option, or a file that may be `-`.
Text = Annotated[str | None, Parameter(allow_leading_hyphen=True)]
Texts = Annotated[tuple[str, ...], Parameter(negative=())]
Flag = Annotated[bool, Parameter(negative=())]


def _group(name, key):
    """A decorator: the fields of a dataclass are options with a heading of their own."""
    return lambda cls: Parameter(name="*", group=Group(name, sort_key=key))(dataclass(cls))


@_group("Machine", 1)
class MachineOptions:
    """Devices and processor model.

    Parameters
    ----------
    machine
        Preset of devices: g3, the default, or mac99.
    cpu
        `pipeline`, the default: the hardware, cycle by cycle; `functional`: instructions without
        timing. After --restore by default the one that was saved.
    ram
        Size of main memory; by default 32M, and 128M for mac99.
    dram
        Bus clocks to the beats of a burst from memory, by default 5:2:2:2.
    board
        Clocks and memory of g3: yosemite, the default, imac or gamecube.
    rom
        A built-in image, an installed firmware (`openbios`), a file (ELF or raw), or `none`.
        Default: `openfirmware`, and `openbios` for mac99; with a kernel `none` for g3.
    disk
        File that is the machine's disk. What the machine writes to it is forgotten.
    disk_write
        What the machine writes to the disk goes to the file.
    timed_uart
        Serial characters take the time of the line.
    adversary
        Seed of a processor that uses every freedom the architecture gives it about translations.
        It needs the functional model.
    uniprocessor
        The adversary allows what software for one processor may expect: sync is enough after tlbie.
    """

    machine: str | None = None
    cpu: str | None = None
    ram: str | None = None
    dram: str | None = None
    board: str | None = None
    rom: str | None = None
    disk: str | None = None
    disk_write: Flag = False
    timed_uart: Flag = False
    adversary: Number = None
    uniprocessor: Flag = False


@_group("Program", 2)
class ProgramOptions:
    """What the machine runs.

    Parameters
    ----------
    kernel
        ELF executable. The firmware starts it, if it can. Without firmware it is entered as a Linux
        kernel if there is a device tree, otherwise at its entry point with translation off.
    dtb
        Flattened device tree for the kernel.
    append
        Kernel command line, instead of the one in the device tree if there is one.
    symbols
        ELF file whose symbols name addresses in logs and messages, beside those of the kernel and
        the ROM. Can be repeated.
    """

    kernel: str | None = None
    dtb: str | None = None
    append: Text = None
    symbols: Texts = ()


@_group("Session", 3)
class SessionOptions:
    """How a run begins, and who is at its console.

    Parameters
    ----------
    restore
        Go on from a checkpoint, which brings machine, memories and devices with it.
    fast_forward_until
        Before anything else, run in the functional model up to an address (a number, or a symbol of
        the kernel) or until the console has printed this text. Limits and recordings begin there.
        With limits, the run also ends if it is not reached after as many instructions, or 200M if
        that is more.
    input
        File that is typed on the console, instead of standard input.
    quiet
        No statistics at the end.
    """

    restore: str | None = None
    fast_forward_until: Text = None
    input: str | None = None
    quiet: Annotated[bool, Parameter(name=["--quiet", "-q"], negative=())] = False


@_group("Limits", 4)
class LimitOptions:
    """When a run ends.

    Parameters
    ----------
    until
        End with 0 when the console has printed this text; with 1 if a limit comes first.
    cycles
        Limit of clock cycles, such as 50000, 20K, 20M or 1G (here K is 1000).
    instructions
        Limit of completed instructions.
    input_after
        Begin to type when the console has printed this text.
    """

    until: Text = None
    cycles: Count = None
    instructions: Count = None
    input_after: Text = None


@_group("Waveform", 5)
class WaveformOptions:
    """What a waveform shows.

    Parameters
    ----------
    vcd
        Write a waveform, and a GTKWave save file beside it. It is VCD, or FST if the name ends in
        `.fst`.
    signals
        Signals in the waveform: components, or dotted paths with * and ?. Can be repeated. Default:
        all.
    depth
        Levels of components below each of `--signals`; 1: its own signals only.
    window
        Cycles A:B of the waveform, of the pipeline logs or of the report; of the waveform several,
        A:B,C:D.
    trigger
        Condition with which the waveform begins, such as "mmu.walker.busy", "pc(main)",
        "exception(DSI)", "tlb_miss()", "walk(0x1000)", "bus(0x0c00f000)", 'console("0 > ")' or
        "event(TLBIE)".
    before
        Cycles of the waveform before the trigger.
    after
        Cycles of the waveform from the trigger on; all by default.
    again
        When these cycles are over, the waveform waits for the trigger again.
    first
        The first so many cycles of the run in the waveform, and what a trigger or --last adds.
    last
        The last so many cycles of the run in the waveform.
    pure
        Enumerations in the waveform are numbers, for viewers that do not know strings.
    """

    vcd: str | None = None
    signals: Texts = ()
    depth: Number = None
    window: str | None = None
    trigger: Text = None
    before: Count = None
    after: Count = None
    again: Flag = False
    first: Count = None
    last: Count = None
    pure: Flag = False


@_group("Logs", 6)
class LogOptions:
    """What is written as text.

    Parameters
    ----------
    kanata
        Write the way of each instruction through the pipeline, for the viewer Konata.
    pipeline
        Write it as a table: a row for each instruction, a column for each cycle.
    report
        Write a report of the window, of what surrounds the trigger, or of the last cycles: one HTML
        file for a browser.
    ledger
        Write every architectural event to this file, as JSON lines.
    kinds
        Only these kinds of events, separated by commas.
    oracle
        Hold each translation that is used against the page table. `warn`: say on stderr what was
        stale, who changed the PTE, and what was left out; `stop`: end the run there, with 1.
    profile
        Write where the cycles go: a table by symbol (.csv, .parquet), collapsed stacks for a flame
        graph (.folded), or a file for the viewer speedscope (.json).
    """

    kanata: str | None = None
    pipeline: str | None = None
    report: str | None = None
    ledger: str | None = None
    kinds: str | None = None
    oracle: Literal["warn", "stop"] | None = None
    profile: str | None = None


@_group("Results", 7)
class ResultOptions:
    """What is written at the end.

    Parameters
    ----------
    save
        Write a checkpoint at the end.
    json
        Write what happened and all statistics to this file; `-` is standard output.
    """

    save: str | None = None
    json: Text = None


#: Parameters of the machine, as texts: their names and their help are those of the table.
_Processor = make_dataclass("_Processor", [(name, str | None, None) for name in NAMES],
                            namespace={"__doc__": MachineParameters.__doc__,
                                       "__module__": __name__})
Processor = Annotated[_Processor | None, Parameter(  # type: ignore[valid-type]
    name="*", group=Group("Parameters of the processor", sort_key=9))]


def given(processor: Any) -> dict[str, str]:
    """The parameters of the processor that the user has given, by name."""
    return {} if processor is None else {
        name: value for name, value in vars(processor).items() if value is not None}


@dataclass
class Options(MachineOptions, ProgramOptions, SessionOptions, LimitOptions, WaveformOptions,
              LogOptions, ResultOptions):
    """All options of a run.

    Attributes
    ----------
    parameters : dict
        Those of the processor that were given.
    """

    parameters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, processor: Any, *groups: Any) -> "Options":
        """From what the command line has found: a group is None if none of its options is there."""
        return cls(parameters=given(processor), **{
            name: value for group in groups if group is not None
            for name, value in vars(group).items()})
