"""Random supervisor programs that set up and use the MMU in every way: guests for MOL.

The code lies at its physical address in a block that is always mapped, or in real mode. All the
rest is random: BATs, segments (VSIDs from a small set, so that segments share them), the hash table
and its entries, the mode. The program changes all of that and makes accesses and calls through it.
After every change of an entry it executes tlbie, as the architecture demands.

    0x00000 vectors, handlers   0x10000 code   0x20000 log   0x40000 data   0x80000 hash table
"""

import random

from pteg.lockstep.encoding import as_bytes, encode, from_spr, load_constant, to_spr
from pteg.lockstep.exception_log import STOP, exception_log
from pteg.mol.guest import Guest

CODE, DATA, DATA_PAGES, TABLE, SIZE = 0x10000, 0x40000, 64, 0x80000, 2 << 20
#: Where each page of data has a function, to which nothing is stored.
FUNCTION = 0x400
VSIDS = (0x1, 0x2, 0x3, 0x123456, 0xABCDEF)
#: Segments, and pages of each, that accesses go to. The code is in segment 0.
SEGMENTS, PAGES = (0, 1, 2, 7, 15), (0x40, 0x41, 0x42, 0x43, 0x80, 0x100, 0x8001, 0xFFFF)
#: A page that only shows the hash table.
TABLE_PAGE = 0x200
TO_SUPERVISOR = 0x5AFE


def entry_words(vsid, page, real, pp, secondary=False, r=0, c=0):
    """The two words of a PTE."""
    return (1 << 31 | vsid << 7 | secondary << 6 | page >> 10,
            real << 12 | r << 8 | c << 7 | 0x10 | pp)


