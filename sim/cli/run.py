"""What `pteg run` does: a machine, its console, its limits, and a report at the end."""

import json
import os
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass

from pteg.boot.preload import fw_cfg
from pteg.cli.terminal import ConsoleLink, interrupts_noted
from pteg.cpu import Stop
from pteg.errors import UserError
from pteg.files import check_regular
from pteg.machine import Machine
from pteg.outputs import write_file
from pteg.presets import ROMS

__all__ = ["Options", "run", "debug"]


@dataclass
class Options:
    """The options of `pteg run`; see `pteg run --help`."""

    machine: str | None = None
    cpu: str | None = None
    ram: str | None = None
    l2: str | None = None
    rom: str | None = None
    kernel: str | None = None
    dtb: str | None = None
    append: str | None = None
    symbols: tuple = ()
    disk: str | None = None
    disk_write: bool = False
    vcd: str | None = None
    signals: tuple = ()
    window: str | None = None
    trigger: str | None = None
    before: int | None = None
    after: int | None = None
    again: bool = False
    last: int | None = None
    pure: bool = False
    kanata: str | None = None
    pipeline: str | None = None
    ledger: str | None = None
    kinds: str | None = None
    input: str | None = None
    input_after: str | None = None
    until: str | None = None
    cycles: int | None = None
    instructions: int | None = None
    restore: str | None = None
    fast_forward_until: str | None = None
    save: str | None = None
    json: str | None = None
    timed_uart: bool = False
    quiet: bool = False


def run(options):
    """Run; return the exit code."""
    machine = build(options)
    cpu = options.cpu or machine.cpu_name
    with ExitStack() as stack:
        interrupted = stack.enter_context(interrupts_noted())
        with _status("compiling the processor (only the first time)"):
            machine.model  # noqa: B018
        enter(machine, options)
        forward = _destination(machine, options)
        # With the JSON report on standard output, the console goes to stderr.
        output = sys.stderr.buffer if options.json == "-" else sys.stdout.buffer
        link = ConsoleLink(machine.console, options.input, output,
                           hold=options.input_after is not None)
        if link.interactive and not options.quiet:
            print("[console: Ctrl-C or Ctrl-] q ends the run]", file=sys.stderr)
        started, stop = time.perf_counter(), None
        if forward is not None:
            with link.raw():
                stop = _fast_forward(machine, cpu, forward, options, link, interrupted)
        recordings = {path: stack.enter_context(recording)
                      for path, recording in _recordings(machine, options)}
        if options.ledger:
            stack.enter_context(machine.ledger(options.ledger, kinds=options.kinds))
        if stop is None:
            with link.raw():
                stop = _run(machine, options, link, interrupted)
        seconds = time.perf_counter() - started
        if options.save:
            machine.save(options.save)
    link.finish_line()
    code = _exit_code(stop, options)
    stats = machine.stats()
    place = machine.symbols.describe(machine.cpu.pc)
    problems = [_problem(machine, stop, place, options)]
    problems += [f"{path}: {recording.unreached}" for path, recording in recordings.items()
                 if recording.unreached]
    problems = [problem for problem in problems if problem]
    code = code or int(bool(problems))
    if not options.quiet:
        _print_report(stop, place, stats, seconds)
    for problem in problems:
        _say(problem)
    if options.json:
        _write_json(options, {"stop": str(stop), "exit": code,
                              "problem": "; ".join(problems) or None,
                              "seconds": round(seconds, 3), "machine": machine.preset,
                              "cpu": machine.cpu_name, "pc": machine.cpu.pc,
                              "symbol": machine.symbols.name(machine.cpu.pc), "stats": stats})
    return code


def _recordings(machine, options):
    """Waveform and pipeline logs with their files, one after the other."""
    if options.vcd:
        yield options.vcd, machine.trace(
            options.vcd, signals=options.signals or "*", window=options.window,
            trigger=options.trigger, before=options.before or 0, after=options.after,
            again=options.again, last=options.last, pure=options.pure, warn=_say)
    for path, form in ((options.kanata, "kanata"), (options.pipeline, "table")):
        if path:
            yield path, machine.pipeline_log(path, form, window=options.window, warn=_say)


def _say(text):
    print(f"pteg: {text}", file=sys.stderr)


def debug(options, port):
    """`pteg gdb`: wait for GDB with the machine that the options describe."""
    from pteg.gdb import serve

    machine = build(options)
    cpu = options.cpu or machine.cpu_name
    with interrupts_noted() as interrupted:
        with _status("compiling the processor (only the first time)"):
            machine.model  # noqa: B018
        enter(machine, options)
        forward = _destination(machine, options)
        link = ConsoleLink(machine.console, options.input)
        if forward is not None and _fast_forward(machine, cpu, forward, options, link,
                                                 interrupted) is not None:
            return 1
        serve(machine, port, link.exchange, interrupted)
    link.finish_line()
    return 0


