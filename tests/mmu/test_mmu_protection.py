"""Protection: all keys, PP values and kinds."""

from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator

from pteg.hw.mmu.protection import BLOCK_KEY, prohibited


def test_all_combinations(spec):
    key, pp, store, answer = Signal(), Signal(2), Signal(), Signal()
    m = Module()
    m.d.comb += answer.eq(prohibited(key, pp, store))
    simulator = Simulator(m)

    async def testbench(ctx):
        for k in range(2):
            for p in range(4):
                for s in range(2):
                    for signal, value in ((key, k), (pp, p), (store, s)):
                        ctx.set(signal, value)
                    await ctx.delay(1e-9)
                    assert ctx.get(answer) == (not spec.ALLOWED[k, p][s])
                    if k == BLOCK_KEY:
                        assert ctx.get(answer) == (not spec.BLOCK_ALLOWED[p][s])

    simulator.add_testbench(testbench)
    simulator.run()
