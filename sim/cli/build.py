"""The machine that the options of `pteg run` and `pteg gdb` describe."""

import sys

from pteg.boot.rom import NONE
from pteg.cli.outputs import check_outputs
from pteg.errors import UserError
from pteg.files import check_regular
from pteg.machine import Machine
from pteg.presets import KERNEL_ROMS, ROMS
from pteg.profile import check_name

__all__ = ["build", "enter"]


#: Options that need signals.
_PIPELINE_ONLY = ("vcd", "kanata", "pipeline", "report", "profile")
#: Options that name files to be written.
_OUTPUTS = ("vcd", "kanata", "pipeline", "report", "profile", "ledger", "save", "json")
#: Options that name files to be read.
_INPUTS = ("rom", "disk", "kernel", "dtb", "input")
#: Options that say what a checkpoint says already.
_SAVED = ("machine", "ram", "dram", "board", "rom", "kernel", "dtb", "append", "disk",
          "timed_uart", "adversary", "uniprocessor")


def build(options):
    """The machine, with its ROM; all input and output files have been checked when it returns."""
    for name in ("dtb", "append"):
        if getattr(options, name) is not None and options.kernel is None:
            raise UserError(f"--{name} needs --kernel")
    if options.disk_write and options.disk is None:
        raise UserError("--disk-write needs --disk")
    alone = ("depth", "again", "first", "pure")
    for name in ("trigger", "signals", "before", "after", "last", *alone):
        if getattr(options, name) and options.vcd is None and (
                options.report is None or name in alone):
            raise UserError(f"--{name} needs --vcd")
    looking = [name for name in _PIPELINE_ONLY if getattr(options, name)]
    if options.window is not None and not {"vcd", "kanata", "pipeline", "report"} & set(looking):
        raise UserError("--window needs --vcd, --kanata, --pipeline or --report")
    for name in ("before", "after"):
        if getattr(options, name) is not None and options.trigger is None:
            raise UserError(f"--{name} needs --trigger")
    if options.again and options.after is None:
        raise UserError("--again needs --after")
    if options.window is not None:
        from pteg.waveforms.window import Window, Windows

        one = {"kanata", "pipeline", "report"} & set(looking)
        (Window if one else Windows).of(options.window)
    if options.profile is not None:
        check_name(options.profile)
    if looking and options.cpu == "functional":
        raise _no_signals(looking[0])
    if options.input is not None:
        check_regular(options.input)
    if options.until == "" or options.input_after == "":
        raise UserError("--until and --input-after need a text that is not empty")
    outputs = {name: getattr(options, name) for name in _OUTPUTS}
    inputs = [getattr(options, name) for name in _INPUTS]
    check_outputs(outputs, [*inputs, *options.symbols])
    # A checkpoint may be replaced by the one of the end.
    check_outputs({**outputs, "save": None}, [options.restore])
    if options.restore is None or options.fast_forward_until is not None:
        options.cpu = options.cpu or "pipeline"
    machine = _restored(options) if options.restore is not None else _new(options)
    traced = [*looking, *(["ledger"] if options.ledger else [])]
    if options.oracle and traced and (options.cpu or machine.cpu_name) == "pipeline":
        raise UserError(f"--oracle with --cpu pipeline goes without --{traced[0]}")
    if looking and (options.cpu or machine.cpu_name) != "pipeline":
        raise _no_signals(looking[0])
    for path in options.symbols:
        machine.symbols.add_file(path)
    return machine


def _no_signals(option):
    return UserError(f"--{option} needs --cpu pipeline: the functional model has no signals")


def _new(options):
    settings = {"timed_uart": options.timed_uart} | options.parameters | {
        name: value for name in ("ram", "dram", "board")
        if (value := getattr(options, name)) is not None}
    machine = Machine(options.machine or "g3", cpu=_first_model(options), rom=NONE,
                      adversary=options.adversary, uniprocessor=options.uniprocessor,
                      **settings)
    alone = options.kernel is not None and options.dtb is not None
    usual = NONE if alone else (ROMS if options.kernel is None else KERNEL_ROMS)[machine.preset]
    rom = usual if options.rom is None else options.rom
    if options.kernel is not None and rom == "first":
        raise UserError("--kernel needs another ROM: the first ROM starts no programs")
    if options.dtb is not None and rom != NONE:
        raise UserError("--dtb needs --rom none: firmware makes a device tree of its own")
    if options.append is not None and rom == NONE and options.dtb is None:
        raise UserError("--append needs --dtb, or firmware that starts programs")
    machine.program_rom(rom)
    if options.kernel is not None:
        machine.check_program(options.kernel, options.dtb, firmware=rom != NONE)
        options.rom = rom
    if options.disk is not None:
        machine.attach_disk(options.disk, options.disk_write)
    return machine


def _restored(options):
    for name in _SAVED:
        if getattr(options, name):
            raise UserError(f"--{name.replace('_', '-')} cannot be used with --restore: the "
                            f"checkpoint says what the machine is")
    machine = Machine.restore(options.restore, _first_model(options), **options.parameters)
    if options.cpu is None and machine.restored == "architectural":
        print(f"pteg: {options.restore}: saved by another version of the {machine.cpu_name} model; "
              f"its registers and memory go on, not its timing", file=sys.stderr)
    return machine


def _first_model(options):
    """The model in which the machine begins; an unknown one is refused by the machine."""
    forward = options.fast_forward_until is not None and options.cpu == "pipeline"
    return "functional" if forward else options.cpu


def enter(machine, options):
    """Load the program that the options name, if any, and set the registers for it."""
    if options.kernel is None:
        return
    if options.rom != NONE:
        machine.preload(options.kernel, options.append)
    elif options.dtb is not None:
        machine.boot_linux(options.kernel, options.dtb, options.append)
    else:
        entry = machine.load(options.kernel)
        with machine.cpu.changed() as state:
            state["pc"], state["msr"] = entry, 0
            state["gpr"][0, 1] = machine.ram.base + machine.ram.size - 0x100