#: Options that look at signals.
_PIPELINE_ONLY = ("vcd", "kanata", "pipeline")
#: Options that say what a checkpoint says already.
_SAVED = ("machine", "ram", "l2", "rom", "kernel", "dtb", "append", "disk", "timed_uart")


def build(options):
    """The machine, with its ROM; all input and output files have been checked when it returns."""
    for name in ("dtb", "append"):
        if getattr(options, name) is not None and options.kernel is None:
            raise UserError(f"--{name} needs --kernel")
    if options.disk_write and options.disk is None:
        raise UserError("--disk-write needs --disk")
    for name in ("trigger", "signals", "before", "after", "again", "last", "pure"):
        if getattr(options, name) and options.vcd is None:
            raise UserError(f"--{name} needs --vcd")
    looking = [name for name in _PIPELINE_ONLY if getattr(options, name)]
    if options.window is not None and not looking:
        raise UserError("--window needs --vcd, --kanata or --pipeline")
    for name in ("before", "after"):
        if getattr(options, name) is not None and options.trigger is None:
            raise UserError(f"--{name} needs --trigger")
    if options.again and options.after is None:
        raise UserError("--again needs --after")
    if options.window is not None:
        from pteg.waveforms.capture import Window

        Window.parse(options.window)
    if looking and options.cpu == "functional":
        raise _no_signals(looking[0])
    if options.input is not None:
        check_regular(options.input)
    if options.until == "" or options.input_after == "":
        raise UserError("--until and --input-after need a text that is not empty")
    for path in (options.vcd, options.kanata, options.pipeline, options.ledger, options.save,
                 options.json if options.json != "-" else None):
        if path:
            _check_writable(path)
    if options.restore is None or options.fast_forward_until is not None:
        options.cpu = options.cpu or "pipeline"
    machine = _restored(options) if options.restore is not None else _new(options)
    if looking and (options.cpu or machine.cpu_name) != "pipeline":
        raise _no_signals(looking[0])
    for path in options.symbols:
        machine.symbols.add_file(path)
    return machine


def _no_signals(option):
    return UserError(f"--{option} needs --cpu pipeline: the functional model has no signals")


def _new(options):
    settings = {"timed_uart": options.timed_uart} | {
        name: value for name in ("ram", "l2") if (value := getattr(options, name)) is not None}
    machine = Machine(options.machine or "g3", cpu=_first_model(options), **settings)
    boots = fw_cfg(machine.platform) is not None    # its firmware can start programs
    alone = options.kernel is not None and (options.dtb is not None or not boots)
    rom = options.rom if options.rom is not None else "none" if alone else ROMS[machine.preset]
    if options.kernel is not None and rom != "none" and not boots:
        raise UserError("--kernel needs --rom none: this machine's firmware starts no programs")
    if options.dtb is not None and rom != "none":
        raise UserError("--dtb needs --rom none: firmware makes a device tree of its own")
    if options.append is not None and rom == "none" and options.dtb is None:
        raise UserError("--append needs --dtb, or firmware that starts programs")
    if rom != "none":
        machine.program_rom(rom)
    if options.kernel is not None:
        machine.check_program(options.kernel, options.dtb, firmware=rom != "none")
        options.rom = rom
    if options.disk is not None:
        machine.attach_disk(options.disk, options.disk_write)
    return machine


def _restored(options):
    for name in _SAVED:
        if getattr(options, name):
            raise UserError(f"--{name.replace('_', '-')} cannot be used with --restore: the "
                            f"checkpoint says what the machine is")
    with _status("restoring"):
        machine = Machine.restore(options.restore, _first_model(options))
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
    if options.rom != "none":
        machine.preload(options.kernel, options.append)
    elif options.dtb is not None:
        machine.boot_linux(options.kernel, options.dtb, options.append)
    else:
        entry = machine.load(options.kernel)
        with machine.cpu.changed() as state:
            state["pc"], state["msr"] = entry, 0
            state["gpr"][0, 1] = machine.ram.base + machine.ram.size - 0x100


def _destination(machine, options):
    """Where --fast-forward-until leads: an address or a text."""
    text = options.fast_forward_until
    if text is None:
        return None
    if text == "":
        raise UserError("--fast-forward-until needs an address or a text that is not empty")
    try:
        address = int(text, 0)
    except ValueError:
        address = machine.symbols.address(text)
        if address is None:
            return text
    if not 0 <= address < 1 << 32 or address % 4:
        raise UserError(f"--fast-forward-until must be the address of an instruction, not {text}")
    return address


