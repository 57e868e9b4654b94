"""What `pteg sim` does: a Verilog design, compiled and run for some cycles."""

import sys
import time

import numpy as np

from pteg.cli.exits import ExitCode
from pteg.cli.outputs import check_outputs
from pteg.cli.progress import waits_shown
from pteg.engine.kernel.loops import steps
from pteg.engine.verilog import compile_verilog
from pteg.errors import UserError
from pteg.interrupts import held
from pteg.outputs import OutputFile

__all__ = ["simulate"]

RESET_CYCLES = 8
BLOCK = 4096     # cycles between writes of the waveform
PIECE = 1 << 20  # cycles between which Ctrl-C comes through


def simulate(files, top, *, cycles, clocks, inputs, reset, until, vcd, parameters, defines,
             include):
    """Run a design and print its outputs; see `pteg sim --help`."""
    check_outputs({"vcd": vcd}, files)
    with waits_shown():
        native = compile_verilog(files, top, parameters=parameters, defines=defines,
                                 include=include, clocks=clocks, cycle=True)
    run = _Run(native, until)
    for name, value in {**inputs, **reset}.items():
        run.set(name, value)
    if vcd is not None:
        run.record(vcd)
    try:
        start = time.perf_counter()
        if reset:
            run.run(RESET_CYCLES)
            for name, active in reset.items():
                run.set(name, int(not active))
        met = run.run(cycles, wait=bool(until))
        seconds = time.perf_counter() - start
    finally:
        run.close()
    native.settle(run.state)
    for name, probe in native.outputs.items():
        print(f"{name} = {run.value(name):#0{2 + (probe.width + 3) // 4}x}")
    print(f"{run.cycle} cycles in {seconds:.2f} s", file=sys.stderr)
    if until and not met:
        (name, value), = until.items()
        print(f"pteg: {name} was never {value:#x} in {cycles} cycles", file=sys.stderr)
        return ExitCode.FAILED
    return ExitCode.DONE


class _Run:
    """A compiled design that runs, and its waveform.

    Parameters
    ----------
    native : Native
    until : dict of str to int
        The output, if any, whose value ends the run.
    """

    def __init__(self, native, until):
        self.native, self.state, self.cycle = native, native.new_state(), 0
        self.until = next(iter(until.items()), None)
        if self.until:
            self._known(self.until[0], native.outputs, "output")
        self.waveform = None

    def record(self, path):
        """Write a waveform from here on."""
        from pteg.waveforms.fst import FstFile
        from pteg.waveforms.vcd import VcdFile

        self.tracer = self.native.tracer()
        self.file, self.written = OutputFile(path), 0
        kind = FstFile if path.endswith(".fst") else VcdFile
        self.waveform = kind(self.file, self.tracer.probes, self.tracer.offsets, clock="pteg_clk")
        self.rows = np.zeros((BLOCK, self.tracer.words), np.uint64)

    def _known(self, name, ports, what):
        if name not in ports:
            raise UserError(f"{self.native.name} has no {what} {name!r}; its {what}s are "
                            f"{', '.join(ports) or 'none'}")
        return ports[name]

    def set(self, name, value):
        """Set an input."""
        probe = self._known(name, self.native.inputs, "input")
        if not 0 <= value < 1 << probe.width:
            raise UserError(f"input {name!r} has {probe.width} bits, not room for {value:#x}")
        self.native.write(self.state, name, value)

    def value(self, name):
        """Return the value of an output."""
        return self.native.read(self.state, name) & (1 << self.native.outputs[name].width) - 1

    def run(self, cycles, wait=False):
        """Run some cycles, or with `wait` until the output has its value; return whether it had."""
        if self.waveform is None and not wait:
            record = self.native.new_record()
            for done in range(0, cycles, PIECE):
                steps(self.native.cycle, self.state, record, min(PIECE, cycles - done))
            self.cycle += cycles
            return False
        met = False
        while cycles and not met:
            block = min(cycles, BLOCK)
            with held():
                met = self._run_block(block, wait)
            cycles -= block
        return met

    def _run_block(self, cycles, wait):
        """Run some cycles one by one, and write them; return whether the output had its value."""
        met, row = False, 0
        for _ in range(cycles):
            if self.waveform is not None:
                self.tracer.trace(self.state, self.rows[row])
                row += 1
            if wait:
                self.native.settle(self.state)
                met = self.value(self.until[0]) == self.until[1]
                if met:
                    break
            self.native.step(self.state)
            self.cycle += 1
        self._flush(row)
        return met

    def _flush(self, rows):
        if rows:
            from pteg.waveforms.changes import Changes

            self.waveform.write(Changes.of(self.written, self.rows[:rows]))
            self.written += rows

    def close(self):
        """Complete the waveform."""
        if self.waveform is not None:
            self.waveform.close()
            self.file.close()
