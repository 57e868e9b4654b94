"""Draws docs/table-search.svg: the retry of Open Firmware's first page fault, in hardware.

Runs the ROM on the pipeline model up to a table search that finds its PTE at once and sets R, and
draws the signals of these cycles. Run it after a change that shows: `python docs/picture.py`.
"""

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

import pteg
from pteg.pipeline.driver import Tap
from pteg.waveforms.capture import Capture
from pteg.waveforms.trigger import Trigger

TRIGGER = "mmu.walker.updated_r and mmu.walker.ptes_examined == 1 and mmu.walker.side == DATA"
BEFORE, AFTER = 9, 8
#: Shown signals and their labels.
SIGNALS = {
    "core.completion.pc": "completion pc",
    "core.lsu.state": "load/store unit",
    "mmu.dmmu.port__ea": "effective address",
    "mmu.dmmu.port__result": "translation",
    "mmu.walker.state": "walker",
    "mmu.walker.found_at": "PTE address",
    "bus.arbiter.bus__ts": "bus ts",
    "bus.arbiter.bus__a": "bus address",
    "bus.arbiter.bus__tt": "bus transfer",
    "bus.arbiter.bus__ta": "bus ta",
}
#: When a signal means something; it is left blank elsewhere.
VALID = {
    "mmu.dmmu.port__ea": "mmu.dmmu.port__valid", "mmu.dmmu.port__result": "mmu.dmmu.port__valid",
    "mmu.walker.found_at": "mmu.walker.busy",
    "bus.arbiter.bus__a": "bus.arbiter.bus__tt", "bus.arbiter.bus__tt": "bus.arbiter.bus__tt",
}
LABEL, CYCLE, ROW, HALF = 130, 78, 30, 9


class Rows:
    """Keeps what a capture picks."""

    def __init__(self, capture):
        self.capture, self.kept, self.wanted = capture, [], capture.wanted

    def write(self, cycle, rows):
        self.kept += [(start, kept.copy()) for start, kept in self.capture.take(cycle, rows)]


def record():
    """First cycle, tracer and values (one row a cycle) of the search."""
    machine = pteg.Machine("g3", rom="openfirmware")
    paths = {*SIGNALS, *VALID.values()} | Trigger.paths(TRIGGER)
    tracer = machine.model.native.tracer(
        [path for path in machine.model.native.signals if path in paths])
    trigger = Trigger(TRIGGER, tracer.probes, tracer.offsets)
    rows = Rows(Capture(trigger=trigger, before=BEFORE, after=AFTER))
    machine.model.driver.taps.append(Tap(tracer, rows))
    while rows.wanted(machine.cycle) is not None:
        machine.run(cycles=10_000)
    return rows.kept[0][0], tracer, np.concatenate([kept for _, kept in rows.kept])


def runs(values):
    """(first, end, value) of equal neighbours."""
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1), len(values)]
    return [(a, b, values[a]) for a, b in zip(edges, edges[1:], strict=False)]


def name(probe, value):
    if probe.enum:
        return probe.enum.get(int(value), "?").replace("_", " ")
    return f"{int(value):0{(probe.width + 3) // 4}X}"


def bit(y, values):
    points = []
    for start, end, value in runs(values):
        level = y - HALF if value else y + HALF
        points += [f"{LABEL + start * CYCLE},{level}", f"{LABEL + end * CYCLE},{level}"]
    return [f'<polyline points="{" ".join(points)}"/>']


def bus(y, probe, values, valid):
    shapes = []
    for start, end, value in runs(np.where(valid, values.astype(np.int64), -1)):
        left, right = LABEL + start * CYCLE, LABEL + end * CYCLE
        if value < 0:
            shapes.append(f'<path d="M{left},{y}H{right}" class="idle"/>')
            continue
        shapes.append(f'<path d="M{left},{y}l3,{-HALF}H{right - 3}l3,{HALF}l-3,{HALF}'
                      f'H{left + 3}z"/>')
        text = name(probe, value)
        room = int((right - left - 6) / 6.3)
        if room >= len(text) or room >= 4:
            text = text if room >= len(text) else text[:room - 1] + "…"
            shapes.append(f'<text x="{(left + right) / 2}" y="{y + 4}" class="value">'
                          f'{escape(text)}</text>')
    return shapes


def draw(first, tracer, rows):
    column = dict(zip(tracer.paths, tracer.offsets, strict=True))
    probe_of = dict(zip(tracer.paths, tracer.probes, strict=True))
    count = len(rows)
    shapes = []
    for number in range(count + 1):
        x = LABEL + number * CYCLE
        shapes.append(f'<path d="M{x},24V{34 + ROW * (len(SIGNALS) + 1)}" class="grid"/>')
        if number % 4 == 0 and number < count:
            shapes.append(f'<text x="{x}" y="18" class="time">{first + number}</text>')
    clock = np.tile([1, 0], count)
    points = " ".join(f"{LABEL + (i + step) * CYCLE / 2},{44 - HALF if level else 44 + HALF}"
                      for i, level in enumerate(clock) for step in (0, 1))
    shapes += ['<text x="8" y="48">clk</text>', f'<polyline points="{points}"/>']
    for number, (path, label) in enumerate(SIGNALS.items(), 1):
        y = 44 + ROW * number
        values = rows[:, column[path]]
        valid = rows[:, column[VALID[path]]] != 0 if path in VALID else np.ones(count, bool)
        shapes.append(f'<text x="8" y="{y + 4}">{label}</text>')
        probe = probe_of[path]
        shapes += bit(y, values) if probe.width == 1 else bus(y, probe, values, valid)
    width, height = LABEL + count * CYCLE + 10, 40 + ROW * (len(SIGNALS) + 1)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">',
        "<style>text{font:11px sans-serif;fill:#222}.value{font:10px monospace;"
        "text-anchor:middle}.time{font-size:9px;fill:#777}polyline,path{fill:none;"
        "stroke:#1f5fa8;stroke-width:1.2}.grid{stroke:#ddd;stroke-width:.6}"
        ".idle{stroke:#aaa}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>', *shapes, "</svg>", ""])


if __name__ == "__main__":
    Path(__file__).with_name("table-search.svg").write_text(draw(*record()))