def _fast_forward(machine, cpu, destination, options, link, interrupted):
    """Run in the functional model, then hand over; return why it failed, or None."""
    def between():
        link.exchange()
        return link.quit or interrupted()

    stop = machine.run(until=destination, between=between)
    link.exchange()
    if stop not in (Stop.ADDRESS, Stop.CONSOLE):
        return stop
    with _status("compiling the processor (only the first time)"):
        machine.hand_over(cpu)
    if not options.quiet:
        print(f"[fast-forward: {machine.instructions:,} instructions]", file=sys.stderr)
    return None


def _run(machine, options, link, interrupted):
    """Run in pieces, with console and progress between them; return the Stop."""
    begin, first = machine.cycle, machine.instructions
    with _progress(options, machine) as advance:
        def between():
            link.exchange()
            advance()
            return link.quit or interrupted()

        link.exchange()
        if options.input_after is not None:
            stop = machine.run(options.cycles, options.instructions, options.input_after, between)
            if stop is not Stop.CONSOLE:
                link.exchange()
                return stop
            link.release()
        left = [limit and max(0, limit - done) for limit, done in (
            (options.cycles, machine.cycle - begin),
            (options.instructions, machine.instructions - first))]
        stop = machine.run(*left, options.until, between)
        link.exchange()
        return stop


def _exit_code(stop, options):
    if stop in (Stop.CHECKSTOP, Stop.STUCK):
        return 1
    if stop is Stop.INTERRUPTED:
        return 1 if options.until or options.fast_forward_until else 0
    return 1 if options.until is not None and stop is not Stop.CONSOLE else 0


def _problem(machine, stop, place, options):
    """One line on why the exit code is 1, or None."""
    if stop is Stop.CHECKSTOP:
        cpu = machine.cpu
        return (f"checkstop at pc {place}: machine check (transfer error: no device answers "
                f"at the address) with MSR[ME] = 0; msr {cpu.msr:#010x}, lr {cpu.lr:#010x}")
    if stop is Stop.STUCK:
        return f"stuck at pc {place}: every instruction causes an exception, the handlers' too"
    if stop is Stop.INTERRUPTED and machine.cpu_name != (options.cpu or machine.cpu_name):
        return f"interrupted at pc {place} before the fast-forward had reached " \
               f"{options.fast_forward_until!r}"
    if options.until is not None and stop is not Stop.CONSOLE:
        return f"ended ({stop}) at pc {place} before the console printed " \
               f"{options.until!r}"
    return None


def _check_writable(path):
    """Refuse early what cannot be written in the end; an existing file is not touched."""
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path):
        problem = "is a folder"
    elif not os.path.isdir(folder):
        problem = "its folder does not exist"
    elif not os.access(path if os.path.exists(path) else folder, os.W_OK):
        problem = "permission denied"
    else:
        return
    raise UserError(f"cannot write {path!r}: {problem}")


def _write_json(options, report):
    text = json.dumps(report | {"options": asdict(options)}, indent=2) + "\n"
    if options.json == "-":
        sys.stdout.write(text)
        return
    write_file(options.json, text.encode())


# What a person sees -----------------------------------------------------------------------------

def _print_report(stop, place, stats, seconds):
    lines = [f"--- {stop} after {stats['cycles']:,} cycles, {seconds:.2f} s, at {place} ---"]
    numbers = {name: value for name, value in stats.items() if not isinstance(value, dict)}
    if seconds > 0.1:
        numbers["simulated cycles a second"] = round(stats["cycles"] / seconds)
    lines += [f"{name.replace('_', ' '):<26} {value:>16,}" for name, value in numbers.items()]
    for group, counts in stats.items():
        if isinstance(counts, dict):
            lines += _tables(group, counts)
    print("\n".join(lines), file=sys.stderr)


def _tables(group, counts):
    """Lines for a dict of dicts: one table for those that have the same columns."""
    tables = {}
    for name, row in counts.items():
        if isinstance(row, dict):
            tables.setdefault(tuple(row), {})[name] = row.values()
        else:
            tables.setdefault((name,), {})[""] = [row]
    for columns, rows in tables.items():
        heads = [column.replace("_", " ") for column in columns]
        yield f"{group:<16}" + "".join(f" {head:>13}" for head in heads)
        for name, values in rows.items():
            yield f"  {name.replace('_', ' '):<14}" + "".join(f" {value:>13,}" for value in values)


@contextmanager
def _status(text):
    """A spinner on stderr while something takes long, at a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


@contextmanager
def _progress(options, machine):
    """Yields a function to call now and then. A bar on stderr, unless the console is beside it."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    limited = options.cycles is not None
    total = options.cycles if limited else options.instructions
    start = machine.cycle, machine.instructions
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("cycles" if limited or total is None else "instructions",
                                 total=total)
        by_cycle = limited or total is None

        def advance():
            done = machine.cycle - start[0] if by_cycle else machine.instructions - start[1]
            progress.update(task, completed=done)

        yield advance
