"""The loop of the cycle-accurate model: the compiled hardware and the devices, clock by clock.

In each cycle the hardware makes one step, and the devices' clocks advance. At the end of a bus
clock, every device's bus port receives the bus' signals, and its answers become the hardware's
inputs in the next one. The loop is generated for one platform and one placement of signals, and
compiled by numba. The hardware itself is an argument: another design with the same ports uses the
same compiled loop.
"""

from collections import deque
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pteg.components.console import new_watch
from pteg.components.target import TARGET
from pteg.cpu import FOREVER, Limits, Stop
from pteg.generated import load_module
from pteg.interrupts import held
from pteg.pipeline import loop
from pteg.pipeline.loop import CONTROL, STOPS
from pteg.pipeline.places import Processor, System
from pteg.platform import PORT
from pteg.waiting import waiting

__all__ = ["Driver", "Tap", "Signals"]

#: Cycles of a trace that are handed on at a time, at most; fewer if they have many words, which
#: would fill the processor's caches and take new pages from the host.
TRACE_ROWS, TRACE_WORDS = 4096, 1 << 21
#: Where the levels of TBEN, negated, begin in what the platform's `controls` gives.
TBEN = 8
#: Before the last so many instructions of a run, the hardware is told to complete them one by one:
#: more than can be in flight, folded branches counted.
SINGLE = 64


@dataclass(frozen=True)
class Signals:
    """Registers of the hardware that the loop reads, and inputs that it drives.

    An empty path means a signal that the design does not have.
    """

    processors: tuple[Processor, ...] = ()
    bus_edge: str = ""
    #: Of one processor alone; of several, the one whose data tenure it is.
    interrupt: str = ""
    granted: str = ""

    @staticmethod
    def of(*processors: Processor) -> "Signals":
        """Those of the processors of a system."""
        system = System("")
        if len(processors) == 1:
            return Signals(processors, system.bus_edge, interrupt=processors[0].interrupt)
        return Signals(processors, system.bus_edge, granted=system.granted)


