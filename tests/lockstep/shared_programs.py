"""Random programs for several processors: each repeats a body of its own on a few shared blocks."""

import random
from dataclasses import dataclass, field

from pteg.hw.isa.instructions import BY_NAME
from pteg.hw.isa.registers import Hid0, Msr, PteHigh, PteLow, Wimg
from pteg.lockstep.encoding import as_bytes, encode, from_spr, load_constant, to_spr

__all__ = ["SharedProgram", "shared_program", "start", "DATA", "HID0"]

#: Where the bodies begin and how far they are apart, the shared data, and each processor's own.
CODE, APART, DATA, OWN = 0x10000, 0x8000, 0x40000, 0x48000
#: Shared blocks lie so far apart that they use the same few sets of the cache.
BLOCK, STRIDE, SETS = 32, 0x1000, 3
BASES, FREE = range(20, 26), range(3, 16)
#: Caches, and broadcasts.
HID0 = Hid0.ICE | Hid0.DCE | Hid0.ABE

#: With translation: pages of one segment, whose frames are those of the shared blocks; the table,
#: and the lock of who changes it.
PAGES, VSID, TABLE, LOCK = 0x40000000, 0x155, 0xF0000, 0x3000
#: Kinds of groups with which the page table changes often under accesses that wait.
REMAPPING = {"remap": 40, "block": 40, "atomic": 40, "plain": 20, "patch": 0, "call": 0}
#: Routines of seven instructions, a block each, that all processors call and change.
ROUTINES, ROUTINE_COUNT, ROUTINE_WORDS = 0x38000, 4, 7


def _handler(counter, *words):
    """Executes some words, which may change r1, counts in a register, and returns."""
    return [to_spr("SPRG0", 1), *words, from_spr(counter, 1),
            encode("addi", rD=1, rA=1, SIMM=1), to_spr(counter, 1), from_spr("SPRG0", 1),
            encode("rfi")]


#: Page faults skip the instruction. External interrupts are over when the device says so; the
#: decrementer begins again with SPRG2.
_SKIP = _handler("SPRG3", from_spr("SRR0", 1), encode("addi", rD=1, rA=1, SIMM=4),
                 to_spr("SRR0", 1))
_EXTERNAL = _handler("SPRG1")
_DECREMENTER = _handler("SPRG1", from_spr("SPRG2", 1), to_spr("DEC", 1))

_PLAIN = [name for name in ("lwz", "lbz", "lhz", "lha", "stw", "stb", "sth", "lwbrx", "stwbrx",
                            "lhbrx", "sthbrx", "lwzx", "stwx", "lbzx", "stbx", "lhax", "sthx")]
_ALU = ["add", "subf", "xor", "and", "or", "mullw", "addc", "adde", "rlwinm", "cmp", "neg"]


@dataclass
class SharedProgram:
    """Bytes by address, and where each processor begins and ends."""

    memory: dict = field(default_factory=dict)
    first: list = field(default_factory=list)
    last: list = field(default_factory=list)
    translated: bool = False
    #: Ticks from one decrementer interrupt of each processor to the next; none: no interrupts.
    period: list = field(default_factory=list)


