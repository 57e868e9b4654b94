"""Random and cornered operands, and what each instruction must make of them and of FPSCR."""

import random

import numpy as np

from pteg.lockstep.encoding import encode

A, B, C = {"frA": 4}, {"frB": 5}, {"frC": 6}
AB, AC, ACB = A | B, A | C, A | C | B
#: FPSCR bits that stay when nothing else happens: enables, NI, RN.
CONTROL = 0xFF
VE, ZE = 0x80, 0x10
FX, VX, FEX = 1 << 31, 1 << 29, 1 << 30
SINGLES = ("fadds", "fsubs", "fmuls", "fdivs", "fmadds", "fmsubs", "fnmadds", "fnmsubs", "frsp")
CLASSES = {"add": ("fadd", "fsub", "fadds", "fsubs"), "multiply": ("fmul", "fmuls"),
           "fused": ("fmadd", "fmsub", "fnmadd", "fnmsub",
                     "fmadds", "fmsubs", "fnmadds", "fnmsubs"),
           "divide": ("fdiv", "fdivs"), "convert": ("fctiw", "fctiwz"), "single": ("frsp",)}

SPECIAL = [0, 1, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000,
           0x7FF0000000000001, 0x7FF8000000000000, 0x7FFC000012345678, 0x3FF0000000000000,
           0x3FF8000000000000, 0x3FEFFFFFFFFFFFFF, 0x4340000000000000, 0x36A0000000000000,
           0x380FFFFFC0000000, 0x3810000000000000, 0x47EFFFFFE0000000, 0x47EFFFFFF0000000,
           0x41DFFFFFFFC00000, 0x41DFFFFFFFE00000, 0x41E0000000000000, 0x41E0000000100000,
           0x3FE0000000000000, 0x4004000000000000]


def single_precision(bits):
    """The nearest single below, as a double."""
    exponent = bits >> 52 & 0x7FF
    if exponent >= 0x7FE or 0x47E < exponent < 0x7FF:
        return bits & 0xFFF0000000000000 if exponent == 0x7FF else bits & 0xC7EFFFFFE0000000
    kept = 29 if exponent > 896 else 29 + 897 - exponent
    return bits >> kept << kept if kept < 52 else bits & 1 << 63


def number(generator, centre, single):
    """A double: special, anywhere, or near 2**centre with few or many digits."""
    pick = generator.randrange(10)
    bits = generator.getrandbits(64)
    if pick == 0:
        bits = generator.choice(SPECIAL) | bits & 1 << 63
    elif pick > 1:
        exponent = min(max(centre + generator.randrange(-60, 61) // generator.choice((1, 8)), 0),
                       2046)
        fraction = bits & (1 << 52) - 1
        if pick > 6:  # long runs of zeros or ones: ties, carries, cancellation
            keep = generator.randrange(53)
            fraction = fraction >> keep << keep
            fraction ^= generator.choice((0, (1 << keep) - 1, 1 << keep >> 1))
        bits = bits & 1 << 63 | exponent << 52 | fraction & (1 << 52) - 1
    if single:
        bits = single_precision(bits)
    return bits


def operands(generator, name):
    single = name in SINGLES and name != "frsp"
    centre = generator.choice((1023, 1023, 1, 512, 1536, 2040, 897, 880, 1150, 960, 1053))
    other = generator.choice((centre, 1023, 2046 - centre if name[1] == "m" else centre))
    third = centre + other - 1023 if generator.random() < 0.8 else 1023
    return [number(generator, centre, single), number(generator, third, single),
            number(generator, other, single)]


def expected(exact, name, row, fpscr):
    """Result (None: not written) and FPSCR afterwards."""
    a, b, c = row
    mode, enables = fpscr & 3, fpscr & 0x60
    single = name in SINGLES
    if name in ("fctiw", "fctiwz"):
        result, flags = exact.to_integer(b, 1 if name == "fctiwz" else mode)
    elif name == "frsp":
        result, flags = exact.to_single(b, mode, enables)
    elif name.startswith("fdiv"):
        result, flags = exact.quotient(a, b, mode, single, enables)
    else:
        one = 0x3FF << 52
        if "sub" in name and not exact.is_nan(b):
            b ^= 1 << 63
        a, c, b = {"fa": (a, one, b), "fs": (a, one, b), "fm": (a, c, b), "fn": (a, c, b)}[name[:2]]
        result, flags = exact.multiply_add(a, c, None if "fmul" in name else b, mode, single,
                                           name.startswith("fnm"), enables)
    invalid = flags & 0x01F80700
    after = fpscr & CONTROL | flags | (VX if invalid else 0) | (FX if flags & ~0x60000 else 0)
    if (after >> 22) & after & 0xF8:
        after |= FEX
    if (invalid and fpscr & VE) or (flags & exact.ZX and fpscr & ZE):
        return None, after
    if not name.startswith("fcti"):
        after |= exact.fprf(result, single)
    return result, after


def check(bench, exact, name, count, seed):
    generator = random.Random(seed)
    rows = [operands(generator, name) for _ in range(count)]
    enables = (0, 0, 0, 0x80, 0x40, 0x20, 0x10, 0x08, 0xF8)
    modes = [generator.randrange(4) | generator.choice(enables) for _ in rows]
    fields = {"fadd": AB, "fsub": AB, "fdiv": AB, "fmul": AC}.get(name.rstrip("s"), ACB)
    if name in ("frsp", "fctiw", "fctiwz"):
        fields = B
    word = encode(name, frD=3, **fields)
    results, states = bench.run(word, np.array(rows, np.uint64), np.array(modes))
    for row, mode, result, state in zip(rows, modes, results, states, strict=True):
        wanted, after = expected(exact, name, row, mode)
        if wanted is None:
            wanted = bench.untouched
        elif name.startswith("fcti"):
            result &= 0xFFFFFFFF
            wanted &= 0xFFFFFFFF
        assert (result, state) == (wanted, after), (
            f"seed {seed}: {name} {[hex(x) for x in row]} FPSCR {mode:#x} gives {result:#x} "
            f"{state:#010x}, not {wanted:#x} {after:#010x}")
