"""What a waveform of the machine shows first, depending on what its trigger is about.

Each group tells one story and fits on a screen: the first row says why, the last what comes of it.
A group has only what the machine has: an L2 cache, its devices, their bus master.
"""

from dataclasses import dataclass

from pteg.pipeline.completing import CompletingTexts
from pteg.pipeline.places import System
from pteg.waveforms.gtkw import View

__all__ = ["view"]


@dataclass(frozen=True)
class Story:
    """A group of the view.

    Attributes
    ----------
    about : tuple of str
        Components: a trigger on a signal inside one of them is about this story.
    signals : tuple of str
        Paths, with `*` and `?`.
    activity : str or None
        Path of a signal that is not zero while the story goes on.
    """

    name: str
    about: tuple[str, ...]
    signals: tuple[str, ...]
    activity: str | None = None


def view(system: System, platform, trigger=frozenset()) -> View:
    """The view of a machine.

    Parameters
    ----------
    system
        Paths of its signals.
    platform : pteg.platform.Platform
        Its devices.
    trigger : set of str
        Paths in the trigger's condition.
    """
    stories = _stories(system, platform)
    first = next((story for story in stories for component in story.about for path in trigger
                  if path == component or path.startswith((f"{component}.", f"{component}__"))),
                 stories[0])
    ordered = [first, *(story for story in stories if story is not first)]
    return View(tuple((story.name, story.signals) for story in ordered), first.activity)


def _stories(system, platform):
    """The most special ones first, but for the one that is shown without a trigger."""
    cpu = system.processor
    core, mmu, bus = cpu.core, cpu.mmu, system.at("bus.arbiter")
    oldest, second = CompletingTexts.paths(cpu)
    instruction = (oldest, core.completion.pc)
    transfer = tuple(f"{bus}.bus__{name}" for name in ("ts", "a", "tt", "aack", "dbb", "ta", "tea"))

    def inside(part, *names):
        return tuple(part.at(name) for name in names)

    pipeline = Story("pipeline", (), (
        *instruction, second, core.completion.count, core.completion.complete,
        core.completion.both, core.fetch.pc, *inside(cpu.icache, "state"), core.queue.count,
        *inside(core.branch, "queue__mark", "pc", "taken", "target", "wrong"),
        core.queue.pop,
        *inside(core.dispatch, "decoded0.op", "slot0.cause", "decoded1.op", "slot1.cause"),
        *(path for unit in (core.iu1, core.iu2, core.sru, core.fpu)
          for path in inside(unit, "unit__valid", "unit__op")),
        *inside(core.lsu, "state", "held.op"),
        core.completion.redirect__valid, core.completion.exception__valid))
    search = Story("table search", (mmu.path,), (
        *instruction, *inside(core.lsu, "state"),
        *(path for side in (mmu.dmmu, mmu.immu)
          for path in inside(side, "port__valid", "port__ea", "port__result")),
        *inside(mmu.walker, "state", "side", "kind", "ea", "vsid", "found_at", "ptes_examined",
                "pte.v", "pte.rpn", "pte.r", "pte.c", "updated_r", "updated_c", "outcome"),
        cpu.dcache.operation.state, *transfer[:3], f"{bus}.bus__ta"), mmu.walker.at("busy"))
    exception = Story("exception", tuple(inside(core.completion, "exception", "fault", "cause",
                                                "interrupt")) + (cpu.interrupt,), (
        *instruction, *inside(core.completion, "cause", "fault", "exception__valid",
                              "exception__vector", "exception__srr0", "exception__cause_bits",
                              "exception__data", "exception__dar", "interrupt"),
        cpu.interrupt, *inside(core.special, "msr", "srr0", "srr1"),
        core.completion.redirect__valid, *inside(core.completion, "redirect__pc"), core.fetch.pc))
    data = Story("load and store", (core.lsu.path, cpu.dcache.path, cpu.l2.path), (
        *instruction,
        *inside(core.lsu, "state", "held.op", "ea", "here__valid", "finish__valid"),
        *inside(mmu.dmmu, "port__result", "port__pa"),
        *inside(core.lsu, "queue.count", "queue.entry0.pa"),
        *inside(cpu.dcache, "operation.state", "requests.asked.client", "requests.asked.op",
                "requests.asked.pa", "lookup.hit", "castout__valid"),
        *inside(cpu.l2, "state", "pa"), *transfer))
    fetch = Story("fetch", (core.fetch.path, core.queue.path, core.branch.path, cpu.icache.path), (
        core.fetch.pc, *inside(mmu.immu, "port__valid", "port__ea", "port__result", "port__pa"),
        *inside(cpu.icache, "state", "hit"), core.fetch.queue__count, core.queue.count,
        core.queue.pop,
        *inside(core.branch, "queue__mark", "pc", "taken", "target", "queue__folded",
                "queue__predict", "accept", "wrong", "cancel"),
        core.fetch.redirect__valid, *inside(core.fetch, "redirect__pc"), *transfer[:3],
        f"{bus}.bus__ta"))
    transfers = Story("bus", (system.at("bus"), *(device.name for device in platform.devices)), (
        oldest, f"{bus}.grant", f"{bus}.owner", *transfer,
        *(f"{bus}.bus__{name}" for name in ("tsiz", "tbst", "d_r", "d_w")),
        *(system.at(f"{device.name}__ts") for device in platform.devices),
        *(system.at(f"request__{name}") for name in ("valid", "addr", "done"))), f"{bus}.bus__dbb")
    return [pipeline, search, exception, data, fetch, transfers]
