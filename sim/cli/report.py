"""What `pteg run` says at the end: why the run ended, what was counted, and the exit code."""

import contextlib
import json
import sys
from dataclasses import asdict, dataclass

from pteg.cli.exits import ExitCode
from pteg.cpu import Stop
from pteg.outputs import write_file

__all__ = ["Report", "say"]


def say(text):
    """A line on stderr."""
    _print(f"pteg: {text}")


def _print(text):
    # Where stderr cannot be written, the exit code remains.
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr)


@dataclass
class Report:
    """The end of a run.

    Attributes
    ----------
    machine : pteg.machine.Machine
    options : pteg.cli.options.Options
    stop : pteg.cpu.Stop
    forwarded : bool
        The fast-forward, if there was one, has reached its end.
    signal : int
        That ended the run, or 0.
    cycles, seconds : int, float
        Simulated after the fast-forward, and the time that this took.
    unreached : list of str
        What recordings have not seen.
    """

    machine: object
    options: object
    stop: Stop
    forwarded: bool
    signal: int
    cycles: int
    seconds: float
    unreached: list

    def give(self):
        """Print the statistics and the problems, write the JSON; return the exit code."""
        options, machine = self.options, self.machine
        stats, problems, code = machine.stats(), self.problems(), self.code()
        if not options.quiet:
            self._print(stats)
        for problem in problems:
            say(problem)
        if options.json:
            pc = machine.cpu.pc
            self._write_json({
                "stop": str(self.stop), "exit": int(code), "problem": "; ".join(problems) or None,
                "seconds": round(self.seconds, 3), "machine": machine.preset,
                "cpu": machine.cpu_name, "pc": pc, "symbol": machine.symbols.name(pc),
                "parameters": asdict(machine.platform.parameters), "stats": stats,
                "options": asdict(options)})
        return code

    def code(self):
        """The exit code."""
        if self.stop is Stop.INTERRUPTED and self.signal:
            return ExitCode(128 + self.signal)
        return ExitCode.FAILED if self.problems() else ExitCode.DONE

    def problems(self):
        """Why the exit code is not 0, a line each."""
        return [problem for problem in [self._problem(), *self.unreached] if problem]

    def _problem(self):
        stop, options, cpu, place = self.stop, self.options, self.machine.cpu, self._place
        if stop is Stop.CHECKSTOP:
            return (f"checkstop at pc {place}: machine check (transfer error: no device answers "
                    f"at the address) with MSR[ME] = 0; msr {cpu.msr:#010x}, lr {cpu.lr:#010x}")
        if stop is Stop.STUCK:
            return f"stuck at pc {place}: every instruction causes an exception, the handlers' too"
        if stop is Stop.STALE:
            return f"ended at a stale translation, at pc {place}"
        if not self.forwarded:
            return (f"ended ({stop}) at pc {place} before the fast-forward had reached "
                    f"{options.fast_forward_until!r}")
        if options.until is not None and stop is not Stop.CONSOLE:
            return f"ended ({stop}) at pc {place} before the console printed {options.until!r}"
        return None

    @property
    def _place(self):
        return self.machine.symbols.describe(self.machine.cpu.pc)

    def _write_json(self, report):
        text = json.dumps(report, indent=2) + "\n"
        if self.options.json == "-":
            sys.stdout.write(text)
        else:
            write_file(self.options.json, text.encode())

    def _print(self, stats):
        lines = [f"--- {self.stop} after {stats['cycles']:,} cycles, {self.seconds:.2f} s, "
                 f"at {self._place} ---"]
        numbers = {name: value for name, value in stats.items() if not isinstance(value, dict)}
        if self.seconds > 0.1:
            numbers["simulated cycles a second"] = round(self.cycles / self.seconds)
        lines += [f"{name.replace('_', ' '):<26} {value:>16,}"
                  for name, value in numbers.items() if value is not None]
        for group, counts in stats.items():
            if isinstance(counts, dict):
                lines += _tables(group, counts)
        _print("\n".join(lines))


def _tables(group, counts):
    """Lines for a dict of dicts: one table for those that have the same columns."""
    tables = {}
    for name, row in counts.items():
        row = {column: value for column, value in row.items() if value is not None}
        if row:     # this model counts it
            tables.setdefault(tuple(row), {})[name] = row.values()
    for columns, rows in tables.items():
        heads = [column.replace("_", " ") for column in columns]
        yield f"{group:<16}" + "".join(f" {head:>13}" for head in heads)
        for name, values in rows.items():
            shown = str(name).replace("_", " ")     # a number, of a processor
            yield f"  {shown:<14}" + "".join(f" {value:>13,}" for value in values)
