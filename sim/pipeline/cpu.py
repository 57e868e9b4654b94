"""`PipelineCpu`: the hardware description as a processor of the machine (`pteg.cpu.Cpu`).

The system of hw/system.py, compiled by the engine, run by the driver together with the devices.
"""

import hashlib
import json
import zlib
from functools import cached_property

import numpy as np

from pteg.components.roles import Storage, has_role
from pteg.cpu import Limits, Stop
from pteg.errors import UserError
from pteg.parameters import NAMES
from pteg.pipeline.architecture import Architecture
from pteg.pipeline.coherence import Coherence
from pteg.pipeline.driver import Driver, Signals, Tap
from pteg.pipeline.places import Processor, Signal, System
from pteg.pipeline.system import load_system
from pteg.state import ARCH_STATE, new_state

__all__ = ["PipelineCpu"]


class PipelineCpu:
    """The cycle-accurate model.

    Parameters
    ----------
    platform : pteg.platform.Platform

    Attributes
    ----------
    native : pteg.engine.Native
    driver : pteg.pipeline.driver.Driver
        `driver.taps` takes traces.
    places : pteg.pipeline.places.Processor
        Which signal of `native` holds what.
    architecture : pteg.pipeline.architecture.Architecture
        Which of them are the registers.
    """

    def __init__(self, platform):
        self.platform = platform
        self.native = load_system(platform)
        self.places = Processor("")
        self.architecture = Architecture(self.native, self.places)
        self.driver = Driver(platform, self.native, Signals.of(self.places))
        self._between = True    # the last run ended between two instructions
        self._fetching = False  # instructions may be in flight
        self._stale = False     # what was fetched may no longer be what memory holds
        self._ledger = None     # the tap of the ledger

    def reset(self):
        self.driver.reset()
        self._between, self._fetching, self._stale = True, False, False
        if self._ledger is not None:
            self._ledger.sink.reset()

    def ledger(self, sink):
        """Give every ledger event to `sink`, a function of a record array; None ends it."""
        if self._ledger is not None:
            self.driver.taps.remove(self._ledger)
            self._ledger = None
        if sink is not None:
            from pteg.pipeline.ledger import PipelineEvents

            events = PipelineEvents(sink, self.native, self.places, *self._of_events())
            self._ledger = Tap(events.tracer, events)
            self.driver.taps.append(self._ledger)

    def event_finder(self, columns):
        """What finds ledger events in rows; see `pteg.pipeline.ledger.EventFinder`."""
        from pteg.pipeline.ledger import EventFinder

        return EventFinder(columns, *self._of_events())

    def _of_events(self):
        """Main memory, how worlds are told apart, and the guest's MSR."""
        ram, worlds = self.platform.ram, self.platform.worlds
        return ((ram.base, ram.size) if ram else (0, 0), worlds.watch() if worlds else None,
                self.guest_msr)

    @property
    def guest_msr(self):
        """The MSR that the hypervisor's guest believes in, if it is in; otherwise 0."""
        worlds, state, ram = self.platform.worlds, self.get_state()[0], self.platform.ram
        if not worlds or state["sprg2"] != worlds.guest_in:
            return 0
        place = int(state["sprg3"]) + worlds.guest_msr
        word = ram.memory[place - ram.base:place - ram.base + 4].copy()
        self.overlay(place, word)
        return int.from_bytes(word.tobytes(), "big")

    @property
    def cycle(self):
        return self.driver.cycle

    @property
    def instructions(self):
        return self.driver.instructions

    def modified(self):
        return self._coherence.modified()

    @property
    def exceptions(self):
        return self._read(self.places.core.completion.exceptions.taken)

    count = 1
    look = 1 << 16
    depends = NAMES

    def prepare(self):
        self.driver.prepare()

    def overlay(self, address, data):
        self._coherence.overlay(address, data)

    def memory_changed(self, address, data):
        self._stale = True
        self._coherence.write(address, data)
        # Double words on the bus in this bus clock, or between bus and core, have been read before.
        places = System("")
        for device, target in zip(self.platform.devices, self.driver.targets, strict=True):
            t = target[0]
            if not has_role(device, Storage):
                continue
            if t["ta"] and t["is_read"][0]:
                self._write(places.target(device.name).d_r, _lanes(device, t, ""))
            if t["late"]:
                for border in self._borders:
                    if self._read(border.late_beat):
                        self._write(border.core__rdata, _lanes(device, t, "late_"))

    @property
    def _borders(self):
        places = System("")
        return [places.border_data, places.border_fetch,
                *([places.border_device] if self.platform.master else [])]

    @property
    def _coherence(self):
        return Coherence(self.native, self.driver.state, self.places)

    def run(self, limits):
        if self._stale:
            self._forget_code()
        self._fetching = True
        stop = self.driver.run(limits)
        self._between = stop in (Stop.INSTRUCTIONS, Stop.ADDRESS)
        return stop

    def get_state(self, number=0):
        arch = new_state()
        self.architecture.capture_module.capture(self.driver.state, arch)
        return arch

    def set_state(self, state, number=0):
        """Replace the architectural state.

        What is in flight is dropped and fetched again, which takes a cycle. If the last run did not
        end between two instructions, the oldest one completes first: it may already have acted on
        memory or on a device.
        """
        self._finish_instruction()
        present = self.get_state()
        for name in ARCH_STATE.names:
            if not np.array_equal(present[name], state[name]):
                self.architecture.write(self.driver.state, name, state[name][0])
        self._drop_instructions()
        self._fetching = False

    def is_held(self, number):
        return False

    def settle(self):
        self._finish_instruction()
        queue, cache = self.places.core.lsu.queue, self.places.dcache
        pending = (queue.completed, cache.operation.state, cache.buffer.busy)
        while self._transfers or any(self._read(signal) for signal in pending):
            # Nothing completes meanwhile: the processor stays between two instructions. Stores that
            # have completed are written, and what refuses them says so.
            self._drop_instructions()

    def get_pending(self, number=0):
        return self.architecture.get_pending(self.driver.state, self.cycle)

    def set_pending(self, pending, number=0):
        self.driver.control["cycle"] = pending["cycle"]
        pending = pending.copy()
        pending["since_tick"] %= self.platform.ratio.cycles_per_tick
        self.architecture.set_pending(self.driver.state, pending)

    def tlb(self, side, number=0):
        tlb = (self.places.mmu.immu, self.places.mmu.dmmu)[side].tlb
        sets, ways = self.platform.parameters.tlb_sets, self.platform.parameters.tlb_ways
        for way in range(ways):
            valid, rows = self._read(tlb.valid(way)), self.native.memories[tlb.way(way)]
            for index in range(sets):
                if valid >> index & 1:
                    entry = rows.read(self.driver.state, index)
                    # hw.mmu.interfaces.TlbEntry: pp, wimg, c, rpn, vsid; then the tag's page bits
                    low = entry & 3 | (entry >> 2 & 31) << 3 | (entry >> 7 & 0xFFFFF) << 12
                    yield index, way, entry >> 27 & 0xFFFFFF, (entry >> 51) * sets | index, low

    # Snapshots --------------------------------------------------------------------------------

    @cached_property
    def identity(self):
        """A hash of the circuit and of the places in the state of what it keeps there."""
        native = self.native
        places = [native.words]
        for ports in (native.inputs, native.outputs):
            places += [[path, [[part.word, part.shift, part.width] for part in probe.parts]]
                       for path, probe in ports.items()]
        places += [[memory.path, memory.base, memory.depth, memory.width]
                   for memory in native.memories.values()]
        circuit = zlib.decompress(native.to_blobs()["circuit"])
        return hashlib.sha256(json.dumps(places).encode() + circuit).hexdigest()

    @property
    def at_boundary(self):
        return self._between and not self._transfers

    def snapshot(self):
        return {"words": self.driver.state.copy(),
                "targets": np.concatenate(self.driver.targets),
                "counts": np.array([self.cycle, self._between, self._fetching, self._stale],
                                   np.int64)}

    def restore(self, parts, state):
        words, targets, (cycle, *flags) = parts["words"], parts["targets"], parts["counts"]
        if (np.any(words & ~self._possible) or not 0 <= cycle < 1 << 60
                or any(flag not in (0, 1) for flag in flags)):
            raise UserError("the pipeline model cannot have been in this state")
        for device, given in zip(self.platform.devices, targets, strict=True):
            _check_target(device, given)
        self.reset()
        self.driver.state[:] = words
        for target, given in zip(self.driver.targets, targets, strict=True):
            target[0] = given
        self.driver.control["cycle"] = cycle
        self._between, self._fetching, self._stale = map(bool, flags)

    @cached_property
    def _possible(self):
        """Bits of the state that can be 1: those of signals and memories, and unnamed words."""
        native = self.native
        bits = np.zeros(native.words, np.uint64)
        for table in (native.signals, native.inputs, native.outputs):
            for probe in table.values():
                for part in probe.parts:
                    bits[part.word] |= np.uint64((1 << part.width) - 1 << part.shift)
        for memory in native.memories.values():
            for i in range(memory.stride):
                width = min(64, memory.width - 64 * i)
                bits[memory.base + i:memory.base + memory.depth * memory.stride:memory.stride] = (
                    np.uint64((1 << width) - 1))
        bits[bits == 0] = ~np.uint64(0)
        return bits

    def stats(self):
        read, core = self._read, self.places.core
        exceptions = core.completion.exceptions
        counters = self.places.mmu.counters

        def counted(part, *names):
            return {name: read(getattr(part, name)) for name in names}

        caches = {"instruction": counted(self.places.icache, "hits", "misses"),
                  "data": counted(self.places.dcache, "hits", "misses", "castouts")}
        if self.platform.parameters.l2:
            caches["l2"] = counted(self.places.l2, "hits", "misses", "castouts")
        instructions = self.instructions
        return {
            "cycles_per_instruction": (round(self.cycle / instructions, 3) if instructions
                                       else None),
            "asleep": read(core.special.asleep_cycles),
            "interrupts": {"taken": {
                "external": read(exceptions.external_interrupts),
                "monitor": read(exceptions.monitor_interrupts),
                "decrementer": read(exceptions.decrementer_interrupts),
                "thermal": read(exceptions.thermal_interrupts)}},
            "mmu": {
                "fetch": {"bat_hits": read(counters.fetch_bat_hits),
                          "tlb_hits": read(counters.fetch_tlb_hits),
                          "tlb_misses": read(counters.fetch_tlb_misses)},
                "data": {"bat_hits": read(counters.data_bat_hits),
                         "tlb_hits": read(counters.data_tlb_hits),
                         "tlb_misses": read(counters.data_tlb_misses)},
                "table_searches": {"count": read(counters.walks),
                                   "ptes_examined": read(counters.ptes_examined),
                                   "cycles": read(counters.walk_cycles),
                                   "r_updates": read(counters.r_updates),
                                   "c_updates": read(counters.c_updates)}},
            "cache": caches,
            "bus": self.driver.stats(),
        }

    def _read(self, path: Signal) -> int:
        return self.native.read(self.driver.state, path)

    def _write(self, path: Signal, value: int):
        self.native.write(self.driver.state, path, value)

    def _forget_code(self):
        """Empty the instruction cache and the instruction queue."""
        self._stale = False
        self._write(self.places.icache.directory.written, 0)
        if self._fetching:
            self.set_state(self.get_state())

    @property
    def _transfers(self):
        """A bus master's transfer is under way: devices may have seen it."""
        master, places = self.platform.master, System("")
        return bool(master and master.state["bus_size"][0]
                    and (self._read(places.bus.device.state)
                         or self._read(places.border_device.late_done)))

    def _drop_instructions(self):
        """Let a cycle pass in which what is in flight is dropped and nothing completes."""
        self._write(self.places.restart, 1)
        self.driver.run(Limits(cycles=1))
        self._write(self.places.restart, 0)

    def _finish_instruction(self):
        """Run to an instruction boundary: until an instruction has completed or faulted, or none is
        in flight.
        """
        if self._between:
            return
        self._between = True
        completion = self.places.core.completion

        def progress():
            return self._read(completion.pc), self.instructions

        before = progress()
        while self._read(completion.count) and progress() == before:
            self.driver.run(Limits(cycles=1, instructions=1))


