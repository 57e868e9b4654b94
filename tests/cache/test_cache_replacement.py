"""Pseudo-LRU against the table of the manual."""

from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator

from pteg.hw.cache.replacement import first_invalid, used, victim

WAYS, PLRU_BITS = 8, 7

#: MPC750 UM table 3-4: what a use of each way does to B0..B6 (None: unchanged).
TABLE = {
    0: (1, 1, None, 1, None, None, None), 1: (1, 1, None, 0, None, None, None),
    2: (1, 0, None, None, 1, None, None), 3: (1, 0, None, None, 0, None, None),
    4: (0, None, 1, None, None, 1, None), 5: (0, None, 1, None, None, 0, None),
    6: (0, None, 0, None, None, None, 1), 7: (0, None, 0, None, None, None, 0),
}


def victim_of(bits):
    """The way that the tree points to, walked from its root."""
    b = [bits >> n & 1 for n in range(PLRU_BITS)]
    half = b[0]
    pair = b[2] if half else b[1]
    return half << 2 | pair << 1 | b[3 + 2 * half + pair]


def test_every_tree_and_way():
    m = Module()
    bits, valid, way = Signal(PLRU_BITS), Signal(WAYS), Signal(range(WAYS))
    chosen, after, invalid = Signal(3), Signal(PLRU_BITS), Signal(3)
    m.d.comb += [chosen.eq(victim(bits)), after.eq(used(bits, way)),
                 invalid.eq(first_invalid(valid))]

    async def testbench(ctx):
        for tree in range(1 << PLRU_BITS):
            ctx.set(bits, tree)
            assert ctx.get(chosen) == victim_of(tree)
            for number, row in TABLE.items():
                ctx.set(way, number)
                expected = sum((tree >> n & 1 if bit is None else bit) << n
                               for n, bit in enumerate(row))
                assert ctx.get(after) == expected, (tree, number)
                assert victim_of(expected) != number
        for mask in range((1 << WAYS) - 1):
            ctx.set(valid, mask)
            assert ctx.get(invalid) == next(n for n in range(WAYS) if not mask >> n & 1)

    simulator = Simulator(m)
    simulator.add_testbench(testbench)
    simulator.run()
