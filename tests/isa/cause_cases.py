"""Cases for pteg.hw.isa.causes: an instruction and the conditions that it meets."""

import itertools
import random
from dataclasses import dataclass, field

from pteg.hw.isa.causes import MEMORY, MOVES, Condition, Kind, kind_of
from pteg.hw.isa.instructions import Instruction
from pteg.hw.isa.registers import Dabr, Hid0, Iabr, Msr, Wimg
from pteg.lockstep.encoding import encode

W, I, M, G = (int(bit) for bit in (Wimg.W, Wimg.I, Wimg.M, Wimg.G))

#: The operand lies in the last page of segment 3, or in the one before it, and may reach into the
#: next page. Physical pages follow each other too, and both halves can be blocks of 128 KB.
ENDS = {"segment": (0x40000000, 0x220000), "page": (0x3FFFF000, 0x21F000)}
PAGES = (0x3FFFE000, 0x3FFFF000, 0x40000000)
PHYSICAL = {ea: 0x21E000 + 0x1000 * number for number, ea in enumerate(PAGES)}
VSID = {3: 0x123, 4: 0x456}
#: What the window contains before each case: bytes from 64 before the end of the page.
BEFORE, WINDOW = 64, bytes(range(0x20, 0x80))
#: Registers before each case.
GPR = (0xA0A1A2A3, 0xB0B1B2B3, 0xC0C1C2C3, 0xD0D1D2D3)     # r28 to r31
FPR = 0x400921FB40000000
CR, DSISR, DAR = 0x12345678, 0xDEAD0001, 0xDEAD0002
STRING_BYTES = 13
CODE = 0x800        # of an instruction fetch, in its page


@dataclass(frozen=True)
class Place:
    """How a page is mapped: by a block, a page, no entry, or a direct-store segment."""

    way: str = "page"
    key: int = 0
    pp: int = 2
    wimg: int = 0
    n: int = 0

    def protects(self, store):
        """PEM tables 7-5 and 7-10; a block has no key."""
        key = 1 if self.way == "block" else self.key
        reads, writes = {(0, 3): (1, 0), (1, 0): (0, 0), (1, 1): (1, 0), (1, 3): (1, 0)}.get(
            (key, self.pp), (1, 1))
        return not (writes if store else reads)

    def conditions(self, store):
        found = set()
        if self.n:
            found.add(Condition.NO_EXECUTE)
        if self.way == "direct":
            found.add(Condition.DIRECT_STORE)
        elif self.way == "none":
            found |= {Condition.NO_TRANSLATION, Condition.NOT_IN_TLB}
        else:
            block = self.way == "block"
            found |= set() if block else {Condition.NOT_IN_TLB}
            if self.protects(store):
                found.add(Condition.BLOCK_PROTECTED if block else Condition.PAGE_PROTECTED)
            if self.wimg & G:
                found.add(Condition.BLOCK_GUARDED if block else Condition.PAGE_GUARDED)
            found |= {condition for bit, condition in (
                (W, Condition.WRITE_THROUGH), (I, Condition.INHIBITED)) if self.wimg & bit}
            if block:
                found.discard(Condition.NO_EXECUTE)
        return found