def _lanes(device, target, when):
    """A double word of memory as the device has driven it, or `late_` the one before."""
    offset, size, up = (int(target[when + name]) for name in ("offset", "size", "up"))
    return int.from_bytes(device.memory[offset:offset + size].tobytes(), "big") << up


def _check_target(device, target):
    """UserError unless the bus side of a device can have been like this."""
    fixed = {name: getattr(device, name) for name in ("base", "first", "next", "burst")}
    held = int(target["count"])
    possible = (all(target[name] == value for name, value in fixed.items())
                and 0 <= held < len(target["a"]) and 0 <= target["waiting"] <= 2
                and 0 <= target["window"] <= 2 and 0 <= target["late"] <= 1
                and all(0 <= target[when + "size"] <= 8 and target[when + "up"] < 64
                        and 8 * target[when + "size"] + target[when + "up"] <= 64
                        for when in ("", "late_"))
                and 0 <= target["beat"] < 4 and 0 <= target["moved"] < 4
                and 0 <= target["clocks"] <= max(fixed["first"], fixed["next"])
                and (held > 0 or not (target["ta"] or target["tea"])))
    if possible:
        for entry in range(held + (target["waiting"] == 1)):
            at, size = int(target["a"][entry]) - device.base, int(target["bytes"][entry])
            if not (1 <= size <= 8 - at % 8 and 0 <= at and at + size <= device.size):
                possible = False
    if not possible:
        raise UserError(f"the bus side of {device.name} cannot have been in this state")
