"""The host's arithmetic in the functional model changes nothing: against the model without it.

Operands lie where the usual case ends: ties and their neighbours, errors of zero, cancellation,
results at both ends of each range, sums whose error is far below, singles that two roundings would
get wrong; under all control bits, with and without exceptions from before.
"""

import numpy as np
import pytest

from pteg.lockstep.encoding import encode

U = np.uint64
SIGN, FRACTION = 1 << 63, (1 << 52) - 1
SINGLES = ("fadds", "fsubs", "fmuls", "fdivs", "fmadds", "fmsubs", "fnmadds", "fnmsubs", "frsp")
NAMES = ("fadd", "fsub", "fmul", "fdiv", "fmadd", "fmsub", "fnmadd", "fnmsub", *SINGLES, "fctiw",
         "fctiwz")
FIELDS = {"fadd": "AB", "fsub": "AB", "fdiv": "AB", "fmul": "AC", "frsp": "B", "fctiw": "B",
          "fctiwz": "B"}
PLACES = {"A": ("frA", 4), "B": ("frB", 5), "C": ("frC", 6)}
#: Exponent fields around which results lie: 1; ends of the usual case; ends of doubles and singles.
CENTRES = [1023, 1023, 1023, 63, 64, 65, 1, 2, 12, 54, 2046, 2045, 897, 898, 874, 873, 1150, 1151]
SPECIAL = [0, 1, FRACTION, 0x001 << 52, 0x7FF << 52, (0x7FF << 52) - 1, 0x7FF << 52 | 1,
           0x7FF8 << 48, 0x3FF << 52, 0x3C0FFFFFE0000000, 0x040 << 52, 0x03FFFFFFFFFFFFFF]
#: RN, NI, XE, ZE, UE, OE, VE: mostly all zero. Status bits: FX, OX, UX, ZX, XX, ..., FPRF.
CONTROL_BITS = [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xF0, 0xFF]
STATUS_BITS = 0x93FFF000


