"""Runs the compiled hardware together with the devices, clock by clock (`pteg.pipeline.loop`).

In each cycle the hardware makes one step, and the devices' clocks advance. At the end of a bus
clock, every device's bus port receives the bus' signals, and its answers become the hardware's
inputs in the next one.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from pteg import compiled, components, devices
from pteg.components.console import new_watch
from pteg.components.master import REQUEST, request_of
from pteg.components.target import TARGET
from pteg.cpu import FOREVER, Limits, Stop
from pteg.devices import Devices
from pteg.engine.incremental import COUNT, VALID
from pteg.functional import calls
from pteg.generated import load_module
from pteg.hw.bus.memory_map import pack_range, ranges_of
from pteg.interrupts import held
from pteg.pipeline import loop
from pteg.pipeline.loop import CONTROL, NONE, PART, STOPS, OfDevice, OfMaster
from pteg.pipeline.places import Processor, System
from pteg.waiting import waiting
from pteg.waveforms.changes import Changes

__all__ = ["ChangeTap", "Driver", "Signals", "Tap"]

#: Words of a trace that are handed on at a time, at most: more would fill the processor's caches.
TRACE_WORDS = 1 << 19
#: Cycles of it, of rows and of changes: numba needs half a millisecond to call the loop.
TRACE_ROWS, TRACE_CYCLES = 1 << 12, 1 << 15
#: Before the last so many instructions of a run, the hardware is told to complete them one by one:
#: more than can be in flight, folded branches counted.
SINGLE = 64


@dataclass(frozen=True)
class Signals:
    """Paths of the hardware's registers that the loop reads, and of inputs that it drives.

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

    def of_processors(self):
        """Of each processor, the paths of `pteg.pipeline.loop.OfProcessor`."""
        if not self.processors and self.interrupt:
            return [("", "", self.interrupt, "", "")]
        several = len(self.processors) > 1
        return [(cpu.core.completion.pc, cpu.core.completion.instructions, cpu.interrupt,
                 *((cpu.soft_reset, cpu.time_base_stop) if several else ("", "")))
                for cpu in self.processors]