@dataclass
class Tap:
    """A trace that is taken while the machine runs.

    Attributes
    ----------
    tracer : pteg.engine.Tracer or pteg.engine.tracer.ChangeTracer
        Recomputes the signals. If its attribute `printed` is true, the driver writes into the last
        column how many characters the console had printed before the cycle.
    sink : object
        `wanted(cycle)` says from which cycle on rows are needed, or None: never again.
        `write(cycle, rows)` takes a `uint64[cycles, words]` array, whose first row holds the
        signals of cycle number `cycle`. The array is used again after the next call.
    rows : int
        Cycles that are handed on at a time.
    """

    tracer: object
    sink: object

    def __post_init__(self):
        self.rows = max(64, min(TRACE_ROWS, TRACE_WORDS // max(1, self.tracer.words)))
        self._buffers = deque()
        # Of a `ChangeTracer`: what it keeps from one cycle to the next.
        new_record = getattr(self.tracer, "new_record", None)
        self._record = new_record() if new_record else np.zeros(1, np.uint64)
        self.kind = new_record is not None, bool(getattr(self.tracer, "printed", False))

    def new_record(self):
        """The tracer's record, for cycles that do not continue those before."""
        self._record[:] = 0
        return self._record

    def buffer(self, rows):
        """An array for so many cycles, one of two in turn: a sink may still write the other."""
        if len(self._buffers) < 2:
            self._buffers.append(np.empty((self.rows, self.tracer.words), np.uint64))
        else:
            self._buffers.rotate(1)
        return self._buffers[-1][:rows]


class Driver:
    """Runs a compiled processor together with a platform's devices.

    Parameters
    ----------
    platform : pteg.platform.Platform
    native : pteg.engine.Native
        With one `TargetPort` for each device, of the device's name.
    signals : Signals
        None unless given: a design without a processor.

    Attributes
    ----------
    state : numpy.ndarray of uint64
        State of the hardware, as `native` describes it.
    targets : tuple of record arrays of TARGET
        Bus side of each device.
    places : numpy.ndarray
        Of each processor: where it was after the last cycle, and instructions completed then.
    taps : list of Tap
    """

    def __init__(self, platform, native, signals=None):
        self.platform, self.native, self.signals = platform, native, signals or Signals()
        self.taps = []
        self.control = np.zeros(1, CONTROL)
        self._never = new_watch()
        self._modules = {}  # generated, by the `kind` of each active tap
        self._loops = {}    # and compiled
        self.reset()

    def reset(self):
        """Reset the hardware and the bus sides of the devices (not the devices)."""
        self.state = self.native.new_state()
        self.record = self.native.new_record()
        self.targets = tuple(np.zeros(1, TARGET) for _ in self.platform.devices)
        for device, target in zip(self.platform.devices, self.targets, strict=True):
            for name in ("base", "first", "next", "burst"):
                target[name] = getattr(device, name)
        self.control["cycle"] = 0
        self.places = np.zeros((len(self.signals.processors), 2), np.int64)

    @property
    def cycle(self):
        """Clock cycles since reset."""
        return int(self.control["cycle"][0])

    @property
    def instructions(self):
        """Instructions completed since reset."""
        return sum(self.native.read(self.state, cpu.core.completion.instructions)
                   for cpu in self.signals.processors)

    def stats(self):
        """Bus transactions of each device: a dict by name."""
        names = ("reads", "writes", "read_beats", "write_beats", "errors")
        return {device.name: {name: int(target[name][0]) for name in names}
                for device, target in zip(self.platform.devices, self.targets, strict=True)}

    def run(self, limits=None):
        """Run until one of the limits; return a `Stop`. See `pteg.cpu.Cpu.run`."""
        limits = limits or Limits()
        last = min(self.instructions + limits.instructions, FOREVER)
        end = self.cycle + limits.cycles
        self.pause(limits.address)
        stop, whole = Stop.INSTRUCTIONS, last if limits.undisturbed else last - SINGLE
        if self.instructions < whole:
            stop = self._run(end, whole, limits)
        if stop is Stop.INSTRUCTIONS and self.instructions < last:
            self.pause(limits.address, single=True)
            stop = self._run(end, last, limits)
        self.pause()
        return stop

    def pause(self, address=None, single=False):
        """Tell the hardware where to complete less than it could in a cycle; see `PausePort`."""
        for cpu in self.signals.processors:
            pause = cpu.pause
            for path, value in ((pause.single, single), (pause.valid, address is not None),
                                (pause.pc, address or 0)):
                self.native.write(self.state, path, int(value))

    def _run(self, end, last_instruction, limits):
        control = self.control[0]
        end = min(end, FOREVER)
        control["last_instruction"] = last_instruction
        control["address"] = -1 if limits.address is None else limits.address
        watch = limits.watch
        if watch is None:
            watch = self._never
            watch["seen"] = self._printed()
        devices = self.platform.arrays
        while self.cycle < end:
            taps, until = self._active_taps()
            control["last_cycle"] = min(end, until)
            stop = self._segment(taps, devices, watch)
            if stop is not Stop.CYCLES:
                return stop
        return Stop.CYCLES

    def _printed(self):
        """Characters that the console has printed up to now."""
        console = self.platform.console
        return console.printed if console else 0

    def _active_taps(self):
        """Taps to serve from this cycle on, and the cycle before which that stays so."""
        active, until = [], FOREVER
        for tap in self.taps:
            wanted = tap.sink.wanted(self.cycle)
            if wanted == self.cycle:
                active.append(tap)
                until = min(until, self.cycle + tap.rows)
            elif wanted is not None:
                until = min(until, wanted)
        return active, until

    def _segment(self, taps, devices, watch):
        begin = self.cycle
        rows = int(self.control["last_cycle"][0]) - begin if taps else 0
        buffers = tuple(tap.buffer(rows) for tap in taps)
        # Anything may have been written to the state since.
        traces = tuple((tap.tracer.trace, tap.new_record()) for tap in taps)
        run = self._loop(tuple(tap.kind for tap in taps), watch, traces, buffers)
        self.record[:] = 0      # anything may have been written to the state
        with held() if taps else nullcontext():
            stop = run(self.native.cycle, self.state, self.record, devices, self.targets,
                       self.control, self.places, watch, traces, buffers)
            for tap, buffer in zip(taps, buffers, strict=True):
                tap.sink.write(begin, buffer[:self.cycle - begin])
        return STOPS[stop]

    def prepare(self):
        """Compile what a run without traces needs."""
        self._loop((), self._never, (), ())

    def _loop(self, taps, watch, traces, buffers):
        """The compiled loop for these traces."""
        if taps not in self._loops:
            with waiting("compiling the processor's loop (only the first time)"):
                run = self.module(taps).run
                last, self.control["last_cycle"] = self.control["last_cycle"].copy(), self.cycle
                # No cycle is run: the last one has been.
                run(self.native.cycle, self.state, self.record, self.platform.arrays, self.targets,
                    self.control, self.places, watch, traces, buffers)
                self.control["last_cycle"] = last
                self._loops[taps] = run
        return self._loops[taps]

    # Generated code ---------------------------------------------------------------------------

    def module(self, taps=()):
        """The generated module whose `run` is the loop: `taps` has the `kind` of each `Tap`."""
        if taps not in self._modules:
            text = self._text(self.platform.functions().__name__, taps)
            self._modules[taps] = load_module(
                "driver", text, [*self.platform.sources, Path(loop.__file__)])
        return self._modules[taps]

    def _text(self, functions, taps):
        imports, ports = [], []
        for i, device in enumerate(self.platform.devices):
            imports.append(f"from {functions} import {device.name}_clock")
            ports.append(self._port_text(i, device.name))
            if device is self.platform.master:
                imports.append(f"from {functions} import {device.name}_answer")
                ports.append(self._master_text(i, device.name))
        signals = self.signals
        completions = [cpu.core.completion for cpu in signals.processors]
        if signals.granted:
            ports.insert(0, f"    grant(devices, {self._get(signals.granted)})")
        traces = [f"    traces[{n}][0](state, {f'traces[{n}][1], ' * changes}buffers[{n}][row])"
                  for n, (changes, _) in enumerate(taps)]
        traces += [f"    buffers[{n}][row, -1] = watch[0].seen"
                   for n, (_, printed) in enumerate(taps) if printed]
        return _DRIVER.format(
            functions=functions, imports="\n".join(imports), ports="\n".join(ports) or "    pass",
            traces="\n".join(traces) or "    pass",
            arrived="\n".join(
                _ARRIVED.format(number=number, pc=self._get(completion.pc),
                                instructions=self._get(completion.instructions))
                for number, completion in enumerate(completions)),
            instructions=" + ".join(self._get(completion.instructions)
                                    for completion in completions) or "U(0)",
            checkstop=" | ".join(self._get(completion.exceptions.checkstop)
                                 for completion in completions) or "U(0)",
            bus_edge=self._get(signals.bus_edge) if signals.bus_edge else "U(1)",
            pins="\n    ".join(self._pins()) or "pass")

    def _pins(self):
        """Statements that drive the processors' pins."""
        yield "levels = interrupt(devices)"
        if self.signals.interrupt:
            yield self._set(self.signals.interrupt, "levels")
        if not self.signals.granted:
            return
        yield "others = controls(devices)"
        for number, cpu in enumerate(self.signals.processors):
            for path, levels, bit in ((cpu.interrupt, "levels", number),
                                      (cpu.soft_reset, "others", number),
                                      (cpu.time_base_stop, "others", TBEN + number)):
                yield self._set(path, f"{levels} >> {bit} & 1")

    def _port_text(self, i, name):
        port = System("").target(name)
        put = [self._set(port.aack, "t.aack"), self._set(port.ta, "t.ta"),
               self._set(port.tea, "t.tea")]
        signals = [self._get(getattr(port, signal)) for signal in PORT]
        return _PORT.format(i=i, name=name, put="\n        ".join(put),
                            ts=self._get(port.ts), signals=", ".join(signals),
                            set_data=self._set(port.d_r, "data"))

    def _master_text(self, i, name):
        port = System("").request
        request = {port.valid: "s.bus_size != 0", port.type: f"bus_type(devices[{i}][0])",
                   port.addr: "s.bus_address", port.size: "s.bus_size & 15",
                   port.burst: "s.bus_size == BLOCK", port.wimg: "GLOBAL",
                   port.wdata: f"bus_value(devices[{i}][0], targets[{i}])"}
        put = [self._set(path, value) for path, value in request.items()]
        return _MASTER.format(i=i, name=name, put="\n    ".join(put),
                              beat=self._get(port.beat), rdata=self._get(port.rdata),
                              done=self._get(port.done), error=self._get(port.error))

    def _get(self, path):
        """Expression for the value of a signal that the state holds."""
        terms, position = [], 0
        for part in self.native.probe(path).parts if path else ():
            term = f"state[{part.word}]"
            if part.shift:
                term = f"({term} >> U({part.shift}))"
            if part.width < 64:
                term = f"({term} & U({(1 << part.width) - 1:#x}))"
            if position:
                term = f"({term} << U({position}))"
            terms.append(term)
            position += part.width
        return " | ".join(terms) or "U(0)"

    def _set(self, path, value):
        """Statement that gives an input a value."""
        probe = self.native.probe(path)
        (part,) = probe.parts
        mask = (1 << part.width) - 1 << part.shift
        if part.shift == 0 and probe.width == part.width:
            return f"state[{part.word}] = U({value}) & U({mask:#x})"
        return (f"state[{part.word}] = state[{part.word}] & ~U({mask:#x}) "
                f"| U({value}) << U({part.shift})")


_DRIVER = '''\
"""Generated by pteg.pipeline.driver. Changes are lost."""

import numpy as np
from pteg.jit import njit
from pteg.pipeline.loop import (
    BLOCK, GLOBAL, advance, bus_type, bus_value, generated, make_run)

{imports}
from {functions} import console, controls, grant, interrupt, tick

U = np.uint64


@generated
def arrived(state, address, places):
    found = False
{arrived}
    return found


@generated
def read_instructions(state):
    return np.int64({instructions})


@generated
def read_checkstop(state):
    return {checkstop} != U(0)


@generated
def set_pins(state, devices):
    {pins}


@generated
def read_bus_edge(state):
    return {bus_edge} != U(0)


@generated
def clock_ports(state, devices, targets):
{ports}


@generated
def take_traces(state, watch, traces, buffers, row):
{traces}


run_on = make_run(arrived, read_instructions, read_checkstop, read_bus_edge, set_pins,
                  clock_ports, take_traces, tick, console)


@njit(cache=True, error_model="numpy", _nrt=False, nogil=True)
def run(step, state, record, devices, targets, control, places, watch, traces, buffers):
    return run_on(step, state, record, devices, targets, control, places, watch, traces, buffers)
'''

_ARRIVED = '''\
    pc, instructions = np.int64({pc}), np.int64({instructions})
    found |= pc == address and (pc != places[{number}, 0] or instructions != places[{number}, 1])
    places[{number}, 0], places[{number}, 1] = pc, instructions'''

_PORT = '''\
    # {name}
    t = targets[{i}][0]
    if {ts} or t.busy:
        data = {name}_clock(devices[{i}][0], devices[{i}][1], targets[{i}],
                            {signals})
        {put}
        {set_data}
'''

_MASTER = '''\
    # {name} as a master
    s = devices[{i}][0][0]
    if s.bus_size:
        if advance(devices[{i}][0], targets[{i}], {beat}, {rdata}, {done}, {error}):
            {name}_answer(devices[{i}][0], devices[{i}][1])
    {put}
'''