class Operands:
    """Arrays of operands for one instruction."""

    def __init__(self, seed, count, single):
        self.random, self.count, self.single = np.random.default_rng(seed), count, single

    def integers(self, low, high):
        return self.random.integers(low, high, self.count)

    def choice(self, *arrays):
        """In each place, an element of one of the arrays."""
        return np.choose(self.integers(0, len(arrays)), arrays)

    def fractions(self):
        """Random; random but short; long runs of zeros or ones, with and without a last bit."""
        bits = self.integers(0, 1 << 52)
        keep = self.integers(0, 53)
        short = bits >> keep << keep
        last = np.where(self.single, 1 << 29, 1) << self.integers(0, 2)
        result = self.choice(bits, short, short ^ (1 << keep) - 1, short ^ 1 << keep >> 1,
                             FRACTION + 0 * bits, 0 * bits, last, FRACTION ^ last)
        return np.where(self.rarely() | (not self.single), result, result >> 29 << 29)

    def rarely(self):
        return self.integers(0, 12) == 0

    def numbers(self, exponents):
        signs = self.integers(0, 2) << 63
        return signs | np.clip(exponents, 0, 2046) << 52 | self.fractions()

    def centres(self):
        return self.random.choice(CENTRES, self.count) + self.integers(-2, 3)

    def next_to(self, bits):
        """The same number, or up to three units in the last place away, or in that of a single."""
        unit = self.choice(1 + 0 * bits, np.where(self.single, 1 << 29, 1) + 0 * bits)
        return bits + self.integers(-3, 4) * unit

    def specials(self):
        return self.random.choice(np.array(SPECIAL), self.count) | self.integers(0, 2) << 63

    def below(self, bits):
        """Half a unit in the last place, a quarter, ... of a number, next to it, or far below."""
        exponents = bits >> 52 & 0x7FF
        digits = self.choice(53 + 0 * bits, np.where(self.single, 24, 53) + 0 * bits)
        near = self.numbers(exponents - digits - self.integers(-2, 3)) & ~FRACTION
        return self.choice(near, self.next_to(near),
                           self.numbers(exponents - self.integers(0, 130)))

    def addends(self, bits):
        return np.where(self.rarely(), self.specials(), self.choice(
            self.next_to(bits ^ -SIGN), self.below(bits), self.below(bits),
            self.numbers((bits >> 52 & 0x7FF) + self.integers(-60, 61)),
            self.numbers(self.centres())))

    def odd_factors(self, exponents):
        """Numbers whose product has as many digits as a tie, or one more or less."""
        digits = np.where(self.single & ~self.rarely(), 25, 54) + self.integers(-1, 2)
        first = self.integers(2, digits.min() - 1)
        pair = []
        for size in (first, digits - first):
            whole = self.integers(0, 1 << 52) & (1 << size - 1) - 1 | 1 | 1 << size - 1
            bits = whole.astype(float).view(np.int64)
            pair.append(bits & FRACTION)
        return (self.integers(0, 2) << 63 | np.clip(exponents, 1, 2046) << 52 | pair[0],
                self.integers(0, 2) << 63 | 1023 << 52 | pair[1])

    def factors(self):
        wanted = self.centres()
        other = self.choice(1023 + 0 * wanted, self.integers(1, 2047),
                            1023 + self.integers(-90, 90))
        a, c = self.numbers(wanted - other + 1023), self.numbers(other)
        odd_a, odd_c = self.odd_factors(wanted)
        odd = self.integers(0, 3) == 0
        a, c = np.where(odd, odd_a, a), np.where(odd, odd_c, c)
        return (np.where(self.rarely(), self.specials(), a),
                np.where(self.rarely(), self.specials(), c))

    def rows(self, name):
        """f4, f5 and f6, of which the instruction takes frA, frB and frC."""
        if name[1] in "mn":
            a, c = self.factors()
            with np.errstate(all="ignore"):
                product = (a.view(float) * c.view(float)).view(np.int64)
            b = self.addends(product)
        elif "div" in name:
            b, quotient = self.factors()
            with np.errstate(all="ignore"):
                exact = (b.view(float) * quotient.view(float)).view(np.int64)
            a = c = np.where(self.rarely(), self.specials(),
                             self.choice(self.next_to(exact), exact, self.numbers(self.centres())))
        else:
            a = c = self.numbers(self.centres())
            b = self.addends(a)
            if name[:2] == "fr":
                b = self.next_to(self.choice(b, b >> 29 << 29, b >> 29 << 29 | 1 << 28))
            elif name[:3] == "fct":
                signs = self.random.choice([-1, 1], self.count)
                values = self.choice(self.integers(-10, 10) / 4, self.integers(-2**33, 2**33) / 4,
                                     signs * (2**31 - self.integers(0, 5) / 4))
                b = self.choice(self.next_to(values.view(np.int64)), b)
        return np.stack([a, b, c], axis=1).view(U)

    def states(self):
        control = self.random.choice(CONTROL_BITS, self.count)
        status = self.choice(0 * control, self.integers(0, 1 << 32) & STATUS_BITS)
        return control | status


@pytest.fixture(scope="module")
def benches(load):
    bench = load("float_bench.py").FloatBench
    return bench(), bench(host_floats=False)


def compare(benches, name, count, seed):
    operands = Operands(seed, count, name in SINGLES)
    rows, states = operands.rows(name), operands.states()
    fields = dict(PLACES[place] for place in FIELDS.get(name.rstrip("s"), "ABC"))
    word = encode(name, frD=3, **fields)
    ours, exact = (np.array(bench.run(word, rows, states), U) for bench in benches)
    wrong = np.flatnonzero((ours != exact).any(axis=0))
    assert not len(wrong), (
        f"seed {seed}: {name} {[hex(x) for x in rows[wrong[0]]]} FPSCR {states[wrong[0]]:#x} gives "
        f"{[hex(x) for x in ours[:, wrong[0]]]}, not {[hex(x) for x in exact[:, wrong[0]]]}")


@pytest.mark.parametrize("name", NAMES)
def test_results_and_status_are_those_of_the_exact_model(benches, name):
    compare(benches, name, 100_000, int(np.random.default_rng().integers(1 << 32)))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_many_results_and_statuses_are_those_of_the_exact_model(benches, name):
    for _ in range(6):
        compare(benches, name, 250_000, int(np.random.default_rng().integers(1 << 32)))