@dataclass(frozen=True)
class Case:
    """An instruction (None: a fetch) and its surroundings."""

    row: Instruction | None = field(repr=False)
    first: Place | None         # None: translation is off
    second: Place | None = None
    end: str = "segment"        # of what the page of the operand is the end
    start: int = -32            # of the operand, from there
    user: bool = False
    floating: bool = True
    little: bool = False
    external: bool = True
    cache: str = "on"           # off, locked, hints off
    watch: str = "off"          # match; other: the other kind of access; mode: other MSR[DR]
    reserved: bool = True

    @property
    def kind(self):
        return kind_of(self.row) if self.row else Kind.FETCH

    @property
    def store(self):
        return bool(self.row) and self.row.store

    @property
    def ea(self):
        """Address of the operand, or of the instruction fetched."""
        end = ENDS[self.end][self.first is None]
        return end - 0x1000 + CODE if self.row is None else end + self.start

    @property
    def msr(self):
        relocate = Msr.DR if self.row else Msr.IR
        return int(Msr.ME | (relocate if self.first else 0) | (Msr.PR if self.user else 0)
                   | (Msr.FP if self.floating else 0) | (Msr.LE if self.little else 0))

    @property
    def word(self):
        """The instruction; a fetch fetches a branch, which the branch unit would execute early."""
        if self.row is None:
            return encode("b", LI=2)
        fields = {"rA": 10, "rB": 11, "rD": 28, "rS": 28, "frD": 1, "frS": 1, "NB": STRING_BYTES,
                  "d": 4}
        return encode(self.row.name, **{name: value for name, value in fields.items()
                                        if name in self.row.operands})

    @property
    def base(self):
        """r10 and r11."""
        index = 8
        if self.row is None or "rB" not in self.row.operands:
            return self.ea - (4 if self.row and "d" in self.row.operands else 0), index
        if "rA" not in self.row.operands:
            return 0, self.ea
        return self.ea - index, index

    @property
    def hid0(self):
        enable, lock = ((Hid0.DCE, Hid0.DLOCK) if self.row else (Hid0.ICE, Hid0.ILOCK))
        value = Hid0.ICE | Hid0.DCE
        return int({"on": value, "off": value & ~enable, "locked": value | lock,
                    "hints": value | Hid0.NOOPTI}[self.cache])

    @property
    def breakpoint(self):
        """DABR of a data access, IABR of a fetch."""
        if self.watch == "off":
            return 0
        relocates = (self.first is not None) != (self.watch == "mode")
        if self.row is None:
            return self.ea | Iabr.BE.mask | (Iabr.TE.mask if relocates else 0)
        stores = self.store != (self.watch == "other")
        return (self.ea & ~7 | (Dabr.BT.mask if relocates else 0)
                | (Dabr.DW.mask if stores else Dabr.DR.mask))

    def place(self, ea):
        return self.first if ea < ENDS[self.end][0] else self.second

    def parts(self):
        """Addresses and lengths of the parts of the access, and the register of each."""
        kind, size = self.kind, self.row.size
        if kind in (Kind.TLB, Kind.BARRIER):
            return []
        if kind in (Kind.TOUCH, Kind.BLOCK, Kind.INVALIDATE, Kind.ZERO):
            return [(self.ea, 1, 0)]
        total = {Kind.MULTIPLE: 16, Kind.STRING: STRING_BYTES}.get(kind, size)
        step = 4 if kind in (Kind.MULTIPLE, Kind.STRING) else size
        found = []
        for number, at in enumerate(range(0, total, step)):
            first, left = self.ea + at, min(step, total - at)
            while left:
                length = min(left, 8 - first % 8)
                found.append((first, length, number))
                first, left = first + length, left - length
        return found

    def conditions(self, ea):
        """What the part at `ea` meets; None: the instruction moves nothing."""
        found = {condition for holds, condition in (
            (self.user, Condition.USER), (not self.floating, Condition.FLOAT_OFF),
            (not self.external, Condition.EXTERNAL_OFF), (self.ea & 3, Condition.MISALIGNED),
            (self.little, Condition.LITTLE_ENDIAN), (self.cache == "off", Condition.CACHE_OFF),
            (self.cache == "locked", Condition.CACHE_LOCKED),
            (self.cache == "hints", Condition.HINTS_OFF),
            (not self.reserved, Condition.NOT_RESERVED)) if holds}
        if ea is None:
            return found
        if self.first:
            found |= self.place(ea).conditions(self.store)
        granule = 32 if self.kind is Kind.ZERO else 4 if self.row is None else 8
        if self.watch == "match" and ea // granule == (self.breakpoint & ~7 if self.row
                                                       else self.ea) // granule:
            found.add(Condition.WATCHED)
        return found


# -- Which cases there are -------------------------------------------------------------------------

