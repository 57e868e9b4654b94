"""The first screen of a waveform of the machine; it depends on the trigger.

Each group is about one thing and fits on a screen. Signals that the machine does not have are left
out: those of an L2 cache, of a bus master.
"""

from collections.abc import Set
from dataclasses import dataclass

from pteg.pipeline.completing import CompletingTexts
from pteg.pipeline.places import Processor, System
from pteg.platform import Platform
from pteg.waveforms.gtkw import View

__all__ = ["view"]


@dataclass(frozen=True)
class Group:
    """A group of the view.

    Attributes
    ----------
    about : tuple of str
        Components: a trigger on a signal inside one of them is about the same.
    signals : tuple of str
        Paths, with `*` and `?`.
    activity : str or None
        Path of a signal that is not zero during that.
    """

    name: str
    about: tuple[str, ...]
    signals: tuple[str, ...]
    activity: str | None = None


def view(system: System, platform: Platform, trigger: Set[str] = frozenset()) -> View:
    """The view of a machine.

    Parameters
    ----------
    system
        Paths of its signals.
    platform
        Its devices.
    trigger
        Paths in the trigger's condition.
    """
    groups = _groups(system, platform)
    first = next((group for group in groups for component in group.about for path in trigger
                  if path == component or path.startswith((f"{component}.", f"{component}__"))),
                 groups[0])
    ordered = [first, *(group for group in groups if group is not first)]
    return View(tuple((group.name, group.signals) for group in ordered), first.activity)


def _groups(system, platform):
    """The first is for all triggers that no other is about."""
    several = platform.parameters.processors > 1
    cpu = Processor(system.at("cpu0")) if several else system.processor
    return [_pipeline(cpu), _table_search(cpu, system), _exception(cpu), _load_store(cpu, system),
            _fetch(cpu, system), _bus(cpu, system, platform)]


def _inside(part, *names):
    """Paths in a part of the processor."""
    return tuple(part.at(name) for name in names)


def _transfer(system, *names):
    """Paths of the bus: the signals that all masters share."""
    return tuple(system.at(f"bus.arbiter.bus__{name}") for name in names)


def _oldest(cpu):
    """The instruction at completion, as text and as address."""
    return (CompletingTexts.paths(cpu)[0], cpu.core.completion.pc)


def _pipeline(cpu):
    core = cpu.core
    units = (core.iu1, core.iu2, core.sru, core.fpu)
    return Group("pipeline", (), (
        *_oldest(cpu), CompletingTexts.paths(cpu)[1],
        *_inside(core.completion, "count", "complete", "both"),
        core.fetch.pc, *_inside(cpu.icache, "state"), core.queue.count,
        *_inside(core.branch, "queue__mark", "pc", "taken", "target", "wrong"),
        core.queue.pop,
        *_inside(core.dispatch, "decoded0.op", "slot0.cause", "decoded1.op", "slot1.cause"),
        *(path for unit in units for path in _inside(unit, "unit__valid", "unit__op")),
        *_inside(core.lsu, "state", "held.op"),
        *_inside(core.completion, "redirect__valid", "exception__valid")))


def _table_search(cpu, system):
    sides = (cpu.mmu.dmmu, cpu.mmu.immu)
    return Group("table search", (cpu.mmu.path,), (
        *_oldest(cpu), *_inside(cpu.core.lsu, "state"),
        *(path for side in sides
          for path in _inside(side, "port__valid", "port__ea", "port__result")),
        *_inside(cpu.mmu.walker, "state", "side", "kind", "ea", "vsid", "found_at",
                 "ptes_examined", "pte.v", "pte.rpn", "pte.r", "pte.c", "updated_r", "updated_c",
                 "outcome"),
        cpu.dcache.operation.state, *_transfer(system, "ts", "a", "tt", "ta")),
        activity=cpu.mmu.walker.at("busy"))


def _exception(cpu):
    core = cpu.core
    about = _inside(core.completion, "exception", "exceptions", "fault", "cause")
    return Group("exception", (*about, cpu.interrupt), (
        *_oldest(cpu),
        *_inside(core.completion, "cause", "fault", "exception__valid", "exception__vector",
                 "exception__srr0", "exception__cause_bits", "exception__data", "exception__dar",
                 "exceptions.interrupt"),
        cpu.interrupt, *_inside(core.special, "msr", "srr0", "srr1"),
        *_inside(core.completion, "redirect__valid", "redirect__pc"), core.fetch.pc))


def _load_store(cpu, system):
    lsu = cpu.core.lsu
    return Group("load and store", (lsu.path, cpu.dcache.path, cpu.l2.path), (
        *_oldest(cpu),
        *_inside(lsu, "state", "held.op", "ea", "stations.unit__valid", "finish__valid"),
        *_inside(cpu.mmu.dmmu, "port__result", "port__pa"),
        *_inside(lsu, "queue.count", "queue.entry0.pa"),
        *_inside(cpu.dcache, "operation.state", "requests.asked.client", "requests.asked.op",
                 "requests.asked.pa", "lookup.hit", "castout__valid"),
        *_inside(cpu.l2, "operation.state", "requests.pa"),
        *_transfer(system, "ts", "a", "tt", "aack", "dbb", "ta", "tea")))


def _fetch(cpu, system):
    core = cpu.core
    about = (core.fetch.path, core.queue.path, core.branch.path, cpu.icache.path)
    return Group("fetch", about, (
        core.fetch.pc,
        *_inside(cpu.mmu.immu, "port__valid", "port__ea", "port__result", "port__pa"),
        *_inside(cpu.icache, "state", "hit"),
        core.fetch.queue__count, core.queue.count, core.queue.pop,
        *_inside(core.branch, "queue__mark", "pc", "taken", "target", "queue__folded",
                 "queue__predict", "accept", "wrong"),
        *_inside(core.fetch, "redirect__valid", "redirect__pc"),
        *_transfer(system, "ts", "a", "tt", "ta")))


def _bus(cpu, system, platform):
    about = (system.at("bus"), *(system.at(device.name) for device in platform.devices))
    return Group("bus", about, (
        _oldest(cpu)[0], *(system.at(f"bus.arbiter.{name}") for name in ("granted", "owner")),
        *_transfer(system, "ts", "a", "tt", "aack", "dbb", "ta", "tea", "tsiz", "tbst", "d_r",
                   "d_w"),
        *(system.at(f"{device.name}__ts") for device in platform.devices),
        *(system.at(f"request__{name}") for name in ("valid", "addr", "done"))),
        activity=_transfer(system, "dbb")[0])
