"""What looking costs: value changes a second into a VCD file, beside pyvcd's `change` on the same
values; and cycles a second of the machine on the first ROM, alone, with a ledger, with waveforms of
which the window is closed, the trigger waits, or everything is written. Each is told as a part of
the speed of the run alone beside it. At last, Verilator with `--trace-vcd` and `--trace-fst` on the
same processor and bus, with the inputs of the same run and all signals: CPU time of both. (Its FST
writer needs the headers of lz4.)
"""

import io
import statistics
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
from vcd import VCDWriter

sys.path.insert(0, str(Path(__file__).parent))

from engines.design import Design, Ports  # noqa: E402
from engines.machines import hardware, record  # noqa: E402
from engines.verilated import Verilated  # noqa: E402

from pteg.machine import Machine  # noqa: E402
from pteg.waveforms.changes import Changes  # noqa: E402
from pteg.waveforms.vcd import Signal, VcdFile  # noqa: E402

ROUNDS = 5
#: Signals, bits of each, and how often one changes.
CASES = [(6, 32, 1.0), (100, 32, 0.1), (100, 1, 0.5), (2000, 32, 0.01)]


def values(signals, width, rate, cycles):
    random = np.random.default_rng(1)
    rows = random.integers(0, 1 << width, (cycles, signals), dtype=np.uint64)
    kept = random.random(rows.shape) >= rate
    for cycle in range(1, cycles):
        rows[cycle, kept[cycle]] = rows[cycle - 1, kept[cycle]]
    return rows


def ours(rows, width):
    file = VcdFile(io.BytesIO(), [Signal(f"s{n}", width) for n in range(rows.shape[1])])
    changes = Changes.of(0, rows)
    begin = time.process_time()
    file.write(changes)
    return time.process_time() - begin


def pyvcd(rows, width):
    writer = VCDWriter(io.StringIO(), date="")
    variables = [writer.register_var("top", f"s{n}", "wire", width)
                 for n in range(rows.shape[1])]
    table = rows.tolist()
    begin = time.process_time()
    previous = [None] * len(variables)
    for cycle, row in enumerate(table):
        for variable, value, before in zip(variables, row, previous, strict=True):
            if value != before:
                writer.change(variable, cycle, value)
        previous = row
    return time.process_time() - begin


def writing():
    print(f"{'signals':>8} {'bits':>5} {'changes':>8} {'M changes/s':>12} {'k cycles/s':>11}"
          f" {'times pyvcd':>12}")
    for signals, width, rate in CASES:
        rows = values(signals, width, rate, max(2000, 400_000 // signals))
        few = rows[:max(200, 20_000 // signals)]
        changes = int((rows[1:] != rows[:-1]).sum())
        few_changes = int((few[1:] != few[:-1]).sum()) + signals
        ours(few, width)    # compiles
        pairs = [(changes / ours(rows, width), few_changes / pyvcd(few, width))
                 for _ in range(ROUNDS)]
        speed = statistics.median(pair[0] for pair in pairs)
        ratio = statistics.median(a / b for a, b in pairs)
        print(f"{signals:>8} {width:>5} {rate:>8.0%} {speed / 1e6:>12.1f}"
              f" {speed / changes * len(rows) / 1e3:>11.0f} {ratio:>12.1f}")


def machine(cycles=50_000):
    machine = Machine("g3", rom="first")
    with tempfile.TemporaryDirectory() as folder:
        vcd = Path(folder) / "run.vcd"
        never = "mmu.walker.sdr1 == 0xdeadbeef"
        cases = {
            "alone": nullcontext,
            "ledger": lambda: machine.ledger(Path(folder) / "run.jsonl"),
            "window not open yet": lambda: machine.trace(vcd, window=(1 << 40, None)),
            "trigger, its signals": lambda: machine.trace(vcd, "mmu.walker.sdr1", trigger=never),
            "trigger, everything": lambda: machine.trace(vcd, trigger=never),
            "VCD of the walker": lambda: machine.trace(vcd, "mmu.walker.*"),
            "VCD of everything": lambda: machine.trace(vcd),
            "FST of everything": lambda: machine.trace(vcd.with_suffix(".fst")),
        }
        rates = {name: [] for name in cases}
        sizes = {}
        for number in range(ROUNDS):
            for name, record in cases.items():
                with record():
                    machine.run(cycles=100)     # compiles
                    begin = time.perf_counter(), time.process_time()
                    machine.run(cycles=cycles)
                    if number:
                        rates[name].append((cycles / (time.perf_counter() - begin[0]),
                                            cycles / (time.process_time() - begin[1])))
                for file in (vcd, vcd.with_suffix(".fst")):
                    if file.exists() and name.startswith(file.suffix[1:].upper()):
                        sizes[name] = file.stat().st_size / (cycles + 100)
    print(f"{'':<24} {'k cycles/s':>11} {'of alone':>9} {'CPU time':>9} {'bytes/cycle':>12}")
    for name, found in rates.items():
        wall, cpu = (statistics.median(mine[n] / alone[n] for mine, alone in
                                       zip(found, rates["alone"], strict=True)) for n in (0, 1))
        speed = statistics.median(rate for rate, _ in found) / 1e3
        print(f"{name:<24} {speed:>11.0f} {wall:>9.0%} {cpu:>9.0%} {sizes.get(name, 0):>12.0f}")


def verilator(cycles=100_000):
    from pteg.engine import compile_design

    machine = Machine("g3", rom="first")
    design = Design("processor", lambda: hardware(machine.platform), None)
    ports = Ports.of(compile_design(design.component()))
    inputs = record(machine, ports, cycles)

    print(f"{'':<12} {'Verilator, us':>14} {'ours, us':>9} {'ratio':>6} {'its bytes/cycle':>16}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs.tofile(folder / "inputs")
        for kind in ("vcd", "fst"):
            theirs = Verilated(design, ports, folder, trace=kind)
            pairs = []
            for number in range(ROUNDS):
                seconds = theirs.run(folder / "inputs").seconds
                machine.reset()
                trace = machine.trace(folder / f"run.{kind}")
                machine.run(cycles=100)     # compiles
                begin = time.process_time()
                machine.run(cycles=cycles)
                trace.close()
                if number:
                    pairs.append((seconds, time.process_time() - begin))
            size = (folder / "trace").stat().st_size / cycles
            print(f"{kind:<12}", *(f"{statistics.median(mine) / cycles * 1e6:>{width}.2f}"
                                   for mine, width in zip(zip(*pairs, strict=True), (14, 9),
                                                          strict=True)),
                  f"{statistics.median(a / b for a, b in pairs):>6.1f} {size:>16.0f}")


def main():
    writing()
    machine()
    verilator()


if __name__ == "__main__":
    main()