class _Body:
    """The groups of one processor's body."""

    def __init__(self, rng, number, blocks, translated):
        self.rng, self.number, self.blocks = rng, number, blocks
        self.translated = translated

    def pointer(self):
        """A base register, and what puts it on a shared block, or now and then on an own one."""
        base = self.rng.choice(BASES)
        if self.rng.random() < 0.6:
            return [], base
        place = (self.rng.choice(self.blocks) if self.rng.random() < 0.85
                 else OWN + APART * self.number + BLOCK * self.rng.randrange(64))
        if self.translated and self.rng.random() < 0.8:
            place += PAGES      # any frame may be there
            if self.rng.random() < 0.1:
                place = (place | 0xFFF) - self.rng.randrange(8)
        return load_constant(base, place), base

    def plain(self):
        head, base = self.pointer()
        name = self.rng.choice(_PLAIN)
        offset = self.rng.randrange(28) if self.rng.random() < 0.5 else 4 * self.rng.randrange(7)
        fields = {"rD": self.free(), "rS": self.free(), "rA": base, "rB": 26, "d": offset}
        used = {key: value for key, value in fields.items() if key in BY_NAME[name].operands}
        index = [encode("addi", rD=26, rA=0, SIMM=offset)] if "rB" in used else []
        return [*head, *index, encode(name, **used)]

    def several(self):
        head, base = self.pointer()
        name = self.rng.choice(("lmw", "stmw", "lswi", "stswi"))
        if name.endswith("mw"):
            register = {"rD": 27} if name == "lmw" else {"rS": 27}
            return [*head, encode(name, rA=base, d=4 * self.rng.randrange(4), **register)]
        register = {"rD": 6} if name == "lswi" else {"rS": 6}
        return [*head, encode(name, rA=base, NB=self.rng.randrange(1, 32), **register)]

    def atomic(self):
        """An increment, tried once, or until it succeeds; or a lonely half of it."""
        head, base = self.pointer()
        load, store = encode("lwarx", rD=9, rA=0, rB=base), encode("stwcx.", rS=9, rA=0, rB=base)
        between = [encode("addi", rD=9, rA=9, SIMM=1)]
        if self.rng.random() < 0.3:
            between += self.plain()
        loop = [load, *between, store]
        back = [encode("bc", BO=4, BI=2, BD=-len(loop))]
        # A loop over a page that is not there would not end.
        again = [] if self.translated else back
        return [*head, *self.rng.choice(([*loop, *again], loop, [load], [store]))]

    def block(self):
        head, base = self.pointer()
        name = self.rng.choice(("dcbz", "dcbst", "dcbf", "dcbt", "dcbtst"))
        return [*head, encode(name, rA=0, rB=base)]

    def locked(self, words):
        """They change r1 and r2, and hold the lock."""
        return [*load_constant(1, LOCK), encode("lwarx", rD=2, rA=0, rB=1),
                encode("cmpi", crfD=0, rA=2, SIMM=0), encode("bc", BO=4, BI=2, BD=-2),
                encode("stwcx.", rS=1, rA=0, rB=1), encode("bc", BO=4, BI=2, BD=-4),
                encode("isync"), *words, encode("sync"), *load_constant(1, LOCK),
                encode("addi", rD=2, rA=0, SIMM=0), encode("stw", rS=2, rA=1, d=0)]

    def call(self):
        return [encode("b", LI=self.rng.randrange(ROUTINE_COUNT) * 8 + (ROUTINES >> 2), AA=1, LK=1)]

    def patch(self):
        """Another instruction in a routine, as the PEM says (5.1.5.2)."""
        place = (ROUTINES + BLOCK * self.rng.randrange(ROUTINE_COUNT)
                 + 4 * self.rng.randrange(ROUTINE_WORDS))
        (word,) = self.alu()
        made = load_constant(2, word)
        if self.rng.random() < 0.7:     # another one in each round
            made = [*load_constant(2, encode("addi", rD=self.free(), rA=0, SIMM=0)),
                    from_spr("CTR", 9), encode("rlwimi", rS=9, rA=2, SH=0, MB=16, ME=31)]
        return self.locked([*load_constant(1, place), *made,
                            encode("stw", rS=2, rA=1, d=0), encode("dcbst", rA=0, rB=1),
                            encode("sync"), encode("icbi", rA=0, rB=1), encode("sync"),
                            encode("isync")])

    def remap(self):
        """Another frame, or none, for a page, as the PEM says (7.6.3)."""
        page = self.rng.choice(self.blocks) & ~0xFFF | PAGES
        table_entry, words = pte(page, self.rng.choice(self.blocks) & ~0xFFF)
        sync = encode("sync")
        change = [*load_constant(1, table_entry), *load_constant(2, words[0] & ~PteHigh.V.mask),
                  encode("stw", rS=2, rA=1, d=0), sync, *load_constant(2, page),
                  encode("tlbie", rB=2), encode("eieio"), encode("tlbsync"), sync,
                  *load_constant(2, words[1]), encode("stw", rS=2, rA=1, d=4), encode("eieio"),
                  *load_constant(2, words[0]), encode("stw", rS=2, rA=1, d=0)]
        return self.locked(change[:-4] if self.rng.random() < 0.3 else change)  # or no page

    def barrier(self):
        return [encode(self.rng.choice(("sync", "eieio", "isync")))]

    def branch(self):
        """Over an instruction, by what has been loaded."""
        skipped = self.rng.choice((self.alu, self.plain))()
        return [encode("cmpi", crfD=2, rA=self.free(), SIMM=self.rng.randrange(-2, 3)),
                encode("bc", BO=self.rng.choice((4, 12)), BI=self.rng.randrange(8, 11),
                       BD=len(skipped) + 1), *skipped]

    def alu(self):
        row = BY_NAME[self.rng.choice(_ALU)]
        fields = {name: self.free() for name in row.operands if name.startswith("r")}
        fields |= {name: self.rng.randrange(32) for name in ("SH", "MB", "ME")
                   if name in row.operands}
        return [encode(row.name, **fields)]

    def alus(self, count):
        return [word for _ in range(count) for word in self.alu()]

    def free(self):
        return self.rng.choice(FREE)

    def words(self, length, weights):
        weights = {"plain": 50, "several": 4, "atomic": 8, "block": 6, "barrier": 5, "branch": 8,
                   "alu": 20, "call": 5, "patch": 2, "remap": 6 if self.translated else 0} | weights
        return [word for group in self.rng.choices(list(weights), list(weights.values()), k=length)
                for word in getattr(self, group)()]


