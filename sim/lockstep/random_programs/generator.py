"""The choices that all parts of a random program are made of."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from pteg.hw.isa.instructions import BY_NAME, FIELDS
from pteg.lockstep.encoding import encode
from pteg.lockstep.exception_log import exception_log
from pteg.lockstep.random_programs.layout import DATA, DATA_BYTES, POINTERS, SAFE, Program

__all__ = ["Generator", "Placed"]


@dataclass(frozen=True)
class Placed:
    """Instructions that depend on their address.

    Parameters
    ----------
    size : int
        How many they are.
    words : callable
        Makes them: words(here, ahead), where ahead(n) is the address of the n-th group after this.
    """

    size: int
    words: Callable[[int, Callable[[int], int]], list[int]]


class Generator:
    """The state of the making of one program.

    A group of instructions is made by a function that takes the generator. It returns words, and
    `Placed` for what depends on its address.

    Attributes
    ----------
    windows : list of int
        Pages of data that may be translated, in some way or not at all.
    refusing : list of int
        Those that no access gets through.
    uncached : list of int
        Those whose physical page is never in a cache, or which cannot be accessed.
    traps : list of int
        Addresses from which nothing can be fetched.
    program_msr : int
        MSR in which the body begins.
    """

    def __init__(self, seed, options):
        self.random = random.Random(seed)
        self.options = options
        self.program = Program(seed, options, exception_log(options.floating))
        # Either jumps to nowhere, or changes of MSR[IR], under which nowhere would be memory.
        self.traces = options.trace and self.random.random() < 0.5
        self.jumps = options.translation and self.random.random() < 0.5
        self.reserved = random.Random(seed ^ 0x1BAD)
        self.windows, self.refusing, self.uncached, self.traps = [], [], [], []
        self.segments = []
        self.program_msr = 0

    def free(self):
        """A register that nothing depends on."""
        return self.random.choice((0, *range(3, 20), 28, 29, 30, 31))

    def any(self):
        return self.random.randrange(32)

    def pointer(self):
        return self.random.choice((*POINTERS, *SAFE))

    def aligned(self, registers=SAFE):
        """A pointer, and what makes it a multiple of 4: update forms may have moved it."""
        base = self.random.choice(registers)
        return [encode("rlwinm", rA=base, rS=base, SH=0, MB=0, ME=29)], base

    def value(self):
        pick = self.random.random()
        if pick < 0.3:
            return self.random.choice((0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x8000, 31, 32))
        return self.random.getrandbits(self.random.choice((5, 8, 16, 32)))

    def address(self, safe):
        """Somewhere in the data, by its own address or through a page."""
        offset = self.random.choice((0, 32, self.random.randrange(4096), 4090, 4094))
        if safe or not self.windows or self.random.random() < 0.2:
            return DATA + 0x8000 + self.random.randrange(0, DATA_BYTES - 0x10000, 4096) + offset
        return self.random.choice(self.windows) + offset

    def form(self, name, **fields):
        """An instruction word, in which reserved bits may be set."""
        word = encode(name, **fields)
        if self.options.invalid and self.reserved.random() < 0.3:
            word |= self.reserved.getrandbits(32) & BY_NAME[name].reserved
        return word

    def operands(self, row):
        """Random fields for an instruction that cannot fault; destinations are free registers."""
        fields = {}
        for name in row.operands:
            if name in ("rD", "rA", "rB", "rS"):
                fields[name] = self.free() if name in row.writes else self.any()
            else:
                fields[name] = self.random.getrandbits(FIELDS[name].width)
        if "L" in fields and not self.options.invalid:
            fields["L"] = 0
        if "OE" in fields and self.random.random() < 0.5:
            fields["OE"] = 0
        return fields
