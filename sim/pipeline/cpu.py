"""`PipelineCpu`: the hardware description as a processor of the machine (`pteg.cpu.Cpu`).

The system of hw/system.py, compiled by the engine, run by the driver together with the devices.
"""

import hashlib
import json
import zlib
from dataclasses import fields
from functools import cached_property

import numpy as np

from pteg.components.roles import Storage, has_role
from pteg.cpu import Limits, Stop
from pteg.errors import UserError
from pteg.hw.parameters import Parameters
from pteg.pipeline.architecture import Architecture, capture
from pteg.pipeline.coherence import Coherence
from pteg.pipeline.driver import Driver, Signals, Tap
from pteg.pipeline.places import Processor, Signal, System
from pteg.pipeline.system import load_system, names
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
    processors : list of pteg.pipeline.places.Processor
        Which signals of `native` hold what.
    places : pteg.pipeline.places.Processor
        Those of processor 0.
    architectures : list of pteg.pipeline.architecture.Architecture
        Which of them are the registers.
    """

    def __init__(self, platform):
        self.platform = platform
        self.native = load_system(platform)
        self.processors = [Processor(name) for name in names(platform)]
        self.count = len(self.processors)
        self.places = self.processors[0]
        self.architectures = [Architecture(self.native, cpu) for cpu in self.processors]
        self.driver = Driver(platform, self.native, Signals.of(*self.processors))
        self._between = True    # the last run ended between two instructions
        self._fetching = False  # instructions may be in flight
        self._stale = False     # what was fetched may no longer be what memory holds
        self._ledger = []       # the taps of the ledger
        self._follower = None   # the oracle
        self._oracle = None     # what it was made with

    def reset(self):
        self.driver.reset()
        self._between, self._fetching, self._stale = True, False, False
        for tap in self._ledger:
            tap.sink.reset()
        if self._oracle is not None:
            self.oracle(*self._oracle)

    def ledger(self, sink):
        """Give every ledger event to `sink`, a function of a record array; None ends it."""
        for tap in self._ledger:
            self.driver.taps.remove(tap)
        self._ledger = []
        if sink is not None:
            from pteg.pipeline.ledger import PipelineEvents

            for number, cpu in enumerate(self.processors):
                events = PipelineEvents(sink, self.native, cpu, *self._of_events(), number)
                self._ledger.append(Tap(events.tracer, events))
            self.driver.taps += self._ledger

    def oracle(self, sink, references=False, patience=None):
        """Give stale uses of translations to `sink`, which returns whether to stop; None ends it.
        The functional model follows from now on (`pteg.lockstep.follower`). With one processor
        there is nothing to have patience with."""
        from pteg.lockstep.follower import Follower

        if self.count > 1:
            raise UserError("processors must be 1 with an oracle and cpu='pipeline', not "
                            f"{self.count}")
        self._oracle = None if sink is None else (sink, references)
        self._follower = None if sink is None else Follower(self, sink, references)

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
        return [found for each in self._coherence for found in each.modified()]

    @property
    def exceptions(self):
        return sum(self._read(cpu.core.completion.exceptions.taken) for cpu in self.processors)

    look = 1 << 16
    depends = (*(parameter.name for parameter in fields(Parameters)), "mutant")

    def prepare(self):
        self.driver.prepare()

    def overlay(self, address, data):
        for each in self._coherence:
            each.overlay(address, data)

    def memory_changed(self, address, data):
        self._stale = True
        if self._follower is not None:
            self._follower.changed()
        for each in self._coherence:
            each.write(address, data)
        # Double words on the bus in this bus clock, or between bus and core, have been read before.
        places = System("")
        for device, t in zip(self.platform.devices, self.driver.targets, strict=True):
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
        return [*(places.border(cpu, master) for cpu in self.processors
                  for master in ("data", "fetch")),
                *([places.border_device] if self.platform.master else [])]

    @property
    def _coherence(self):
        return [Coherence(self.native, self.driver.state, cpu) for cpu in self.processors]

    def run(self, limits):
        if self._stale:
            self._forget_code()
        self._fetching = True
        if self._follower is not None:
            if self.driver.taps:
                raise UserError("an oracle with cpu='pipeline' leaves no room for waveforms, "
                                "pictures, reports and ledgers of the same run")
            stop = self._follower.follow(limits)
        else:
            stop = self.driver.run(limits)
        self._between = stop in (Stop.INSTRUCTIONS, Stop.ADDRESS)
        return stop

    def get_state(self, number=0):
        arch = new_state()
        capture(self.driver.state, self.architectures[number].registers, arch.view(np.uint32))
        return arch

    def set_state(self, state, number=0):
        """Replace the architectural state.

        What is in flight is dropped and fetched again, which takes a cycle. If the last run did not
        end between two instructions, the oldest one completes first: it may already have acted on
        memory or on a device.
        """
        self._finish_instruction()
        if self._follower is not None:
            self._follower.changed()
        present = self.get_state(number)
        for name in ARCH_STATE.names:
            if not np.array_equal(present[name], state[name]):
                self.architectures[number].write(self.driver.state, name, state[name][0])
        self._drop_instructions()
        self._fetching = False

    def is_held(self, number):
        return bool(self._read(self.processors[number].core.completion.exceptions.held))

    def set_held(self, number, held):
        self._write(self.processors[number].core.completion.exceptions.held, held)

    def settle(self):
        self._finish_instruction()
        pending = [signal for cpu in self.processors for signal in (
            cpu.core.lsu.queue.completed, cpu.dcache.operation.state, cpu.dcache.buffer.busy)]
        while self._transfers or any(self._read(signal) for signal in pending):
            # Nothing completes meanwhile: the processor stays between two instructions. Stores that
            # have completed are written, and what refuses them says so.
            self._drop_instructions()

    def get_pending(self, number=0):
        return self.architectures[number].get_pending(self.driver.state, self.cycle)

    def set_pending(self, pending, number=0):
        self.driver.control["cycle"] = pending["cycle"]
        pending = pending.copy()
        pending["since_tick"] %= self.platform.ratio.cycles_per_tick
        self.architectures[number].set_pending(self.driver.state, pending)

    def tlb(self, side, number=0):
        mmu = self.processors[number].mmu
        tlb = (mmu.immu, mmu.dmmu)[side].tlb
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
                "targets": self.driver.targets.copy(),
                "counts": np.array([self.cycle, self._between, self._fetching, self._stale],
                                   np.int64)}

    def restore(self, parts, state):
        words, targets, (cycle, *flags) = parts["words"], parts["targets"], parts["counts"]
        ranges = System("").ranges
        if (np.any(words & ~self._possible) or not 0 <= cycle < 1 << 60
                or self.native.read(words, ranges) != self._read(ranges)
                or any(flag not in (0, 1) for flag in flags)):
            raise UserError("the pipeline model cannot have been in this state")
        for device, given in zip(self.platform.devices, targets, strict=True):
            _check_target(device, given)
        self.reset()
        self.driver.state[:] = words
        self.driver.targets[:] = targets
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
        found, instructions = _total([self._counts(cpu) for cpu in self.processors]), (
            self.instructions)
        found |= {
            "cycles_per_instruction": (round(self.cycle / instructions, 3) if instructions
                                       else None),
            "bus": self.driver.stats(),
        }
        if self.count > 1:
            found["processors"] = dict(enumerate(map(self._few_counts, self.processors)))
        return found

    def _few_counts(self, cpu):
        """What is told of each of several processors."""
        completion = cpu.core.completion
        return {"instructions": self._read(completion.instructions),
                "exceptions": self._read(completion.exceptions.taken),
                "table_searches": self._read(cpu.mmu.counters.walks)}

    def _counts(self, cpu):
        """What a processor counts."""
        read, core = self._read, cpu.core
        exceptions, counters = core.completion.exceptions, cpu.mmu.counters

        def counted(part, *names):
            return {name: read(getattr(part, name)) for name in names}

        caches = {"instruction": counted(cpu.icache, "hits", "misses"),
                  "data": counted(cpu.dcache, "hits", "misses", "castouts")}
        if self.platform.parameters.l2:
            caches["l2"] = counted(cpu.l2, "hits", "misses", "castouts")
        return {
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
        }

    def _read(self, path: Signal) -> int:
        return self.native.read(self.driver.state, path)

    def _write(self, path: Signal, value: int):
        self.native.write(self.driver.state, path, value)

    def _forget_code(self):
        """Empty the instruction cache and the instruction queue."""
        self._stale = False
        for cpu in self.processors:
            self._write(cpu.icache.directory.written, 0)
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
        for cpu in self.processors:
            self._write(cpu.restart, 1)
        self.driver.run(Limits(cycles=1))
        for cpu in self.processors:
            self._write(cpu.restart, 0)

    def _finish_instruction(self):
        """Run to an instruction boundary: until an instruction of every processor has completed or
        faulted, or none is in flight. Processors that are there wait for the others.
        """
        if self._between:
            return
        self._between = True

        def progress(cpu):
            completion = cpu.core.completion
            return self._read(completion.pc), self._read(completion.instructions)

        before = {cpu: progress(cpu) for cpu in self.processors}
        while before:
            for cpu in list(before):
                if not self._read(cpu.core.completion.count) or progress(cpu) != before[cpu]:
                    del before[cpu]
                    if before:
                        self._write(cpu.restart, 1)
            if before:
                self.driver.run(Limits(cycles=1, instructions=1))
        for cpu in self.processors:
            self._write(cpu.restart, 0)


def _total(counts):
    """The sum of dicts of numbers, and of such dicts."""
    first = counts[0]
    return {name: _total([each[name] for each in counts]) if isinstance(first[name], dict)
            else sum(each[name] for each in counts) for name in first}


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
