"""Random programs that exercise the whole instruction set, for comparing models of the processor.

A program is a memory image: exception handlers that write what happened to a log and continue
after the instruction, a prologue that sets every relevant register, a page table, and a body of
random instructions that only branches forward, so that it always reaches `STOP`. Equal seeds and
options make equal programs. The body avoids results that the architecture leaves undefined. So a
physical page is either caching-inhibited or not; changed code is made visible with dcbst, sync,
icbi and isync; dcbi follows a dcbf; and the data cache is disabled after it has been flushed, with
interrupts off.

    0x00000  exception vectors, handlers (0x3000), STOP (0x3F00)     0x40000  body
    0x02000  log pointer, register tables    0x10000  prologue       0x100000 page table, 64 KB
    0x20000  log, 64 KB in entries of 32 bytes                       0x200000 data, 256 KB
"""

import random
from dataclasses import dataclass, field

from pteg.hw.isa.instructions import BY_NAME, FIELDS, INSTRUCTIONS, Unit
from pteg.hw.isa.registers import SPR_BY_NAME, SPRS, Dabr, Hid0, Iabr, Msr, Wimg
from pteg.lockstep.encoding import as_bytes, encode, from_spr, load_constant, to_spr
from pteg.lockstep.exception_log import LOG, LOG_BYTES, LOG_POINTER, STOP, exception_log
from pteg.lockstep.invalid_forms import INVALID_FORMS

__all__ = ["Options", "Program", "random_program", "STOP", "LOG", "LOG_BYTES", "TABLE",
           "TABLE_BYTES", "DATA", "DATA_BYTES"]

BODY, PROLOGUE, REGISTERS, FLOATS = 0x40000, 0x10000, 0x2100, 0x2200
TABLE, TABLE_BYTES = 0x100000, 0x10000
DATA, DATA_BYTES = 0x200000, 0x40000
#: Registers: pointers to any page, pointers to memory that may always be written, small offsets.
POINTERS, SAFE, OFFSETS = range(20, 24), range(24, 26), range(26, 28)


@dataclass(frozen=True)
class Options:
    """What a program may contain.

    Attributes
    ----------
    length : int
        Groups of instructions in the body.
    user, translation : bool
        MSR[PR]; MSR[IR] and MSR[DR], in which the body begins.
    trace : bool
        MSR[SE] or MSR[BE] may be set.
    time : bool
        Time base and decrementer are read.
    strict : bool
        Leave out what emulators are known to do differently: misaligned multiples, faults in the
        middle of multiples and strings, reserved bits, registers with odd read-back.
    floating : bool
        Floating-point instructions, loads and stores; FPSCR and MSR[FP], FE0 and FE1 change.
    breakpoints : bool
        IABR and DABR are set: to instructions that follow, and to where pointers point. QEMU's
        750 does not stop there.
    invalid : bool
        Instructions have reserved bits that are set, and there are forms that the manuals call
        invalid (docs/instructions.md).
    """

    length: int = 200
    user: bool = False
    translation: bool = True
    trace: bool = True
    time: bool = False
    strict: bool = False
    floating: bool = False
    breakpoints: bool = False
    invalid: bool = False


@dataclass
class Program:
    """A memory image and where to begin; it ends at `STOP`."""

    seed: int
    options: Options
    memory: dict = field(default_factory=dict)  # address: bytes
    pc: int = PROLOGUE
    msr: int = 0
    pages: list = field(default_factory=list)   # addresses of the PTEs


