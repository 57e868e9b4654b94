"""From an Amaranth design to a waveform: the engine's tracer, this package, another reader."""

import enum
import re

import numpy as np
import pywellen
from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator

from pteg.engine import compile_design
from pteg.waveforms.changes import Changes
from pteg.waveforms.trace import Trace, select


class State(enum.Enum):
    IDLE = 0
    SHIFT = 1
    DONE = 2


class Shifter(wiring.Component):
    """Shifts a word out, a bit a cycle, over and over."""

    seed: In(70)
    state: Out(State)
    balance: Out(signed(6))

    def elaborate(self, platform):
        m = Module()
        word = Signal(70)
        left = Signal(3)
        with m.Switch(self.state):
            with m.Case(State.IDLE):
                m.d.sync += [word.eq(self.seed ^ word), left.eq(7), self.state.eq(State.SHIFT)]
            with m.Case(State.SHIFT):
                m.d.sync += [word.eq(word.rotate_right(11)), left.eq(left - 1)]
                m.d.sync += self.balance.eq(self.balance + 5 - word[:3])
                with m.If(left == 0):
                    m.d.sync += self.state.eq(State.DONE)
            with m.Case(State.DONE):
                m.d.sync += self.state.eq(State.IDLE)
        return m


class Pair(wiring.Component):
    """Two shifters, so that there is a tree of components."""

    seed: In(70)
    sum: Out(signed(8))

    def elaborate(self, platform):
        m = Module()
        m.submodules.left = left = Shifter()
        m.submodules.right = right = Shifter()
        m.d.comb += [left.seed.eq(self.seed), right.seed.eq(~self.seed),
                     self.sum.eq(left.balance + right.balance)]
        return m


SEED = 0x2A_0123_4567_89AB_CDEF
CYCLES = 100


def amaranth_values():
    """`left.state`, `left.balance` and `sum` in each cycle, according to Amaranth's simulator."""
    left = []

    class Spy(Pair):
        def elaborate(self, platform):
            m = super().elaborate(platform)
            left.append(m.submodules.left)
            return m

    pair = Spy()
    values = []

    async def bench(ctx):
        ctx.set(pair.seed, SEED)
        for _ in range(CYCLES):
            values.append((State(ctx.get(left[0].state)).name, ctx.get(left[0].balance),
                           ctx.get(pair.sum)))
            await ctx.tick()

    simulator = Simulator(pair)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return values


def test_a_compiled_design_reads_back_as_amaranth_computes_it(tmp_path):
    native = compile_design(Pair())
    tracer = native.tracer(select(native.signals))
    state = native.new_state()
    native.write(state, "seed", SEED)
    path = tmp_path / "pair.vcd"
    with Trace(path, tracer.probes, tracer.offsets, frequency=500e6) as trace:
        for start in range(0, CYCLES, 30):
            rows = np.zeros((min(30, CYCLES - start), tracer.words), np.uint64)
            for row in rows:
                tracer.trace(state, row)
                native.step(state)
            trace.write(Changes.of(start, rows))

    found = {var.full_name: var for var in pywellen.Waveform(str(path)).all_vars()}
    assert {"top.clk", "top.sum", "top.left.state", "top.right.word"} <= set(found)
    assert found["top.left.word"].bitwidth == 70
    # One wire under two names is one variable.
    identifiers = re.findall(r"\$var wire 70 (\S+) seed \$end", path.read_text())
    assert len(identifiers) == 3 and len(set(identifiers)) == 2
    at = [tuple(found[name].signal.value_at(2 * cycle + 1)
                for name in ("top.left.state", "top.left.balance", "top.sum"))
          for cycle in range(CYCLES)]
    expected = [(name, balance % 64, total % 256) for name, balance, total in amaranth_values()]
    assert at == expected
