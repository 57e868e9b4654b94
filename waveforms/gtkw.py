"""GTKWave save files: which signals of a VCD file are shown at first, in which groups."""

import fnmatch
import io

from vcd.gtkw import GTKWSave

__all__ = ["GROUPS", "arrange", "write_save_file"]

#: Groups of the processor's signals and the patterns of their paths, both in the order in which
#: they are shown: what one looks at first. Everything else is in closed groups below.
GROUPS = (
    ("pipeline", (
        "core.completion.pc", "core.completion.instructions", "core.special.msr",
        "core.fetch.pc", "icache.state", "core.queue.count",
        "core.branch.queue__mark", "core.branch.pc", "core.branch.taken", "core.branch.target",
        "core.branch.accept", "core.branch.wrong",
        "core.dispatch.pop", "core.dispatch.decoded0.op", "core.dispatch.slot0.cause",
        "core.dispatch.decoded1.op", "core.dispatch.slot1.cause",
        "core.iu1.unit__valid", "core.iu1.unit__op", "core.iu2.unit__valid", "core.iu2.unit__op",
        "core.sru.unit__valid", "core.sru.unit__op",
        "core.lsu.state", "core.lsu.held.op", "core.lsu.ea", "core.lsu.queue.count",
        "dcache.state", "dcache.asked.client", "dcache.asked.op", "dcache.asked.pa", "dcache.hit",
        "core.completion.count", "core.completion.complete", "core.completion.both",
        "core.completion.cause",
        "core.completion.exception__valid", "core.completion.exception__vector",
        "core.completion.redirect__valid", "core.completion.redirect__pc", "interrupt")),
    ("MMU", tuple(
        f"mmu.{side}.{signal}" for side in ("immu", "dmmu")
        for signal in ("port__valid", "port__ea", "port__kind", "port__relocate", "port__result",
                       "port__pa", "port__wimg", "bat_hit", "tlb_hit", "tlb_miss"))),
    ("walker", (
        "mmu.walker.state", "mmu.walker.side", "mmu.walker.kind", "mmu.walker.ea",
        "mmu.walker.vsid", "mmu.walker.secondary", "mmu.walker.index", "mmu.walker.found_at",
        "mmu.walker.pte.v", "mmu.walker.pte.vsid", "mmu.walker.pte.api", "mmu.walker.pte.rpn",
        "mmu.walker.pte.r", "mmu.walker.pte.c", "mmu.walker.pte.pp",
        "mmu.walker.updated_r", "mmu.walker.updated_c", "mmu.walker.ptes_examined",
        "mmu.walker.done", "mmu.walker.outcome")),
    ("bus", (
        "bus.arbiter.grant",
        *(f"bus.arbiter.bus__{signal}" for signal in (
            "ts", "a", "tt", "tsiz", "tbst", "aack", "dbb", "ta", "tea", "d_r", "d_w")),
        *(f"{target}__{signal}" for target in ("dram", "rom", "uart", "pic")
          for signal in ("ts", "ta")))),
)


def arrange(signals, groups=GROUPS):
    """Sort signals into groups.

    Returns
    -------
    dict, dict
        Group name -> list of signals, without empty groups: those of `groups`, where a signal
        belongs to the longest pattern that matches it, and those of the components with the rest.
    """
    found, rest = {name: {} for name, _ in groups}, {}
    for signal in signals:
        matches = [(len(pattern), -order, name) for name, patterns in groups
                   for order, pattern in enumerate(patterns)
                   if fnmatch.fnmatchcase(signal.path, pattern)]
        if matches:
            _, order, name = max(matches)
            found[name].setdefault(-order, []).append(signal)
        else:
            rest.setdefault(signal.path.rpartition(".")[0] or "top", []).append(signal)
    return {name: [signal for order in sorted(places) for signal in places[order]]
            for name, places in found.items() if places}, rest


def write_save_file(file, vcd_name, save_name, vcd, signals, *, groups=GROUPS, marker=None,
                    clock="clk"):
    """Write a save file.

    Parameters
    ----------
    file
        Binary file, open for writing.
    vcd_name, save_name
        Names of both files; they lie in the same folder.
    vcd
        The `VcdFile` that wrote it.
    signals
        What to show.
    groups
        As `GROUPS`.
    marker
        Time of the primary marker in units of the VCD file, or None.
    clock
        Path of the clock, shown first.
    """
    text = io.StringIO()
    save = GTKWSave(text)
    # GTKWave takes the way from the one path to the other, and looks there from where the save
    # file really is. So both can be moved, and hold nothing of the machine that made them.
    save.dumpfile(f"/{vcd_name}", abspath=False)
    save.savefile(f"/{save_name}", abspath=False)
    save.timestart(0 if marker is None else max(0, marker - 8 * vcd.period))
    # At a zoom of -n, 2^n units of time take 200 pixels: a cycle gets 50 to 100.
    save.zoom_markers(-float((2 * vcd.period).bit_length()), -1 if marker is None else marker)
    save.treeopen("top")
    save.trace(f"top.{clock}", datafmt="bin")
    shown, rest = arrange([signal for signal in signals if signal.path in vcd.names], groups)
    for closed, part in ((False, shown), (bool(shown), rest)):
        for name, members in part.items():
            with save.group(name, closed=closed):
                for signal in members:
                    save.trace(_label(signal, vcd), datafmt=_format(signal, vcd))
    file.write(text.getvalue().encode())


def _label(signal, vcd):
    name = vcd.names[signal.path]
    if signal.path in vcd.strings or signal.width == 1:
        return name
    return f"{name}[{signal.width - 1}:0]"      # GTKWave's name for a vector


def _format(signal, vcd):
    if signal.path in vcd.strings:
        return "ascii"
    if signal.signed:
        return "signed"
    return "bin" if signal.width == 1 else "hex"
