"""GTKWave save files: which signals of a VCD file are shown at first, in which groups."""

import fnmatch
import io

from vcd.gtkw import GTKWSave

__all__ = ["GROUPS", "arrange", "write_save_file"]

#: Groups of the processor's signals and the patterns of their paths, both in the order in which
#: they are shown. A signal belongs to the group that names it most precisely.
GROUPS = (
    ("pipeline", ("core.*",)),
    ("MMU", ("mmu.*",)),
    ("walker", ("mmu.walker.*",)),
    ("bus", ("bus.*", "dram.*", "rom.*", "uart.*", "pic.*", "interrupt")),
)


def arrange(signals, groups=GROUPS):
    """Sort signals into groups.

    Returns
    -------
    dict
        Group name -> list of signals, without empty groups. What no pattern matches stands under
        the name of its top component, or under `top`.
    """
    found = {name: {} for name, _ in groups}
    for signal in signals:
        best, name, place = -1, signal.path.rpartition(".")[0].partition(".")[0] or "top", 0
        for group, patterns in groups:
            for order, pattern in enumerate(patterns):
                if len(pattern) > best and fnmatch.fnmatchcase(signal.path, pattern):
                    best, name, place = len(pattern), group, order
        found.setdefault(name, {}).setdefault(place, []).append(signal)
    return {name: [signal for place in sorted(places) for signal in places[place]]
            for name, places in found.items() if places}


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
    for name, members in arrange([s for s in signals if s.path in vcd.names], groups).items():
        with save.group(name):
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
