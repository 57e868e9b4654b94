"""Draws docs/table-search.svg: the retry of Open Firmware's first page fault, in hardware.

Runs the ROM on the pipeline model up to a table search that finds its PTE at once and sets R, and
draws the signals of these cycles. Run it after a change that shows: `python docs/picture.py`.
"""

import tempfile
from pathlib import Path

import pteg
from pteg.waveforms.picture import Shown, lanes, svg
from pteg.waveforms.reader import Waves

TRIGGER = "mmu.walker.updated_r and mmu.walker.ptes_examined == 1 and mmu.walker.side == DATA"
BEFORE, AFTER = 9, 8
SIGNALS = [
    Shown("core.completion.pc", "completion pc"),
    Shown("core.lsu.state", "load/store unit"),
    Shown("mmu.dmmu.port__ea", "effective address", valid="mmu.dmmu.port__valid"),
    Shown("mmu.dmmu.port__result", "translation", valid="mmu.dmmu.port__valid"),
    Shown("mmu.walker.state", "walker"),
    Shown("mmu.walker.found_at", "PTE address", valid="mmu.walker.busy"),
    Shown("bus.arbiter.bus__ts", "bus ts"),
    Shown("bus.arbiter.bus__a", "bus address", "bus.arbiter.bus__tt", "CLEAN_BLOCK"),
    Shown("bus.arbiter.bus__tt", "bus transfer", "bus.arbiter.bus__tt", "CLEAN_BLOCK"),
    Shown("bus.arbiter.bus__ta", "bus ta"),
]


def record(path):
    """Write a waveform of the search."""
    machine = pteg.Machine("g3", rom="openfirmware")
    paths = {path for signal in SIGNALS for path in (signal.path, signal.valid) if path}
    with machine.trace(path, paths, trigger=TRIGGER, before=BEFORE, after=AFTER) as trace:
        while not trace.triggered:
            machine.run(cycles=10_000)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        record(Path(folder) / "search.vcd")
        waves = Waves(Path(folder) / "search.vcd")
    rows = lanes(waves, SIGNALS, waves.begin, waves.end)
    Path(__file__).with_name("table-search.svg").write_text(svg(rows, waves.begin))
