"""A test bench for the Verilog of a machine's processor and bus, made from a run."""

from pteg.engine.verilog.export import BenchFile, ports_of
from pteg.errors import UserError
from pteg.pipeline.cpu import PipelineCpu
from pteg.pipeline.driver import Tap
from pteg.pipeline.system import UNNAMED

__all__ = ["record_system"]


def record_system(machine, system, cycles):
    """Run a machine for some cycles, and return a test bench that replays its ports.

    Parameters
    ----------
    machine : pteg.Machine
        Of the pipeline model, just reset.
    system : pteg.hw.system.System
        Its hardware, whose ports have their names in Verilog.
    cycles : int
    """
    model = machine.model
    if not isinstance(model, PipelineCpu):
        raise UserError("a recording of the ports needs the pipeline model")
    native = model.native
    names = _verilog_names(native, system)
    sides = [{names[path]: probe.width for path, probe in side.items()}
             for side in (native.inputs, native.outputs)]
    recorder = _Recorder(native.tracer(list(names)), names, BenchFile(*sides), cycles)
    tap = Tap(recorder.tracer, recorder)
    model.driver.taps.append(tap)
    try:
        machine.run(cycles=cycles)
    finally:
        model.driver.taps.remove(tap)
    return recorder.bench


def _verilog_names(native, system):
    """Return the port in Verilog for each path, which leaves out the name of the processor."""
    ports = ports_of(system)
    plain = {path: path.replace(".", "__") for path in [*native.inputs, *native.outputs]}
    return {path: name if name in ports else f"{UNNAMED[0]}__{name}"
            for path, name in plain.items()}


class _Recorder:
    """Takes the rows of a trace for a test bench."""

    def __init__(self, tracer, names, bench, cycles):
        self.tracer, self.names, self.bench, self.cycles = tracer, names, bench, cycles

    def wanted(self, cycle):
        return cycle if cycle < self.cycles else None

    def write(self, cycle, rows):
        for row in rows[:max(self.cycles - cycle, 0)]:
            values = self.tracer.read(row)
            self.bench.add({self.names[path]: value for path, value in values.items()})