#: A page, by everything that can be wrong with it.
PLACES = (None, Place("none"), Place("direct"),
          *(Place("block", pp=pp, wimg=wimg) for pp in (2, 1, 0) for wimg in (0, W, I, G, W | M)),
          *(Place("page", key, pp, wimg) for key, pp in ((0, 0), (0, 3), (1, 0), (1, 1), (1, 2))
            for wimg in (0, W, I, G, I | G)))
#: The second page, if it is reached: what is right, and each fault.
SECONDS = (Place(), Place("none"), Place("direct"), Place("page", 0, 3), Place("page", 1, 0),
           Place("page", wimg=W), Place("block"), Place("block", pp=0), Place("block", pp=1))


def axes(kind):
    """Everything that may matter to an instruction whose operand lies in one page: the values that
    the members of `Case` take. Byte order matters to multiples and strings only."""
    many = kind in (Kind.MULTIPLE, Kind.STRING)
    return {
        "row": tuple(row for row in MEMORY if kind_of(row) is kind),
        "first": PLACES, "user": (False, True),
        "floating": (True, False) if kind is Kind.FLOAT else (True,),
        "little": (False, True) if many else (False,),
        "external": (True, False) if kind is Kind.EXTERNAL else (True,),
        "cache": ("on", "off", "locked", "hints") if kind is Kind.TOUCH else ("on", "off",
                                                                             "locked"),
        "watch": ("off", "match", "other", "mode") if kind is not Kind.BARRIER else ("off",),
        "reserved": (True, False) if kind is Kind.RESERVATION else (True,),
        "start": (-32, -30, -23) if kind in MOVES else (-32, -23),
    }


def crossing_axes(kind):
    """The same for an operand that may reach into the next page, of the same segment or not."""
    firsts = (None, Place(), Place("none"), Place("direct"), Place("page", 0, 3), Place("block"),
              Place("page", wimg=I), Place("page", wimg=W), Place("block", pp=0))
    return axes(kind) | {"first": firsts, "second": SECONDS, "end": tuple(ENDS), "user": (False,),
                        "start": (-1, -2, -4, -6, -8), "cache": ("on", "off")}


def fetch_axes():
    """An instruction is fetched."""
    places = (None, Place("none"), Place("direct"), Place("none", n=1),
              *(Place("block", pp=pp, wimg=wimg, n=n) for pp in (2, 1, 0) for wimg in (0, G, I)
                for n in (0, 1)),
              *(Place("page", key, pp, wimg, n) for key, pp in ((0, 0), (1, 0), (1, 1), (0, 3))
                for wimg in (0, G, I) for n in (0, 1)))
    return {"row": (None,), "first": places, "user": (False, True),
            "cache": ("on", "off", "locked"), "watch": ("off", "match", "mode")}


def reaches(case):
    """Whether a case of `crossing_axes` can be built, and crosses into the second page."""
    length = {Kind.MULTIPLE: 16, Kind.STRING: STRING_BYTES}.get(case.kind, case.row.size)
    if case.kind not in MOVES or -case.start >= length:
        return False
    if case.first is None:
        return case.second is SECONDS[0]
    # The two pages before the end of a segment share the segment and the block.
    ways = {case.first.way, case.second.way}
    return case.end == "segment" or case.first.key == case.second.key and (
        len(ways) == 1 and case.first == case.second or not ways & {"block", "direct"})


def every(axes):
    """All combinations."""
    for values in itertools.product(*axes.values()):
        yield Case(**dict(zip(axes, values, strict=True)))


def pairs(axes, allowed=lambda case: True, seed=1):
    """Allowed combinations in which each pair of values occurs, if any has it."""
    choice = random.Random(seed)
    seen = set()
    for one, other in itertools.combinations(axes, 2):
        for values in itertools.product(range(len(axes[one])), range(len(axes[other]))):
            for _ in range(20):
                if (one, other, *values) in seen:
                    break
                chosen = {name: choice.randrange(len(axis)) for name, axis in axes.items()}
                chosen |= dict(zip((one, other), values, strict=True))
                case = Case(**{name: axes[name][number] for name, number in chosen.items()})
                if allowed(case):
                    seen |= {(a, b, chosen[a], chosen[b])
                             for a, b in itertools.combinations(axes, 2)}
                    yield case
