"""What `pteg run` does: a machine, its console, its limits, and a report at the end."""

import sys
from contextlib import ExitStack

from pteg.cli.build import build, enter
from pteg.cli.exits import ExitCode
from pteg.cli.progress import progress, waits_shown
from pteg.cli.report import Report, say
from pteg.cli.signals import interrupts_noted
from pteg.cli.terminal import ConsoleLink
from pteg.cpu import Stop
from pteg.errors import UserError

__all__ = ["run", "debug"]

#: Instructions that a fast-forward may always take, some seconds. Its limits are those of the run
#: otherwise, which the functional model reaches in no time.
FORWARD = 200_000_000


def run(options):
    """Run; return the exit code."""
    with ExitStack() as stack:
        stack.enter_context(waits_shown())
        # With the JSON report on standard output, the console goes to stderr.
        output = sys.stderr.buffer if options.json == "-" else sys.stdout.buffer
        session = _Session(options, output, hold=options.input_after is not None)
        machine, link = session.machine, session.link
        if link.interactive and not options.quiet:
            print("[console: Ctrl-C or Ctrl-] q ends the run]", file=sys.stderr)
        session.interrupted = stack.enter_context(interrupts_noted())
        stop = session.fast_forward()
        forwarded = stop is None
        recordings = {path: stack.enter_context(recording)
                      for path, recording in _recordings(machine, options)}
        if options.ledger:
            stack.enter_context(machine.ledger(options.ledger, kinds=options.kinds))
        if options.oracle:
            machine.oracle(stop=options.oracle == "stop",
                           tell=lambda use: say(f"stale: {use.text(machine.symbols)}"))
        profile = stack.enter_context(machine.profile()) if options.profile else None
        cycles, seconds = machine.cycle, machine.seconds
        if forwarded:
            stop = session.run()
        if profile is not None:
            profile.close()
            profile.write(options.profile)
        if options.save:
            machine.save(options.save)
    link.finish_line()
    unreached = [f"{path}: {recording.unreached}" for path, recording in recordings.items()
                 if recording.unreached]
    return Report(machine, options, stop, forwarded, session.signal, machine.cycle - cycles,
                  machine.seconds - seconds, unreached).give()


def debug(options, port):
    """`pteg gdb`: wait for GDB with the machine that the options describe."""
    from pteg.gdb import check_port, serve

    check_port(port)
    with waits_shown():
        session = _Session(options, sys.stdout.buffer)
        with interrupts_noted() as session.interrupted:
            stop = session.fast_forward()
            if stop is None:
                serve(session.machine, port, session.link.exchange, session.interrupted)
    session.link.finish_line()
    if session.signal:
        return ExitCode(128 + session.signal)
    if stop is not None:
        say(f"ended ({stop}) before the fast-forward had reached "
            f"{options.fast_forward_until!r}")
    return ExitCode.DONE if stop is None else ExitCode.FAILED


def _recordings(machine, options):
    """Waveform and pipeline logs with their files, one after the other."""
    if options.vcd:
        yield options.vcd, machine.trace(
            options.vcd, signals=options.signals or "*", depth=options.depth,
            window=options.window, trigger=options.trigger, before=options.before or 0,
            after=options.after, again=options.again, first=options.first, last=options.last,
            pure=options.pure, warn=say)
    for path, form in ((options.kanata, "kanata"), (options.pipeline, "table")):
        if path:
            yield path, machine.pipeline_log(path, form, window=options.window, warn=say)
    if options.report:
        around = {name: count for name in ("before", "after", "last")
                  if (count := getattr(options, name)) is not None}
        yield options.report, machine.report(
            options.report, signals=options.signals or (), window=options.window,
            trigger=options.trigger, **around)


class _Session:
    """A machine that is ready to run, and its console.

    Attributes
    ----------
    interrupted : callable
        The number of the signal that is to end the run, or 0.
    """

    def __init__(self, options, output, hold=False):
        self._options = options
        self.machine = machine = build(options)
        self._cpu = options.cpu or machine.cpu_name
        machine.model.prepare()
        enter(machine, options)
        self._destination = _destination(machine, options)
        self.link = ConsoleLink(machine.console, options.input, output, hold)
        self.interrupted = lambda: 0

    @property
    def signal(self):
        """Number of the signal that has ended the run, or 0; Ctrl-C at a terminal is one too."""
        return self.interrupted() or self.link.signal

    def fast_forward(self):
        """Run in the functional model, then hand over; return why it ended early, or None."""
        if self._destination is None:
            return None
        machine, options = self.machine, self._options
        limits = [limit for limit in (options.cycles, options.instructions) if limit is not None]
        most = max(*limits, FORWARD) if limits else None
        with progress("instructions", lambda: machine.instructions) as advance, self.link.raw():
            stop = machine.run(instructions=most, until=self._destination,
                               between=self._between(advance))
            self.link.exchange()
        if stop not in (Stop.ADDRESS, Stop.CONSOLE):
            return stop
        machine.hand_over(self._cpu)
        machine.model.prepare()
        if not options.quiet:
            print(f"[fast-forward: {machine.instructions:,} instructions]", file=sys.stderr)
        return None

    def run(self):
        """Run in pieces, with console and progress between them; return the Stop."""
        machine, options, link = self.machine, self._options, self.link
        begin, first = machine.cycle, machine.instructions
        unit, count = "cycles", lambda: machine.cycle
        if options.cycles is None and options.instructions is not None:
            unit, count = "instructions", lambda: machine.instructions
        with progress(unit, count, getattr(options, unit)) as advance, link.raw():
            between = self._between(advance)
            link.exchange()
            if options.input_after is not None:
                stop = machine.run(options.cycles, options.instructions, options.input_after,
                                   between)
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

    def _between(self, advance):
        """What happens between two pieces of a run, which ends when it returns true."""
        def between():
            self.link.exchange()
            advance()
            return self.link.quit or self.interrupted()
        return between


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