class Tap:
    """A trace that is taken while the machine runs: signals in rows.

    Parameters
    ----------
    tracer : pteg.engine.Tracer
        Recomputes the signals.
    sink : object
        `wanted(cycle)` says from which cycle on rows are needed, or None: never again.
        `write(cycle, rows)` takes a `uint64[cycles, words]` array, whose first row holds the
        signals of cycle number `cycle`. The array is used again for the next rows.
    """

    #: How the loop takes a cycle of it: a line in the function `take_traces`.
    LINE = "take_row(*traces[{}], state, row)"

    def __init__(self, tracer, sink):
        self.tracer, self.sink = tracer, sink
        self.cycles = max(64, min(TRACE_ROWS, TRACE_WORDS // max(1, tracer.words)))
        self._rows = np.empty((self.cycles, tracer.words), np.uint64)

    def begin(self):
        """What the loop needs for at most `cycles` cycles."""
        return self.tracer.trace, self._rows

    def end(self, cycle, count):
        """So many cycles have been taken."""
        self.sink.write(cycle, self._rows[:count])


class ChangeTap:
    """A trace that is taken while the machine runs: what changes.

    Parameters
    ----------
    tracer : pteg.engine.tracer.ChangeTracer
        Or an object with the same attributes. If it has an attribute `printed`, which is not 0,
        this word is how many characters the console had printed before the cycle.
    sink : object
        `wanted(cycle)` says from which cycle on changes are needed, or None: never again.
        `write(changes)` takes `Changes`. Their arrays are used again for the piece after the next.
    """

    LINE = "take_changes(*traces[{}], state, watch, control, row)"

    def __init__(self, tracer, sink):
        self.tracer, self.sink, self.cycles = tracer, sink, TRACE_CYCLES
        self._record, self._printed = tracer.new_record(), np.zeros(2, np.uint64)
        self._printed[0] = getattr(tracer, "printed", 0)
        # Two in turn: a sink may still write the other.
        self._buffers = [(np.zeros(self.cycles + 1, np.int64),
                          np.empty(TRACE_WORDS + 2 * self._most, np.uint64)) for _ in range(2)]

    @property
    def _most(self):
        """Changes of a cycle at most."""
        return self.tracer.words + 1

    def begin(self):
        """See `Tap.begin`."""
        self._record[VALID] = 0     # anything may have been written to the state since
        self._record[COUNT] = 0     # is no value that could differ from the one before
        self._before = np.zeros(self.tracer.words, np.uint64)
        values = self._record[:self.tracer.words]
        self._before[:len(values)] = values
        if self._printed[0]:
            self._before[self._printed[0]] = self._printed[1]
        self._buffers.reverse()
        return self.tracer.trace, self._record, *self._buffers[0], self._printed, 2 * self._most

    def end(self, cycle, count):
        """See `Tap.end`."""
        ends, pairs = self._buffers[0]
        self.sink.write(Changes(cycle, self._before, ends[:count + 1], pairs.reshape(-1, 2)))


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
    targets : record array of TARGET
        Bus side of each device.
    places : numpy.ndarray
        Of each processor: where it was after the last cycle, and instructions completed then.
    taps : list of Tap or ChangeTap
    """

    def __init__(self, platform, native, signals=None):
        self.platform, self.native, self.signals = platform, native, signals or Signals()
        self.taps = []
        self.control = np.zeros(1, CONTROL)
        self.devices = Devices(platform)
        self._never = new_watch()
        self._loops = {}    # compiled, by the class of each active tap
        self.reset()

    def reset(self):
        """Reset the hardware and the bus sides of the devices (not the devices)."""
        self.state = self.native.new_state()
        for name, found in ranges_of(self.platform.memory_map).items():
            self.native.write(self.state, System("").range(name), pack_range(*found))
        self.record = self.native.new_record()
        self.targets = np.zeros(len(self.platform.devices), TARGET)
        for device, target in zip(self.platform.devices, self.targets, strict=True):
            for name in ("base", "first", "next", "burst"):
                target[name] = getattr(device, name)
        self.control["cycle"] = 0
        self.places = np.zeros((len(self.signals.of_processors()), 2), np.int64)

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
        return {device.name: {name: int(target[name]) for name in names}
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
        while self.cycle < end:
            taps, until = self._active_taps()
            control["last_cycle"] = min(end, until)
            stop = self._segment(taps, watch)
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
                until = min(until, self.cycle + tap.cycles)
            elif wanted is not None:
                until = min(until, wanted)
        return active, until

    def _segment(self, taps, watch):
        begin = self.cycle
        traces = tuple(tap.begin() for tap in taps)
        run = self._loop(tuple(map(type, taps)), watch, traces)
        with held() if taps else nullcontext():
            stop = run(*self.arguments(watch), traces)
            for tap in taps:
                tap.end(begin, self.cycle - begin)
        return STOPS[stop]

    def arguments(self, watch):
        """Those of the compiled loop, but for the traces. Anything may have been changed before."""
        self.record[:] = 0
        self.control["event"] = 0       # look at the devices at the end of the first cycle
        self.devices.place(watch)
        master = self.platform.master
        return (self.native.cycle, self.state, self.record, self._places_of_signals,
                self.devices.request, self.targets, request_of(master) if master else _NO_REQUEST,
                self.control, self.places, watch)

    def prepare(self):
        """Compile what a run without traces needs."""
        self._loop((), self._never, ())

    def _loop(self, taps, watch, traces):
        """The compiled loop for the traces of such taps."""
        if taps not in self._loops:
            with waiting("compiling the processor's loop (only the first time)"):
                run = loop_module(taps).run
                last, self.control["last_cycle"] = self.control["last_cycle"].copy(), self.cycle
                # No cycle is run: the last one has been.
                run(*self.arguments(watch), traces)
                self.control["last_cycle"] = last
                self._loops[taps] = run
        return self._loops[taps]

    @cached_property
    def _places_of_signals(self):
        """The `pteg.pipeline.loop.Signals` of this design and platform."""
        paths = []

        def number(*more):
            paths.extend(more)
            return len(paths) - len(more)

        system, signals = System(""), self.signals
        ports = [system.target(device.name) for device in self.platform.devices]
        master = self.platform.master
        numbers = {
            "processors": number(*(path for cpu in signals.of_processors() for path in cpu)),
            "devices": number(*(getattr(port, signal.name.lower())
                                for port in ports for signal in OfDevice)),
            "master": number(*(getattr(system.request, signal.name.lower())
                               for signal in OfMaster if master)),
            "bus_edge": number(signals.bus_edge), "granted": number(signals.granted)}
        parts = [list(self._parts(path)) for path in paths]
        return loop.Signals(
            parts=np.array([part for some in parts for part in some], PART),
            first=np.cumsum([0, *map(len, parts)], dtype=np.int64), **numbers,
            completed=np.array([part for cpu in signals.processors
                                for part in self._parts(cpu.core.completion.instructions)], PART),
            stopped=self._bits(cpu.core.completion.exceptions.checkstop
                               for cpu in signals.processors),
            starts=self._bits(port.ts for port in ports),
            master_device=self.platform.devices.index(master) if master else NONE)

    def _bits(self, paths):
        """Where the state has the bits of these signals: PART, a word each."""
        masks = {}
        for path in paths:
            for word, shift, mask, _ in self._parts(path):
                masks[word] = masks.get(word, 0) | mask << shift
        return np.array([(word, 0, mask, 0) for word, mask in masks.items()], PART)

    def _parts(self, path):
        """A signal as records of PART."""
        position = 0
        for part in self.native.probe(path).parts if path else ():
            yield part.word, part.shift, (1 << part.width) - 1, position
            position += part.width


#: In place of a bus master.
_NO_REQUEST = np.zeros(1, REQUEST)


def loop_module(taps=()):
    """The generated module whose `run` is the loop for taps of these classes."""
    lines = "\n".join(f"    {tap.LINE.format(number)}" for number, tap in enumerate(taps))
    text = _LOOP.format(traces=lines or "    pass")
    return load_module("loop", text, [
        *(Path(module.__file__) for module in (loop, devices, calls, compiled)),
        *Path(components.__file__).parent.glob("*.py")])


_LOOP = '''\
"""Generated by pteg.pipeline.driver. Changes are lost."""

from pteg.jit import njit
from pteg.pipeline.loop import catch_up, inner, make_run, take_changes, take_row


@inner
def take_traces(state, watch, control, traces, row):
{traces}


run_on = make_run(take_traces)


@njit(cache=True, error_model="numpy", _nrt=False, nogil=True)
def run(step, state, record, at, request, targets, master, control, places, watch, traces):
    stop = run_on(step, state, record, at, request, targets, master, control, places, watch, traces)
    catch_up(request, control)
    return stop
'''
