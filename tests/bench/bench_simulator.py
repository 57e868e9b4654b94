"""`pteg.Simulator` beside Amaranth's: ticks of testbenches a second, and start-up.

Each row is a testbench on a design, in both simulators by turns; ratios are medians of pairs. A
testbench gets so many ticks as take about a second. Compiling is not in the rates; it is in the
rows of whole simulations, from the construction to the end of a short test.
"""

import statistics
import sys
import tempfile
import time
import warnings
from pathlib import Path

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.sim import Simulator as AmaranthSimulator

import pteg
from pteg.hw.cache.data import DataCache
from pteg.hw.processor import Processor

ROUNDS = 3
SECONDS = 0.3


def counter():
    m = Module()
    count, m.watched = Signal(32), Signal(32)
    m.d.sync += count.eq(count + 1)
    m.d.comb += m.watched.eq(count ^ 5)
    return m


def fifo():
    design = SyncFIFOBuffered(width=8, depth=4)
    design.watched = design.level
    return design


def component(make):
    """Return a function that makes a component and chooses one of its outputs to look at."""
    def build():
        design = make()
        design.watched = next(Value.cast(value)
                              for _, member, value in design.signature.flatten(design)
                              if member.flow == wiring.Out)
        return design
    return build


async def tick(ctx, design, ticks):
    for _ in range(ticks):
        await ctx.tick()


async def look(ctx, design, ticks):
    for _ in range(ticks):
        await ctx.tick()
        ctx.get(design.watched)


async def repeat(ctx, design, ticks):
    await ctx.tick().repeat(ticks)


def rate(simulate, make, bench, until=False):
    """Return ticks a second, after a warm-up."""
    design, result = make(), []
    simulator = simulate(design)
    simulator.add_clock(1e-6)

    if until:
        condition = design.watched.all() & (design.watched == 0)  # never

        async def wait(ctx):
            await ctx.tick().until(condition)
        simulator.add_testbench(wait, background=True)

        def run(ticks):
            simulator.run_until((simulator._engine.now / 1e15) + ticks * 1e-6)
        run(200)
        result.append(measure(run))
    else:
        async def work(ctx):
            await tick(ctx, design, 100)
            await look(ctx, design, 2)
            await bench(ctx, design, 100)
            ticks, seconds = 100, 0
            while seconds < SECONDS:
                ticks *= 4 if seconds < SECONDS / 8 else 2
                begin = time.process_time()
                await bench(ctx, design, ticks)
                seconds = time.process_time() - begin
            result.append(ticks / seconds)
        simulator.add_testbench(work)
        simulator.run()
    return result[0]


def measure(run):
    ticks, seconds = 100, 0
    while seconds < SECONDS:
        ticks *= 4 if seconds < SECONDS / 8 else 2
        begin = time.process_time()
        run(ticks)
        seconds = time.process_time() - begin
    return ticks / seconds


def whole(simulate, make, ticks, vcd=False):
    """Return one over the seconds of a whole simulation."""
    begin = time.process_time()
    design = make()
    simulator = simulate(design)
    simulator.add_clock(1e-6)

    async def work(ctx):
        await look(ctx, design, ticks)

    simulator.add_testbench(work)
    if vcd:
        with tempfile.TemporaryDirectory() as folder, \
                simulator.write_vcd(str(Path(folder) / "test.vcd")):
            simulator.run()
    else:
        simulator.run()
    return 1 / (time.process_time() - begin)


def compiled(design):
    """Our simulator, compiled from the first tick on."""
    simulator = pteg.Simulator(design, compile_after=0)
    while not simulator.native.step.is_complete:
        time.sleep(0.01)
    return simulator


def compare(name, unit, measure_one, ours, rounds=ROUNDS):
    """Measure both simulators by turns and print a row."""
    pairs = [(measure_one(AmaranthSimulator), measure_one(ours)) for _ in range(rounds)]
    theirs, own = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{name:44}{theirs:14,.1f}{own:16,.1f} {unit:12}{ratio:10.2f}x", flush=True)


def main():
    warnings.simplefilter("ignore")
    print(f"{'':44}{'Amaranth':>14}{'pteg':>16}")
    designs = {"counter": counter, "data cache": component(DataCache),
               "processor": component(Processor)}
    for name, make in designs.items():
        rounds = 1 if name == "processor" else ROUNDS
        rows = (("ticks one by one", tick), ("ticks and a look", look),
                ("tick().repeat(n)", repeat))
        for row, bench in rows[-1:] if name == "processor" else rows:
            compare(f"{name}, {row}", "ticks/s", lambda kind, m=make, b=bench: rate(kind, m, b),
                    compiled, rounds)
        compare(f"{name}, tick().until(...)", "ticks/s",
                lambda kind, m=make: rate(kind, m, None, until=True), compiled, rounds)
    for name, make, ticks in (("counter", counter, 20), ("FIFO", fifo, 200),
                              ("data cache", designs["data cache"], 200),
                              ("data cache", designs["data cache"], 20_000)):
        compare(f"whole test of a {name}, {ticks} ticks", "tests/s",
                lambda kind, m=make, n=ticks: whole(kind, m, n), pteg.Simulator)
        compare("the same with a VCD file", "tests/s",
                lambda kind, m=make, n=ticks: whole(kind, m, n, vcd=True), pteg.Simulator)


if __name__ == "__main__":
    sys.exit(main())