def pte(page, frame):
    """Where the PTE of a page is, and its words: coherent, with R and C clear."""
    place = TABLE + ((VSID ^ page >> 12 & 0xFFFF) & 0x3FF) * 64
    high = PteHigh.V.mask | PteHigh.VSID.put(VSID) | PteHigh.API.put(page >> 22 & 0x3F)
    return place, (high, frame | PteLow.WIMG.put(int(Wimg.M)) | 2)


def shared_program(seed, processors=2, length=60, rounds=20, translated=False, interrupts=False,
                   **weights):
    """Make a program: each processor repeats its body so many times, then it stays at its end. How
    often there are groups of a kind can be given by the kind's name, a method of `_Body`."""
    rng = random.Random(seed)
    program = SharedProgram(translated=translated)
    for vector, words in ((0x300, _SKIP), (0x500, _EXTERNAL), (0x600, _SKIP),
                          (0x900, _DECREMENTER)):
        program.memory[vector] = as_bytes(words)
    if interrupts:
        program.period = [rng.randrange(20, 200) for _ in range(processors)]
    for n in range(ROUTINE_COUNT):
        words = _Body(rng, 0, [], False).alus(ROUTINE_WORDS)
        program.memory[ROUTINES + BLOCK * n] = as_bytes([*words, encode("bclr", BO=20, BI=0)])
    blocks = [DATA + STRIDE * n + BLOCK * s for n in range(rng.choice((1, 3, 10)))
              for s in range(SETS)]
    for block in blocks:
        program.memory[block] = rng.randbytes(BLOCK)
        if translated:
            place, words = pte(PAGES | block & ~0xFFF, block & ~0xFFF)
            program.memory[place] = b"".join(word.to_bytes(4, "big") for word in words)
    for number in range(processors):
        body = _Body(rng, number, blocks, translated)
        words = []
        for register in (*FREE, *range(26, 31)):
            words += load_constant(register, rng.getrandbits(rng.choice((3, 32))))
        for base in BASES:
            words += load_constant(base, rng.choice(blocks))
        words += [*load_constant(1, rounds), to_spr("CTR", 1)]
        loop = body.words(length, weights)
        words += [*loop, encode("bc", BO=16, BI=0, BD=-len(loop)), encode("b", LI=0)]
        place = CODE + APART * number
        program.memory[place] = as_bytes(words)
        program.first.append(place)
        program.last.append(place + 4 * len(words) - 4)
    return program


def start(machine, program):
    """Reset a machine with memory of zeros, and put all its processors at the beginning, with
    caches and broadcasts."""
    machine.reset()
    machine.memory.write(0, bytes(machine.platform.ram.size))
    for address, data in program.memory.items():
        machine.memory.write(address, data)
    for number, cpu in enumerate(machine.cpus):
        machine.model.set_held(number, False)
        with cpu.changed() as state:
            state["pc"], state["msr"] = program.first[number], 0
            state["hid0"] = int(HID0)
            if program.translated:
                state["msr"] = int(Msr.IR | Msr.DR)
                state["sr"][0][PAGES >> 28], state["sdr1"] = VSID, TABLE
                # The first megabyte one to one.
                state["ibat0u"], state["ibat0l"] = 0x1E, 2
                state["dbat0u"], state["dbat0l"] = 0x1E, int(Wimg.M) << 3 | 2
            if program.period:
                state["msr"] |= int(Msr.EE)
                state["dec"] = state["sprg2"] = program.period[number]