def group(vsid, page, mask, secondary):
    hashed = (vsid & 0x7FFFF) ^ page
    return TABLE + (((~hashed if secondary else hashed) << 6) & (mask << 16 | 0xFFFF))


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.mask = self.random.choice((0, 0, 1))
        self.sdr1 = TABLE | self.mask
        self.memory = exception_log(False)
        self.words = []
        self.entries = {}               # address: (VSID, page), each of which has one entry at most
        self.relocated = 0x00           # MSR[IR] and MSR[DR]

    def pick(self, *choices):
        return self.random.choice(choices)

    def effective(self):
        if not self.relocated & 0x10:   # real mode: where there is memory
            return DATA + 4096 * self.random.randrange(DATA_PAGES) + self.offset()
        return self.place() | self.offset()

    def offset(self):
        return self.random.choice((0, 4, 8, 0x7F0, 0xFFC, 0xFFD,
                                   self.random.randrange(0x500, 0xFE0)))

    def segment(self):
        value = self.pick(*VSIDS) | self.random.getrandbits(2) << 29
        if self.random.random() < 0.1:
            value |= 1 << 28                        # N
        if self.random.random() < 0.05:
            value |= 1 << 31                        # T
        return value

    def bat(self):
        """Upper and lower word of a block of 128 or 256 KB of data."""
        if self.random.random() < 0.3:
            return 0, 0
        length = self.pick(0, 0, 1)
        upper = self.pick(*SEGMENTS[1:]) << 28 | self.pick(0x40, 0x80, 0x100) << 12
        upper &= ~(length << 17)
        return (upper & 0xFFFE0000 | length << 2 | self.random.randrange(4),
                DATA & 0xFFFE0000 | 0x10 | self.random.randrange(4))

    def place(self):
        segment = self.pick(*SEGMENTS)
        # The block that maps the code shows the hash table in segment 0.
        page = self.pick(*[page for page in PAGES if segment or page != TABLE >> 12])
        return segment << 28 | page << 12

    def put_entry(self):
        """A random PTE: address of its first word, both words."""
        while True:
            vsid, page = self.pick(*VSIDS), self.pick(*PAGES, TABLE_PAGE)
            secondary = self.random.random() < 0.2
            address = group(vsid, page, self.mask, secondary) + 8 * self.random.randrange(8)
            others = [at for at, known in self.entries.items() if known == (vsid, page)]
            if others in ([], [address]):
                break
        real, pp = (DATA >> 12) + self.random.randrange(DATA_PAGES), self.random.randrange(4)
        if page == TABLE_PAGE:
            real, pp = (TABLE >> 12) + self.random.randrange(16), 3
        upper, lower = entry_words(vsid, page, real, pp, secondary,
                                   self.random.getrandbits(1), self.random.getrandbits(1))
        old = self.entries.get(address, (vsid, page))
        self.entries[address] = (vsid, page)
        return address, upper, lower, old[1]

    # -- Groups of instructions; r20 to r31 are theirs -------------------------------------------

    def emit(self, *words):
        self.words += words

    def constant(self, register, value):
        self.emit(*load_constant(register, value & 0xFFFFFFFF))

    def group_access(self):
        name = self.pick("lwz", "lbz", "lhz", "lha", "stw", "stb", "sth", "lwzu", "stwu", "lmw",
                         "stmw", "lwzx", "stwx", "lhbrx", "stwbrx", "dcbz", "lwarx", "stwcx.",
                         "dcbst", "dcbf", "stw", "stw")
        ea = self.effective()
        if name in ("lmw", "stmw"):
            ea &= ~3
        if name == "lwz" and self.relocated & 0x10 and self.random.random() < 0.3:
            ea = self.pick(*SEGMENTS) << 28 | TABLE_PAGE << 12 | self.offset() & ~3
        self.constant(20, ea)
        destination = self.random.randrange(3, 19)
        fields = {"rA": 20, "rD": 30 if name == "lmw" else destination, "d": 0,
                  "rS": 30 if name == "stmw" else destination}
        if name in ("lwzx", "stwx", "lhbrx", "stwbrx", "dcbz", "lwarx", "stwcx.", "dcbst", "dcbf"):
            fields |= {"rA": 0, "rB": 20}
            del fields["d"]
            if name in ("lwarx", "stwcx."):
                self.emit(encode("rlwinm", rA=20, rS=20, SH=0, MB=0, ME=29))
        if name[0] == "d":
            del fields["rD"], fields["rS"]
        elif "l" == name[0]:
            del fields["rS"]
        else:
            del fields["rD"]
        self.emit(encode(name, **fields))

    def group_call(self):
        """Of a function in some page; an ISI returns behind the call too."""
        self.constant(20, FUNCTION + (DATA if not self.relocated & 0x20 else
                      self.place()))
        self.emit(to_spr("CTR", 20), encode("bcctr", BO=20, BI=0, LK=1))

    def group_segment(self):
        self.constant(20, self.segment())
        number = self.pick(*SEGMENTS[1:])
        if self.random.random() < 0.5:
            self.emit(encode("mtsr", SR=number, rS=20))
        else:
            self.constant(21, number << 28)
            self.emit(encode("mtsrin", rS=20, rB=21))
        self.emit(encode("isync"))

    def group_read(self):
        destination = self.random.randrange(3, 19)
        self.emit(self.pick(encode("mfmsr", rD=destination),
                            encode("mfsr", rD=destination, SR=self.random.randrange(16)),
                            from_spr(self.pick("SDR1", "DBAT1U", "IBAT2L", "SPRG3", "SRR1", "DAR"),
                                     destination)))

    def group_bat(self):
        """Not pair 3, which maps the code."""
        side, number = self.pick("IBAT", "DBAT"), self.random.randrange(3)
        upper, lower = self.bat()
        pairs = [(side, upper, lower)]
        if self.random.random() < 0.5:              # the same for both
            pairs = [("IBAT", upper, lower), ("DBAT", upper, lower)]
        for side, upper, lower in pairs:
            for half, value in (("U", 0), ("L", lower), ("U", upper)):
                self.constant(20, value)
                self.emit(to_spr(f"{side}{number}{half}", 20))
        self.emit(encode("isync"))

    def group_entry(self):
        """A new entry, as the architecture wants it: invalid, second word, first word."""
        address, upper, lower, old = self.put_entry()
        self.change(address, upper, lower, {old, self.entries[address][1]})

    def group_remove(self):
        if self.entries:
            address = self.pick(*self.entries)
            self.change(address, None, None, {self.entries.pop(address)[1]})

    def change(self, address, upper, lower, pages):
        """Through the block that maps the code, or through real mode."""
        self.emit(encode("addi", rD=21, rA=0, SIMM=0))
        self.constant(20, address)
        self.emit(encode("stw", rS=21, rA=20, d=0))
        self.emit(encode("sync"))
        if upper is not None:
            self.constant(21, lower)
            self.emit(encode("stw", rS=21, rA=20, d=4), encode("eieio"))
            self.constant(21, upper)
            self.emit(encode("stw", rS=21, rA=20, d=0), encode("sync"))
        for page in sorted(pages):
            self.constant(20, page << 12)
            self.emit(encode("tlbie", rB=20), encode("sync"))
        self.emit(encode("isync"))

    def group_mode(self):
        self.relocated = self.pick(0x00, 0x10, 0x20, 0x30, 0x30, 0x30)
        self.constant(20, 0x1002 | self.relocated)
        self.emit(encode("mtmsr", rS=20), encode("isync"))

    def group_user(self):
        """Some accesses in user state, and back by a system call."""
        self.constant(20, CODE + 4 * (len(self.words) + 7))
        self.relocated = self.pick(0x30, 0x30, 0x20, 0x10, 0x00)
        self.constant(21, 0x5002 | self.relocated)
        self.emit(to_spr("SRR0", 20), to_spr("SRR1", 21), encode("rfi"))
        for _ in range(self.random.randrange(1, 5)):
            self.pick(self.group_access, self.group_access, self.group_call)()
        self.emit(encode("addi", rD=0, rA=0, SIMM=TO_SUPERVISOR), encode("sc"))

    def group_tlbie(self):
        self.constant(20, self.effective())
        self.emit(encode("tlbie", rB=20), encode("tlbsync"))

    def build(self, length):
        for number, vsid in enumerate(range(16)):
            self.constant(20, self.segment() & 0x6FFFFFFF if number else 0x60000001)
            self.emit(encode("mtsr", SR=vsid, rS=20))
        # Block 3: all of the megabyte, for everybody, at its address.
        for side in ("IBAT", "DBAT"):
            for number in range(3):
                upper, lower = self.bat()
                self.constant(20, lower)
                self.emit(to_spr(f"{side}{number}L", 20))
                self.constant(20, upper)
                self.emit(to_spr(f"{side}{number}U", 20))
            self.constant(20, 0x12)
            self.emit(to_spr(f"{side}3L", 20))
            self.constant(20, 7 << 2 | 3)
            self.emit(to_spr(f"{side}3U", 20))
        self.constant(20, self.sdr1)
        self.emit(to_spr("SDR1", 20), encode("isync"))
        groups = {self.group_access: 8, self.group_call: 2, self.group_segment: 2,
                  self.group_read: 1, self.group_bat: 1, self.group_entry: 2, self.group_remove: 1,
                  self.group_mode: 2, self.group_user: 2, self.group_tlbie: 1}
        for _ in range(length):
            self.random.choices(list(groups), list(groups.values()))[0]()
        self.constant(20, 0x1002)
        self.emit(encode("mtmsr", rS=20), encode("isync"))
        self.constant(20, STOP)
        self.emit(to_spr("CTR", 20), encode("bcctr", BO=20, BI=0, LK=0))
        assert len(self.words) * 4 < 0x10000
        return as_bytes(self.words)


def supervisor_call():
    """Vector 0xC00: back to supervisor state if r0 says so."""
    return [encode("cmpi", crfD=0, L=0, rA=0, SIMM=TO_SUPERVISOR),
            encode("bc", BO=4, BI=2, BD=4),         # not equal: as it is
            from_spr("SRR1", 1), encode("rlwinm", rA=1, rS=1, SH=0, MB=18, ME=16),
            to_spr("SRR1", 1), encode("rfi")]


def mmu_guest(seed, length=120):
    """The guest of one seed."""
    made = Generator(seed)
    words = {}
    for _ in range(60):
        address, upper, lower, _ = made.put_entry()
        words[address], words[address + 4] = upper, lower
    for page in range(DATA_PAGES):
        at = DATA + 4096 * page + FUNCTION
        for number, word in enumerate((encode("addi", rD=19, rA=19, SIMM=page + 1),
                                       encode("bclr", BO=20, BI=0, LK=0))):
            words[at + 4 * number] = word
        words[at + FUNCTION] = 0x1000 * page + seed % 4096
    code = made.build(length)
    made.memory[0xC00] = as_bytes(supervisor_call())
    return Guest({**made.memory, CODE: code}, CODE, STOP, 0x1002, SIZE, words)
