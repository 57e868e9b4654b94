"""Formats of floating-point loads and stores against Python's own conversion."""

import random
import struct

import pytest
from amaranth.hdl import Module, Signal

from pteg.engine import compile_design
from pteg.hw.core.float_registers import double_to_single, single_to_double


class Formats:
    """Both conversions, compiled."""

    def __init__(self):
        m = Module()
        self.single = Signal(32, name="single")
        self.double = Signal(64, name="double")
        double = single_to_double(m, self.single, "to_double")
        single, _ = double_to_single(m, self.double, "to_single")
        as_double = Signal(64)
        as_single = Signal(32)
        m.d.comb += [as_double.eq(double), as_single.eq(single)]
        self.native = compile_design(
            m, ports=[self.single, self.double, as_double, as_single], name="formats")
        self.state = self.native.new_state()

    def __call__(self, single, double):
        self.native.write(self.state, "single", single)
        self.native.write(self.state, "double", double)
        self.native.settle(self.state)
        read = self.native.read
        return read(self.state, "as_double"), read(self.state, "as_single")


@pytest.fixture(scope="module")
def formats():
    return Formats()


SINGLES = [0, 1, 2, 0x3FFFFF, 0x400000, 0x7FFFFF, 0x800000, 0x3F800000, 0x7F7FFFFF, 0x7F800000]


def test_every_single_makes_the_round_trip(formats):
    rng = random.Random(7)
    words = [s | sign << 31 for s in SINGLES for sign in (0, 1)]
    words += [rng.getrandbits(32) for _ in range(2000)] + [rng.getrandbits(23) for _ in range(500)]
    for word in words:
        double, _ = formats(word, 0)
        if word & 0x7F800000 != 0x7F800000:  # Python may quieten a NaN
            value = struct.unpack(">f", word.to_bytes(4, "big"))[0]
            assert double == int.from_bytes(struct.pack(">d", value), "big"), hex(word)
        else:
            sign, fraction = word >> 31, word & 0x7FFFFF
            assert double == sign << 63 | 0x7FF << 52 | fraction << 29
        assert formats(0, double)[1] == word, hex(word)


def test_stores_drop_what_a_single_cannot_hold(formats):
    rng = random.Random(8)
    for _ in range(2000):
        exponent = rng.choice((rng.randrange(874, 897), rng.randrange(897, 1151)))
        fraction, sign = rng.getrandbits(52), rng.getrandbits(1)
        double = sign << 63 | exponent << 52 | fraction
        if exponent > 896:
            expected = sign << 31 | (exponent - 896) << 23 | fraction >> 29
        else:
            expected = sign << 31 | (1 << 52 | fraction) >> 29 + 897 - exponent
        assert formats(0, double)[1] == expected
