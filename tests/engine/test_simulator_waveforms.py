"""Waveforms of Amaranth's simulator and of ours."""

import io

from amaranth.hdl import (
    Module,
    Signal,
    signed,
)
from amaranth.lib import data
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.sim import Simulator as AmaranthSimulator
from engine.simulators import interpreted, native
from engine.testbenches import State, Worker

from pteg.engine.kernel import engine


def test_vcd_and_save_file_are_those_of_amaranth():
    texts = []
    for kind in (AmaranthSimulator, interpreted, native):
        dut, extra = Worker(), Signal(3, name="extra")

        async def bench(ctx, dut=dut, extra=extra):
            ctx.set(dut.start, 1)
            ctx.set(extra, 5)
            ctx.set(dut.amount, 3)
            await ctx.tick().repeat(8)

        sim, file, save = kind(dut), io.StringIO(), io.StringIO()
        file.close, file.name = lambda: None, "some.vcd"
        save.close = lambda: None
        sim.add_clock(1e-6)
        sim.add_testbench(bench)
        with sim.write_vcd(file, save, traces=[dut.pair, {"more": [extra, dut]}]):
            sim.run()
        lines = save.getvalue().splitlines()
        texts.append((changes(file.getvalue()),
                      [line for line in lines if not line.startswith("[")]))
    assert texts[0] == texts[1] == texts[2]
    assert "bench.extra[2:0]" in texts[0][1]


def test_vcd_of_the_native_circuit_has_the_values_of_amaranth(monkeypatch):
    monkeypatch.setattr(engine, "PATIENCE", 1)

    def make():
        m = Module()
        m.submodules.fifo = m.fifo = SyncFIFOBuffered(width=70, depth=4)
        m.submodules.worker = m.worker = Worker()
        m.low = Signal(data.StructLayout({"a": State, "b": 5}), name="low")
        m.extra, lsb = Signal(4, name="extra"), Signal(signed(3), name="lsb")
        m.d.comb += [m.low.b.eq(m.worker.total), lsb.eq(m.worker.total + m.extra)]
        return m

    async def bench(ctx, dut, log):
        for value in range(60):
            ctx.set(dut.fifo.w_data, value << 60 | value)
            ctx.set(dut.fifo.w_en, value % 3 != 0)
            ctx.set(dut.fifo.r_en, value % 5 != 0)
            ctx.set(dut.worker.amount, 3)
            ctx.set(dut.worker.start, 1)
            ctx.set(dut.extra, value)
            await ctx.tick()
            if value == 30:
                await ctx.changed(dut.worker.total)  # interpreted for a while

    texts = []
    for kind in (AmaranthSimulator, interpreted, native):
        dut, file = make(), io.StringIO()
        sim = kind(dut)
        file.close = lambda: None
        sim.add_clock(1e-6)

        async def run(ctx, dut=dut):
            await bench(ctx, dut, None)

        sim.add_testbench(run)
        with sim.write_vcd(file):
            sim.run()
        texts.append(changes(file.getvalue()))
        used = sim._engine
    assert texts[0] == texts[1] == texts[2]
    assert used.circuit is used.native and len(texts[0]) > 500


def changes(text):
    """Return {(time, signal name): value} at the ends of times, whatever the identifiers."""
    names, result, time = {}, {}, 0
    for line in text.splitlines():
        words = line.split()
        if line.startswith("$var"):
            names[words[3]] = words[4]
        elif line.startswith("#"):
            time = int(line[1:])
        elif words and words[-1] in names and len(words) == 2:
            result[time, names[words[-1]]] = words[0]
        elif line[:1] in "01" and line[1:] in names:
            result[time, names[line[1:]]] = line[0]
    before, kept = {}, {}
    for (time, name), value in result.items():  # in the order of time
        if before.get(name) != value:  # not there and back within a time
            kept[time, name] = before[name] = value
    return kept