class _Generator:
    """Makes one program; each `_group_*` method returns the words of a group."""

    def __init__(self, seed, options):
        self.random = random.Random(seed)
        self.options = options
        self.program = Program(seed, options, exception_log(options.floating))
        self.words = []
        # Either jumps to nowhere, or changes of MSR[IR], under which nowhere would be memory.
        self.traces = options.trace and self.random.random() < 0.5
        self.jumps = options.translation and self.random.random() < 0.5
        self.reserved = random.Random(seed ^ 0x1BAD)

    # -- Choices --------------------------------------------------------------------------------

    def free(self):
        """A register that nothing depends on."""
        return self.random.choice((0, *range(3, 20), 28, 29, 30, 31))

    def any(self):
        return self.random.randrange(32)

    def pointer(self):
        return self.random.choice((*POINTERS, *SAFE))

    def aligned(self):
        """A safe pointer, and what makes it a multiple of 4: update forms may have moved it."""
        base = self.random.choice(SAFE)
        return [encode("rlwinm", rA=base, rS=base, SH=0, MB=0, ME=29)], base

    def value(self):
        pick = self.random.random()
        if pick < 0.3:
            return self.random.choice((0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x8000, 31, 32))
        return self.random.getrandbits(self.random.choice((5, 8, 16, 32)))

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

    # -- Groups ---------------------------------------------------------------------------------

    _PLAIN = [row for row in INSTRUCTIONS
              if row.unit in (Unit.IU, Unit.IU1) and row.name not in ("divw", "divwu", "tw", "twi")
              or row.name in ("mcrf", "mcrxr", "mfcr", "mtcrf", "crand", "crandc", "creqv",
                              "crnand", "crnor", "cror", "crorc", "crxor")]

    def group_plain(self):
        row = self.random.choice(self._PLAIN)
        return [self.form(row.name, **self.operands(row))]

    def group_divide(self):
        """The divisor is made positive: other cases have undefined results."""
        b = self.free()
        row = BY_NAME[self.random.choice(("divw", "divwu"))]
        return [encode("rlwinm", rA=b, rS=b, SH=0, MB=self.random.randrange(1, 31), ME=31),
                encode("ori", rA=b, rS=b, UIMM=1),
                self.form(row.name, **self.operands(row) | {"rB": b})]

    def group_trap(self):
        name = self.random.choice(("tw", "twi"))
        return [self.form(name, **self.operands(BY_NAME[name]))]

    _ACCESSES = [row for row in INSTRUCTIONS
                 if row.unit is Unit.LSU and row.size and row.name[:2] in ("lw", "lb", "lh", "st")
                 and row.name not in ("lwarx", "stwcx.", "stmw", "stswi", "stswx")
                 and not any(name.startswith("fr") for name in row.syntax)]

    def group_access(self):
        """A load or store; update forms let the pointer wander a little."""
        row = self.random.choice(self._ACCESSES)
        base = self.random.choice((*POINTERS, *SAFE))
        fields = {"rA": base, "rD": self.free(), "rS": self.any(), "rB": 26 + self.any() % 2,
                  "d": self.random.randrange(-64, 64) if row.update
                  else self.random.choice((0, 4, self.random.randrange(-4096, 4096)))}
        head = []
        if self.options.strict and row.store and base in POINTERS:
            # Emulators write nothing if the second page of a store faults: do not cross.
            if "rB" in row.operands:
                fields["rA"] = self.random.choice(SAFE)
            else:
                head = [encode("rlwinm", rA=2, rS=base, SH=0, MB=0, ME=29)]
                fields |= {"rA": 2, "d": fields["d"] & ~3}
        fields = {name: value for name, value in fields.items() if name in row.operands}
        return [*head, self.form(row.name, **fields)]

    def group_multiple(self):
        base = self.random.choice(SAFE if self.options.strict else (*POINTERS, *SAFE))
        name = self.random.choice(("lmw", "stmw", "lswi", "stswi", "lswx", "stswx"))
        offset = self.random.randrange(0, 256)
        if name in ("lmw", "stmw"):
            if self.options.strict or self.random.random() < 0.8:
                offset &= ~3
            # The pointer may have been moved by update forms: align it.
            head = [encode("rlwinm", rA=base, rS=base, SH=0, MB=0, ME=29)]
            register = {"rD": self.random.randrange(28, 32)} if name == "lmw" else {
                "rS": self.any()}
            return head + [self.form(name, rA=base, d=offset, **register)]
        first = self.random.randrange(3, 12)
        register = {"rD": first} if name[0] == "l" else {"rS": self.any()}
        if name.endswith("i"):
            return [self.form(name, rA=base, NB=self.random.randrange(1, 32), **register)]
        # lswx and stswx take their count from XER.
        b = 27
        count = self.random.randrange(0 if name[0] == "s" else 1, 32)
        return [encode("addi", rD=2, rA=0, SIMM=count),
                to_spr("XER", 2), self.form(name, rA=base, rB=b, **register)]

    def group_reservation(self):
        if self.options.strict and self.traces:
            return self.group_plain()  # an exception clears the reservation in emulators
        head, base = self.aligned()
        load = self.form("lwarx", rD=self.free(), rA=0, rB=base)
        store = self.form("stwcx.", rS=self.any(), rA=0, rB=base)
        return head + self.random.choice(([load, store], [load], [load, store, store]))

    def group_cache(self):
        names = ["dcbst", "dcbf", "dcbt", "dcbtst", "dcbz", "icbi", "sync", "eieio", "isync"]
        name = self.random.choice(names)
        if name == "isync" and self.options.strict:  # emulators trace it
            name = "sync"
        if "rA" not in BY_NAME[name].operands:
            return [self.form(name)]
        base = self.random.choice((*POINTERS, *SAFE))
        if name in ("dcbz", "icbi") and self.options.strict:  # DAR is that of the block there
            return [encode("rlwinm", rA=2, rS=base, SH=0, MB=0, ME=26),
                    self.form(name, rA=0, rB=2)]
        if name == "dcbf" and not self.options.user and self.random.random() < 0.3:
            base = self.random.choice(SAFE)
            return [self.form("dcbf", rA=base, rB=26), self.form("dcbi", rA=base, rB=26)]
        return [self.form(name, rA=base, rB=26)]

    def group_modify(self):
        """Change an instruction just before it is executed."""
        if self.options.strict and self.traces:  # emulators trace isync
            return self.group_plain()
        return [("modify", self.group_plain()[0], self.group_plain()[0], self.free())]

    def modify(self, here, old, new, register):
        """The words of such a group, which begins at `here`."""
        place = here + 4 * (_MODIFY_WORDS - 1)
        return [*load_constant(2, place), *load_constant(register, new),
                encode("stw", rS=register, rA=2, d=0),
                encode("dcbst", rA=0, rB=2), encode("sync"), encode("icbi", rA=0, rB=2),
                encode("isync"), old]

    def hid0(self):
        """HID0 with a random choice of what may be on or off at any time, which DCE may not."""
        # Code may have changed while the instruction cache was off.
        value = Hid0.ICFI
        for bit in (Hid0.ICE, Hid0.ILOCK, Hid0.DLOCK, Hid0.ABE, Hid0.NOOPTI):
            if self.random.random() < (0.7 if bit is Hid0.ICE else 0.3):
                value |= bit
        return int(value)

    def group_caches(self):
        """Enable and lock caches; the data cache can also be flushed and enabled or disabled."""
        if self.options.user or self.options.strict:
            return self.group_plain()
        dce = int(Hid0.DCE)
        keep = [from_spr("HID0", 2), encode("rlwinm", rA=2, rS=2, SH=0, MB=17, ME=17)]
        if self.traces or self.random.random() < 0.95:
            return keep + [encode("ori", rA=2, rS=2, UIMM=self.hid0()), to_spr("HID0", 2)]
        code = [self.form("mfmsr", rD=2), encode("rlwinm", rA=1, rS=2, SH=0, MB=17, ME=15),
                self.form("mtmsr", rS=1), to_spr("SPRG2", 2)]
        if self.options.breakpoints:    # they are exceptions too
            code = [encode("addi", rD=2, rA=0, SIMM=0), to_spr("IABR", 2), *code]
        for first, size in ((LOG_POINTER, 32), (LOG, LOG_BYTES), (TABLE, TABLE_BYTES),
                            (DATA, DATA_BYTES), (BODY, 0x10000)):
            code += load_constant(2, size // 32) + [
                to_spr("CTR", 2), *load_constant(2, first), self.form("dcbf", rA=0, rB=2),
                encode("addi", rD=2, rA=2, SIMM=32), encode("bc", BO=16, BI=0, BD=-2)]
        # What was modified while it was disabled is not what it holds.
        return code + [encode("sync"), *keep, encode("xori", rA=2, rS=2, UIMM=dce),
                       encode("ori", rA=2, rS=2, UIMM=self.hid0() | int(Hid0.DCFI)),
                       to_spr("HID0", 2), from_spr("SPRG2", 2), self.form("mtmsr", rS=2),
                       encode("isync")]

    def group_spr(self):
        """Any SPR: those that must keep their values are only read."""
        spr = self.random.choice(SPRS)
        if self.options.strict and spr.name not in _PLAIN_SPRS:
            spr = SPR_BY_NAME[self.random.choice(_PLAIN_SPRS)]
        if spr.name in ("TBL", "TBU", "DEC") and not self.options.time:
            spr = SPR_BY_NAME["SPRG3"]
        writes = self.random.random() < 0.5 and (spr.name in _WRITABLE_SPRS or self.options.user)
        if writes and not (self.options.strict and spr.name in ("XER", "SRR0")):
            return [self.form("mtspr", spr=spr.number, rS=self.any())]
        return [self.form("mfspr", spr=spr.number, rD=self.free())]

    def group_supervisor(self):
        """Segment registers that nothing uses, TLB management, the MSR."""
        pick = self.random.randrange(7)
        if pick == 0:
            return [self.form("mfsr", rD=self.free(), SR=self.random.randrange(16))]
        if pick == 1:
            return [self.form("mfsrin", rD=self.free(), rB=self.any())]
        if pick == 2:  # T = 0 and no reserved bits
            value = self.random.getrandbits(32) & 0x70FFFFFF
            return [*load_constant(2, value),
                    self.form("mtsr", SR=self.random.randrange(12, 16), rS=2)]
        if pick == 3:
            return [self.form("tlbie", rB=self.any()), self.form("tlbsync")]
        if pick == 4:
            return [self.form("mfmsr", rD=self.free())]
        if pick == 5 and not self.options.user:
            # An exception that has waited for the new MSR skips what follows.
            nop = encode("ori", rA=0, rS=0, UIMM=0)
            return [*load_constant(2, self.mode()), self.form("mtmsr", rS=2), nop]
        return [encode("rfi")] if self.options.user else [self.form("eieio")]

    def mode(self):
        """An MSR with which the body can continue: everything it touches is mapped one to one."""
        msr = self.program_msr & ~Msr.PR & ~Msr.SE & ~Msr.BE
        for bit in (Msr.FE0, Msr.FE1, Msr.RI, Msr.PM):
            if self.random.random() < 0.5:
                msr ^= bit
        if not self.jumps and self.random.random() < 0.3:
            msr ^= Msr.IR
        if self.options.floating and self.random.random() < 0.3:
            msr ^= Msr.FP
        if self.traces and self.random.random() < 0.2:
            msr |= self.random.choice((Msr.SE, Msr.BE))
        return int(msr)

    def group_exception(self):
        """sc, an illegal word, a floating-point instruction, a jump to nowhere."""
        pick = self.random.randrange(4)
        if pick == 0:
            return [self.form("sc")]
        if pick == 1:
            return [self.random.choice((0, 0x04000000, 0x7C0005EC, 0x7C0002E4, 0xFC00003A | 0x2C))
                    if not self.options.strict else 0]
        if pick == 2 or not self.jumps:
            rows = [row for row in INSTRUCTIONS if row.unit is Unit.FPU]
            row = self.random.choice(rows)
            return [self.form(row.name, **self.operands(row))]
        # An ISI: its handler returns to LR, behind the branch.
        return load_constant(2, 0x70000000 | self.random.getrandbits(20) << 2) + [
            to_spr("CTR", 2), encode("bcctr", BO=20, BI=0, LK=1)]

    _FLOATING = [row for row in INSTRUCTIONS if row.unit is Unit.FPU]
    _FLOAT_ACCESSES = [row for row in INSTRUCTIONS
                       if row.unit is Unit.LSU and row.syntax[:1] in (("frD",), ("frS",))]

    def group_floating(self):
        """A few in a row, so that they depend on each other; mostly with a few registers."""
        words = []
        for _ in range(self.random.randrange(1, 6)):
            row = self.random.choice(self._FLOATING)
            fields = self.operands(row)
            if self.random.random() < 0.7:
                fields |= {name: value & 7 for name, value in fields.items()
                           if name in ("frD", "frA", "frB", "frC")}
            words.append(self.form(row.name, **fields))
        return words

    def group_float_access(self):
        row = self.random.choice(self._FLOAT_ACCESSES)
        base = self.random.choice((*POINTERS, *SAFE))
        register = self.random.randrange(self.random.choice((8, 32)))
        fields = {"rA": base, "frD": register, "frS": register, "rB": 26 + self.any() % 2,
                  "d": self.random.choice((0, 4, 8, -64, self.random.randrange(-4096, 4096)))}
        if row.update:
            fields["d"] &= ~3
        head = []
        if self.random.random() < 0.8:
            head = [encode("rlwinm", rA=base, rS=base, SH=0, MB=0, ME=29)]
        fields = {name: value for name, value in fields.items() if name in row.operands}
        return [*head, self.form(row.name, **fields)]

    def group_branch(self):
        """A conditional branch some groups ahead, in any way."""
        ahead = self.random.randrange(1, 5)
        fields = {"BO": self.random.randrange(32), "BI": self.any(),
                  "LK": self.random.randrange(2)}
        kind = self.random.choice(("b", "bc", "bc", "bc", "bclr", "bcctr"))
        if kind == "b":
            fields = {"LK": fields["LK"]}
        if kind == "bcctr" and not self.options.invalid:
            fields["BO"] |= 4
        return [("branch", kind, fields, ahead)]

    def group_loop(self):
        count = self.random.randrange(1, 6)
        body = self.group_plain()
        return [encode("addi", rD=2, rA=0, SIMM=count), to_spr("CTR", 2), *body,
                encode("bc", BO=16, BI=0, BD=-len(body))]

    def group_pointer(self):
        """Send a pointer or an offset somewhere else."""
        if self.random.random() < 0.3:
            return load_constant(self.random.choice(OFFSETS), self.random.choice(
                (0, 1, 2, 4, 8, 28, 31, 32, 4092, 0xFFFFFFFF, 0xFFFFFFF8)))
        register = self.random.choice((*POINTERS, *SAFE))
        return load_constant(register, self.address(register in SAFE))

    def group_breakpoint(self):
        """The double word at a pointer, or an instruction a little further on."""
        if self.random.random() < 0.6:
            bits = self.random.choice((Dabr.DW.mask, Dabr.DR.mask, Dabr.DW.mask | Dabr.DR.mask))
            if (self.program_msr & Msr.DR != 0) != (self.random.random() < 0.1):
                bits |= Dabr.BT.mask
            return [encode("addi", rD=2, rA=self.random.choice((*POINTERS, *SAFE)),
                           SIMM=self.random.choice((0, 0, 4, 8, -8, 32))),
                    encode("rlwinm", rA=2, rS=2, SH=0, MB=0, ME=28),
                    encode("ori", rA=2, rS=2, UIMM=bits), to_spr("DABR", 2)]
        return [("breakpoint", self.random.randrange(24), self.iabr_bits())]

    def iabr_bits(self):
        """Enabled, mostly in the mode that the body is in."""
        matches = (self.program_msr & Msr.IR != 0) != (self.random.random() < 0.1)
        return Iabr.BE.mask | (Iabr.TE.mask if matches else 0)

    def group_invalid(self):
        return self.random.choice(INVALID_FORMS)(self)

    def group_time(self):
        if not self.options.time:
            return self.group_plain()
        return [self.form("mftb", rD=self.free(), tbr=268 + self.random.randrange(2))]

    # -- The machine around the body ---------------------------------------------------------------

    def address(self, safe):
        """Somewhere in the data, by its own address or through a page."""
        offset = self.random.choice((0, 32, self.random.randrange(4096), 4090, 4094))
        if safe or not self.windows or self.random.random() < 0.2:
            return DATA + 0x8000 + self.random.randrange(0, DATA_BYTES - 0x10000, 4096) + offset
        return self.random.choice(self.windows) + offset

    def page_table(self):
        """Segments 1 to 5 with some pages each; the PTEs are in random slots."""
        table = bytearray(TABLE_BYTES)
        self.segments = [self.random.getrandbits(24) | self.random.randrange(4) << 29
                         for _ in range(16)]
        self.segments[0] &= 0x6FFFFFFF
        self.windows = []
        if not self.options.translation:
            return table
        for _ in range(40):
            ea = self.random.randrange(1, 6) << 28 | self.random.getrandbits(3) << 12
            if self.random.random() < 0.3:
                ea |= self.random.getrandbits(16) << 12
            if ea in self.windows:
                continue
            self.windows.append(ea)
            if self.random.random() < 0.25:
                continue  # a page fault
            vsid = self.segments[ea >> 28] & 0xFFFFFF
            hashed = (vsid ^ ea >> 12 & 0xFFFF) & 0x7FFFF
            secondary = self.random.random() < 0.3
            if secondary:
                hashed ^= 0x7FFFF
            place = (hashed & 0x3FF) << 6 | self.random.randrange(8) << 3
            if table[place] & 0x80:
                continue
            high = 1 << 31 | vsid << 7 | secondary << 6 | ea >> 22 & 63
            # No guarded pages for code, and nothing on which dcbz would be an alignment exception.
            wimg = 0 if self.options.strict else self.random.choice((0, 0, 0, 2, 4, 8, 1, 5, 3))
            page = (self.random.randrange(60, 64) if wimg & Wimg.I
                    else self.random.randrange(8, 56))
            low = (DATA + page * 4096 | self.random.getrandbits(2) << 7
                   | wimg << 3 | self.random.choice((0, 1, 2, 2, 2, 3)))
            table[place:place + 8] = high.to_bytes(4, "big") + low.to_bytes(4, "big")
            self.program.pages.append(TABLE + place)
        return table

    def prologue(self):
        """Registers from constants, then rfi into the body."""
        options = self.options
        code = []
        # Blocks: low memory one to one for both sides; a read-only view of the data.
        blocks = {"IBAT0U": 0x0000007F, "IBAT0L": 0x00000002,
                  "DBAT0U": 0x0000007F, "DBAT0L": 0x00000002,
                  "DBAT1U": 0x80000003 | 0 << 2, "DBAT1L": DATA | 1,
                  "DBAT2U": 0x90000002, "DBAT2L": DATA | 2, "DBAT3U": 0xA0000001,
                  "DBAT3L": DATA | 2}
        for name in (f"{side}BAT{n}{half}" for side in "ID" for n in range(4) for half in "UL"):
            code += load_constant(1, blocks.get(name, 0)) + [to_spr(name, 1)]
        for number, segment in enumerate(self.segments):
            code += load_constant(1, segment) + [encode("mtsr", SR=number, rS=1)]
        hid0 = int(Hid0.DCE) if options.strict or self.random.random() < 0.8 else 0
        if not options.strict:
            hid0 |= self.hid0() | int(Hid0.DCFI)
        for name, value in (("SDR1", TABLE), ("HID0", hid0), ("CTR", self.value()),
                            ("LR", BODY), ("XER", self.value() & 0xE000001F),
                            ("SPRG0", 0), ("SPRG1", 0), ("SPRG2", 0), ("SPRG3", 0),
                            ("DSISR", 0), ("DAR", 0), ("SRR0", BODY), ("SRR1", self.program_msr)):
            code += load_constant(1, value) + [to_spr(name, 1)]
        if options.floating:
            code += [encode("lfd", frD=number, rA=0, d=FLOATS + 8 * number) for number in range(32)]
        if options.breakpoints:
            place = BODY + 4 * self.random.randrange(8 * options.length // 5)
            code += load_constant(1, place | self.iabr_bits()) + [to_spr("IABR", 1)]
            code += load_constant(1, self.address(False) & ~7 | Dabr.DW.mask | Dabr.DR.mask
                          | (Dabr.BT.mask if options.translation else 0)) + [to_spr("DABR", 1)]
        code += load_constant(0, self.value())
        code += [encode("mtcrf", CRM=255, rS=0), encode("lmw", rD=1, rA=0, d=REGISTERS),
                 encode("rfi")]
        return code

    def build(self):
        options, program = self.options, self.program
        msr = Msr.ME | Msr.RI
        if options.translation:
            msr |= Msr.IR | Msr.DR
            self.extra = (0x80000000, 0x90000000, 0xA0000000)
        if options.user:
            msr |= Msr.PR
        if self.traces and self.random.random() < 0.2:
            msr |= self.random.choice((Msr.SE, Msr.BE))
        if options.floating:
            program.msr |= Msr.FP
            msr |= self.random.choice((0, Msr.FP, Msr.FP))
            numbers = (self.random.choice(_FLOATS) | self.random.getrandbits(1) << 63
                       if self.random.random() < 0.5 else self.random.getrandbits(64)
                       for _ in range(32))
            program.memory[FLOATS] = b"".join(number.to_bytes(8, "big") for number in numbers)
        self.program_msr = int(msr)
        program.memory[TABLE] = bytes(self.page_table())
        if options.translation:
            self.windows += self.extra
        program.memory[PROLOGUE] = as_bytes(self.prologue())
        registers = [self.value() for _ in range(31)]
        for number in (*POINTERS, *SAFE):
            registers[number - 1] = self.address(number in SAFE)
        for number in OFFSETS:
            registers[number - 1] = self.random.choice((0, 4, 8, 12))
        program.memory[REGISTERS] = as_bytes(registers)
        program.memory[DATA] = self.random.randbytes(DATA_BYTES)
        program.memory[LOG] = bytes(LOG_BYTES)
        self.body()
        program.memory[BODY] = as_bytes(self.words)
        return program

    _GROUPS = {"plain": 30, "access": 25, "branch": 8, "pointer": 5, "divide": 2, "trap": 1,
               "multiple": 4, "reservation": 2, "cache": 3, "spr": 4, "supervisor": 5,
               "exception": 2, "loop": 2, "time": 1, "modify": 1, "caches": 1}
    _WITH_FLOATING = {"floating": 30, "float_access": 15}

    def body(self):
        weighted = self._GROUPS | (self._WITH_FLOATING if self.options.floating else {})
        if self.options.breakpoints and not self.options.user:
            weighted |= {"breakpoint": 8}
        if self.options.invalid:
            weighted |= {"invalid": 8}
        names, weights = list(weighted), list(weighted.values())
        groups = [getattr(self, f"group_{name}")()
                  for name in self.random.choices(names, weights, k=self.options.length)]
        # bclr and bcctr need their target in a register: four words instead of one. So does IABR.
        sizes = [sum(1 if isinstance(w, int) or w[1] in ("b", "bc") else
                     _MODIFY_WORDS if w[0] == "modify" else 4 for w in group)
                 for group in groups]
        starts = [BODY]
        for size in sizes:
            starts.append(starts[-1] + 4 * size)
        for index, group in enumerate(groups):
            for word in group:
                if isinstance(word, int):
                    self.words.append(word)
                    continue
                if word[0] == "modify":
                    self.words += self.modify(BODY + 4 * len(self.words), *word[1:])
                    continue
                if word[0] == "breakpoint":
                    here = BODY + 4 * len(self.words)
                    self.words += [*load_constant(2, here + 16 + 4 * word[1] | word[2]),
                                   to_spr("IABR", 2), encode("isync")]
                    continue
                _, kind, fields, ahead = word
                target = starts[min(index + ahead, len(groups))]
                here = BODY + 4 * len(self.words)
                if kind == "b":
                    self.words.append(encode("b", LI=(target - here) >> 2, **fields))
                elif kind == "bc":
                    self.words.append(encode("bc", BD=(target - here) >> 2, **fields))
                else:
                    self.words += load_constant(2, target) + [
                        to_spr("LR" if kind == "bclr" else "CTR", 2), self.form(kind, **fields)]
        self.words.append(encode("b", LI=STOP >> 2, AA=1))


#: Doubles that many rules are about: zero, the smallest, the largest, infinity, NaNs, one, ...
_FLOATS = (0, 1, 0x000FFFFFFFFFFFFF, 0x0010000000000000, 0x7FEFFFFFFFFFFFFF, 0x7FF0000000000000,
           0x7FF0000000000001, 0x7FF8000000000000, 0x3FF0000000000000, 0x3FF8000000000000,
           0x4010000000000000, 0x3FEFFFFFFFFFFFFF, 0x41DFFFFFFFC00000, 0x380FFFFFC0000000,
           0x47EFFFFFE0000000, 0x36A0000000000000)
#: Instructions of a group that changes one.
_MODIFY_WORDS = 10
#: SPRs that every model reads back as written.
_PLAIN_SPRS = ("XER", "LR", "CTR", "DSISR", "DAR", "SRR0", "SRR1", "SPRG0", "SPRG1", "SPRG2",
               "SPRG3", "PVR", "SDR1", "IBAT0U", "IBAT3L", "DBAT0U", "DBAT1L")
_WRITABLE_SPRS = ("LR", "CTR", "DSISR", "DAR", "SRR0", "SPRG0", "SPRG1", "SPRG2", "SPRG3",
                  "MMCR0", "PMC1", "PMC2", "SIA", "EAR", "ICTC", "THRM1", "THRM2", "THRM3")


def random_program(seed, options=None):
    """Make a program.

    Parameters
    ----------
    seed : int
    options : Options
        If None, `user`, `translation` and `trace` are chosen by the seed.
    """
    if options is None:
        choice = random.Random(seed ^ 0x5EED)
        options = Options(user=choice.random() < 0.4, translation=choice.random() < 0.8)
    return _Generator(seed, options).build()
