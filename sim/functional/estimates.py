"""fres and frsqrte: the estimates that the processor computes (MPC750 UM 2.3.4.2.1).

A table has a straight line for each of 32 intervals: where it begins, and how far it descends from
one step to the next. The manuals promise an error of at most 1/4096; the tables are those of the
hardware, and so is the status: FI without XX, FR never, results cut off instead of rounded.
"""

import numpy as np

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.softfloat import TOWARD_ZERO, pack, unpack

__all__ = ["reciprocal", "reciprocal_root"]

#: By interval: 14 bits of fraction; descent for each of 1024 steps, in 24 bits of fraction.
RECIPROCAL = np.array([
    (0x3FFC, 0x3E1), (0x3C1C, 0x3A7), (0x3875, 0x371), (0x3504, 0x340), (0x31C4, 0x313),
    (0x2EB1, 0x2EA), (0x2BC8, 0x2C4), (0x2904, 0x2A0), (0x2664, 0x27F), (0x23E5, 0x261),
    (0x2184, 0x245), (0x1F40, 0x22A), (0x1D16, 0x212), (0x1B04, 0x1FB), (0x190A, 0x1E5),
    (0x1725, 0x1D1), (0x1554, 0x1BE), (0x1396, 0x1AC), (0x11EB, 0x19B), (0x104F, 0x18B),
    (0x0EC4, 0x17C), (0x0D48, 0x16E), (0x0BD7, 0x15B), (0x0A7C, 0x15B), (0x0922, 0x143),
    (0x07DF, 0x143), (0x069C, 0x12D), (0x056F, 0x12D), (0x0442, 0x11A), (0x0328, 0x11A),
    (0x020E, 0x108), (0x0106, 0x106)], np.int64)
#: By interval, even exponents first: 26 bits of fraction; descent for each of 2048 steps.
RECIPROCAL_ROOT = np.array([
    (0x3FFA000, 0x7A4), (0x3C29000, 0x700), (0x38AA000, 0x670), (0x3572000, 0x5F2),
    (0x3279000, 0x584), (0x2FB7000, 0x524), (0x2D26000, 0x4CC), (0x2AC0000, 0x47E),
    (0x2881000, 0x43A), (0x2665000, 0x3FA), (0x2468000, 0x3C2), (0x2287000, 0x38E),
    (0x20C1000, 0x35E), (0x1F12000, 0x332), (0x1D79000, 0x30A), (0x1BF4000, 0x2E6),
    (0x1A7E800, 0x568), (0x17CB800, 0x4F3), (0x1552800, 0x48D), (0x130C000, 0x435),
    (0x10F2000, 0x3E7), (0x0EFF000, 0x3A2), (0x0D2E000, 0x365), (0x0B7C000, 0x32E),
    (0x09E5000, 0x2FC), (0x0867000, 0x2D0), (0x06FF000, 0x2A8), (0x05AB800, 0x283),
    (0x046A000, 0x261), (0x0339800, 0x243), (0x0218800, 0x226), (0x0105800, 0x20B)], np.int64)


@compiled
def reciprocal(bits, single, fpscr):
    """Estimate of 1 / x for a finite number that is not zero, and its status. `single` is true."""
    sign, exponent, significand, _ = unpack(bits)
    interval, step = significand >> 54 & 31, significand >> 44 & 0x3FF
    fraction = (RECIPROCAL[interval, 0] << 10) - RECIPROCAL[interval, 1] * step
    number = sign, -1 - exponent, (1 << 24 | fraction) << 35, isa.NONE
    result, status = pack(number, single, fpscr & ~3 | TOWARD_ZERO)
    return result, status & ~isa.FPSCR_XX


@compiled
def reciprocal_root(bits):
    """Estimate of 1 / sqrt(x) for a positive finite number."""
    _, exponent, significand, _ = unpack(bits)
    interval, step = significand >> 55 & 15, significand >> 44 & 0x7FF
    if exponent & 1:
        interval += 16
    fraction = RECIPROCAL_ROOT[interval, 0] - RECIPROCAL_ROOT[interval, 1] * step
    return 1022 - (exponent >> 1) << 52 | fraction << 26
