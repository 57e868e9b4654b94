"""Testbenches that run on Amaranth's simulator and on ours."""

import pytest
from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import data, enum, wiring
from amaranth.lib.wiring import In, Out
from amaranth.sim import Simulator as AmaranthSimulator
from engine.simulators import interpreted, native

__all__ = ["OURS", "State", "Worker", "both", "counting"]

OURS = pytest.mark.parametrize("ours", [interpreted, native])
#: The periods of the clocks, by domain.
CLOCKS = {"sync": 1e-6}


class State(enum.Enum, shape=2):
    IDLE = 0
    BUSY = 1
    DONE = 2


class Worker(wiring.Component):
    start: In(1)
    amount: In(8)
    state: Out(State)
    total: Out(16)
    pair: Out(data.StructLayout({"low": unsigned(4), "high": unsigned(4)}))

    def elaborate(self, platform):
        m = Module()
        left = Signal(8)
        with m.Switch(self.state):
            with m.Case(State.IDLE):
                with m.If(self.start):
                    m.d.sync += [left.eq(self.amount), self.state.eq(State.BUSY)]
            with m.Case(State.BUSY):
                m.d.sync += [self.total.eq(self.total + left), left.eq(left - 1)]
                with m.If(left == 0):
                    m.d.sync += self.state.eq(State.DONE)
            with m.Case(State.DONE):
                m.d.sync += self.state.eq(State.IDLE)
        m.d.comb += [self.pair.low.eq(left[:4]), self.pair.high.eq(self.total[:4])]
        return m


def counting():
    """Return a module with a counter that an input enables."""
    m = Module()
    m.enable, m.count, m.gray = Signal(init=1), Signal(32), Signal(32)
    with m.If(m.enable):
        m.d.sync += m.count.eq(m.count + 1)
    m.d.comb += m.gray.eq(m.count ^ (m.count >> 1))
    return m


def both(make, *benches, processes=(), clocks=CLOCKS, until=None):
    """Run testbenches on all simulators; return Amaranth's log and ours."""
    first, second, third = [log_of(kind, make, benches, processes, clocks, until)
                            for kind in (AmaranthSimulator, interpreted, native)]
    assert second == third
    return first, second


def log_of(kind, make, benches, processes, clocks, until):
    log, dut = [], make()
    sim = kind(dut)
    for domain, period in clocks.items():
        sim.add_clock(period, domain=domain)

    def bind(function):
        async def run(ctx):
            await function(ctx, dut, log)
        return run

    for process in processes:
        sim.add_process(bind(process))
    for bench in benches:
        sim.add_testbench(bind(bench))
    sim.run_until(until) if until else sim.run()
    return log
