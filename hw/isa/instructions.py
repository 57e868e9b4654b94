"""Every instruction of the 750: encoding, operands, unit, what it reads and writes.

The only definition of what an instruction *is*: decoder, functional model, assembler and
disassembler are made from this table. Source: PEM chapters 4 and 8 and appendix A; units and
serialisation from MPC750 UM chapter 6 (tables 6-4 to 6-9).

A row gives the base mnemonic. Optional bits are operands named `OE`, `Rc`, `LK` and `AA`; the
assembler spells them as the suffixes `o`, `.`, `l` and `a`.
"""

import enum
from dataclasses import dataclass, field

from pteg.hw.isa.registers import Field

__all__ = ["Form", "Unit", "Serialize", "Instruction", "INSTRUCTIONS", "BY_NAME", "Op",
           "FIELDS", "SIGNED", "decode"]


class Form(enum.Enum):
    """Instruction formats (PEM appendix A.4)."""

    I = "I"
    B = "B"
    SC = "SC"
    D = "D"
    X = "X"
    XL = "XL"
    XFX = "XFX"
    XFL = "XFL"
    XO = "XO"
    A = "A"
    M = "M"


class Unit(enum.IntEnum):
    """Execution unit that an instruction is dispatched to."""

    NONE = 0   # not an instruction of the 750
    BPU = 1    # branch processing unit
    IU = 2     # either integer unit
    IU1 = 3    # integer unit 1 only: multiply and divide
    SRU = 4    # system register unit
    LSU = 5    # load/store unit
    FPU = 6    # floating-point unit


class Serialize(enum.IntEnum):
    """What an instruction waits for, or makes others wait for (MPC750 UM 6.3.2)."""

    NONE = 0
    EXECUTION = 1    # executes when it is the oldest instruction
    COMPLETION = 2   # also: nothing younger is dispatched before it has completed
    REFETCH = 3      # also: everything younger is fetched again


#: Where each operand sits in the word. The two halves of `spr` are swapped (PEM 8.2, mfspr).
FIELDS = {
    "OPCD": Field(0, 5), "XO": Field(21, 30),
    "rD": Field(6, 10), "rS": Field(6, 10), "rA": Field(11, 15), "rB": Field(16, 20),
    "frD": Field(6, 10), "frS": Field(6, 10), "frA": Field(11, 15), "frB": Field(16, 20),
    "frC": Field(21, 25),
    "SIMM": Field(16, 31), "UIMM": Field(16, 31), "d": Field(16, 31),
    "SH": Field(16, 20), "MB": Field(21, 25), "ME": Field(26, 30), "NB": Field(16, 20),
    "crfD": Field(6, 8), "crfS": Field(11, 13), "L": Field(10),
    "crbD": Field(6, 10), "crbA": Field(11, 15), "crbB": Field(16, 20),
    "BO": Field(6, 10), "BI": Field(11, 15), "BD": Field(16, 29), "LI": Field(6, 29),
    "CRM": Field(12, 19), "FM": Field(7, 14), "IMM": Field(16, 19),
    "SR": Field(12, 15), "TO": Field(6, 10), "spr": Field(11, 20), "tbr": Field(11, 20),
    "AA": Field(30), "LK": Field(31), "OE": Field(21), "Rc": Field(31),
}
#: Operands that are two's complement numbers; BD and LI count words.
SIGNED = {"SIMM", "d", "BD", "LI"}


@dataclass(frozen=True)
class Instruction:
    """One row of the table.

    Parameters
    ----------
    name : str
        Base mnemonic, without optional suffixes.
    form : Form
    opcode, extended : int
        Primary opcode, and extended opcode (None where the form has none).
    syntax : tuple of str
        Operands in assembler order, names from `FIELDS`; `d(rA)` is one operand.
    options : frozenset of str
        Those of OE, Rc, LK, AA that the instruction has.
    reads, writes : frozenset of str
        Registers: GPR and FPR operand names (`rA0` reads as zero when the field is 0), CA, SO, CR,
        CR fields and bits by operand name, CR0, LR, CTR, XER, MSR, FPSCR. CR0 with Rc and OV with
        OE are implied by the options.
    unit : Unit
    serialize : Serialize
    privileged : bool
    store : bool
        Memory is written, or treated as written by translation (dcbz, dcbi).
    update : bool
        The effective address is written to rA.
    size : int
        Bytes that one memory access of the instruction moves; 0 if none.
    implemented : bool
        False for optional instructions that the 750 takes as illegal: they have a place here
        because the assembler knows them.
    """

    name: str
    form: Form
    opcode: int
    extended: int | None
    syntax: tuple
    options: frozenset = frozenset()
    reads: frozenset = frozenset()
    writes: frozenset = frozenset()
    unit: Unit = Unit.NONE
    serialize: Serialize = Serialize.NONE
    privileged: bool = False
    store: bool = False
    update: bool = False
    size: int = 0
    implemented: bool = True
    mask: int = field(init=False)
    match: int = field(init=False)

    def __post_init__(self):
        """`word & mask == match` tells whether a word is this instruction."""
        mask, match = FIELDS["OPCD"].mask, FIELDS["OPCD"].put(self.opcode)
        if self.extended is not None:
            extended = {Form.A: Field(26, 30), Form.XO: Field(22, 30)}.get(self.form, FIELDS["XO"])
            mask |= extended.mask
            match |= extended.put(self.extended)
        mask, match = mask | self.fixed, match | self.fixed
        object.__setattr__(self, "mask", mask)
        object.__setattr__(self, "match", match)

    @property
    def fixed(self):
        """Bits outside the opcodes that are always one."""
        return _FIXED_ONES.get(self.name, 0)

    @property
    def op(self):
        """Member of `Op` for this instruction."""
        return Op[_identifier(self.name)]

    @property
    def operands(self):
        """Names of all operand fields, options included."""
        names = [part for text in self.syntax for part in text.rstrip(")").split("(")]
        return (*names, *sorted(self.options))

    @property
    def reserved(self):
        """Bits that are neither opcode nor operand; they should be zero, and are ignored."""
        used = self.mask
        for name in self.operands:
            used |= FIELDS[name].mask
        return ~used & 0xFFFFFFFF


_FIXED_ONES = {"stwcx.": FIELDS["Rc"].mask, "sc": Field(30).mask}


def _identifier(name):
    return name.upper().replace(".", "_DOT")


def _row(name, form, opcode, extended, syntax="", reads="", writes="", unit=Unit.IU, options="",
         **more):
    return Instruction(name, form, opcode, extended, tuple(syntax.split()),
                       frozenset(options.split()), frozenset(reads.split()),
                       frozenset(writes.split()), unit, **more)


def _integer():
    """Arithmetic, logic, rotate, shift, compare, trap (PEM 4.2.1; 4.2.4.6)."""
    execution = {"serialize": Serialize.EXECUTION}
    # Immediate arithmetic.
    yield _row("addi", Form.D, 14, None, "rD rA SIMM", "rA0", "rD")
    yield _row("addis", Form.D, 15, None, "rD rA SIMM", "rA0", "rD")
    yield _row("addic", Form.D, 12, None, "rD rA SIMM", "rA", "rD CA")
    yield _row("addic.", Form.D, 13, None, "rD rA SIMM", "rA SO", "rD CA CR0")
    yield _row("subfic", Form.D, 8, None, "rD rA SIMM", "rA", "rD CA")
    yield _row("mulli", Form.D, 7, None, "rD rA SIMM", "rA", "rD", Unit.IU1)
    # Register arithmetic.
    for name, extended, reads, carry, unit in (
            ("add", 266, "rA rB", "", Unit.IU), ("addc", 10, "rA rB", "CA", Unit.IU),
            ("subf", 40, "rA rB", "", Unit.IU), ("subfc", 8, "rA rB", "CA", Unit.IU),
            ("neg", 104, "rA", "", Unit.IU),
            ("mullw", 235, "rA rB", "", Unit.IU1),
            ("divw", 491, "rA rB", "", Unit.IU1), ("divwu", 459, "rA rB", "", Unit.IU1)):
        syntax = "rD rA rB" if "rB" in reads else "rD rA"
        yield _row(name, Form.XO, 31, extended, syntax, reads, f"rD {carry}", unit, "OE Rc")
    for name, extended, reads in (
            ("adde", 138, "rA rB"), ("subfe", 136, "rA rB"), ("addme", 234, "rA"),
            ("subfme", 232, "rA"), ("addze", 202, "rA"), ("subfze", 200, "rA")):
        syntax = "rD rA rB" if "rB" in reads else "rD rA"
        yield _row(name, Form.XO, 31, extended, syntax, f"{reads} CA", "rD CA", Unit.IU, "OE Rc",
                   **execution)
    for name, extended in (("mulhw", 75), ("mulhwu", 11)):
        yield _row(name, Form.XO, 31, extended, "rD rA rB", "rA rB", "rD", Unit.IU1, "Rc")
    # Logic.
    for name, opcode in (("ori", 24), ("oris", 25), ("xori", 26), ("xoris", 27)):
        yield _row(name, Form.D, opcode, None, "rA rS UIMM", "rS", "rA")
    for name, opcode in (("andi.", 28), ("andis.", 29)):
        yield _row(name, Form.D, opcode, None, "rA rS UIMM", "rS SO", "rA CR0")
    for name, extended in (("and", 28), ("andc", 60), ("eqv", 284), ("nand", 476), ("nor", 124),
                           ("or", 444), ("orc", 412), ("xor", 316), ("slw", 24), ("srw", 536)):
        yield _row(name, Form.X, 31, extended, "rA rS rB", "rS rB", "rA", options="Rc")
    yield _row("sraw", Form.X, 31, 792, "rA rS rB", "rS rB", "rA CA", options="Rc")
    yield _row("srawi", Form.X, 31, 824, "rA rS SH", "rS", "rA CA", options="Rc")
    for name, extended in (("extsb", 954), ("extsh", 922), ("cntlzw", 26)):
        yield _row(name, Form.X, 31, extended, "rA rS", "rS", "rA", options="Rc")
    # Rotate.
    yield _row("rlwimi", Form.M, 20, None, "rA rS SH MB ME", "rS rA", "rA", options="Rc")
    yield _row("rlwinm", Form.M, 21, None, "rA rS SH MB ME", "rS", "rA", options="Rc")
    yield _row("rlwnm", Form.M, 23, None, "rA rS rB MB ME", "rS rB", "rA", options="Rc")
    # Compare and trap.
    yield _row("cmpi", Form.D, 11, None, "crfD L rA SIMM", "rA SO", "crfD")
    yield _row("cmpli", Form.D, 10, None, "crfD L rA UIMM", "rA SO", "crfD")
    yield _row("cmp", Form.X, 31, 0, "crfD L rA rB", "rA rB SO", "crfD")
    yield _row("cmpl", Form.X, 31, 32, "crfD L rA rB", "rA rB SO", "crfD")
    yield _row("twi", Form.D, 3, None, "TO rA SIMM", "rA")
    yield _row("tw", Form.X, 31, 4, "TO rA rB", "rA rB")


def _branch_and_system():
    """Branches, condition register, system linkage, special registers (PEM 4.2.4, 4.4)."""
    bpu = {"unit": Unit.BPU}
    execution = {"unit": Unit.SRU, "serialize": Serialize.EXECUTION}
    refetch = {"unit": Unit.SRU, "serialize": Serialize.REFETCH}
    privileged = {"privileged": True}

    yield _row("b", Form.I, 18, None, "LI", options="AA LK", **bpu)
    yield _row("bc", Form.B, 16, None, "BO BI BD", "CTR BI", "CTR", options="AA LK", **bpu)
    yield _row("bclr", Form.XL, 19, 16, "BO BI", "LR CTR BI", "CTR", options="LK", **bpu)
    yield _row("bcctr", Form.XL, 19, 528, "BO BI", "CTR BI", "CTR", options="LK", **bpu)
    for name, extended in (("crand", 257), ("crandc", 129), ("creqv", 289), ("crnand", 225),
                           ("crnor", 33), ("cror", 449), ("crorc", 417), ("crxor", 193)):
        yield _row(name, Form.XL, 19, extended, "crbD crbA crbB", "crbA crbB", "crbD", **execution)
    yield _row("mcrf", Form.XL, 19, 0, "crfD crfS", "crfS", "crfD", **execution)
    yield _row("mcrxr", Form.X, 31, 512, "crfD", "XER", "crfD XER", **execution)
    yield _row("mfcr", Form.X, 31, 19, "rD", "CR", "rD", **execution)
    yield _row("mtcrf", Form.XFX, 31, 144, "CRM rS", "rS CR", "CR", **execution)
    yield _row("sc", Form.SC, 17, None, **refetch)
    yield _row("rfi", Form.XL, 19, 50, writes="MSR", **refetch, **privileged)
    yield _row("isync", Form.XL, 19, 150, **refetch)
    yield _row("mfmsr", Form.X, 31, 83, "rD", "MSR", "rD", **execution, **privileged)
    yield _row("mtmsr", Form.X, 31, 146, "rS", "rS", "MSR", **refetch, **privileged)
    yield _row("mfspr", Form.XFX, 31, 339, "rD spr", "spr", "rD", **execution)
    yield _row("mtspr", Form.XFX, 31, 467, "spr rS", "rS", "spr", **execution)
    yield _row("mftb", Form.XFX, 31, 371, "rD tbr", "", "rD", **execution)
    yield _row("mfsr", Form.X, 31, 595, "rD SR", "SR", "rD", **execution, **privileged)
    yield _row("mfsrin", Form.X, 31, 659, "rD rB", "rB SR", "rD", **execution, **privileged)
    # A new segment register or block takes effect at once here: a refetch costs cycles that the
    # 750 does not spend, and spares its users the isync that the architecture asks for.
    yield _row("mtsr", Form.X, 31, 210, "SR rS", "rS", "SR", **refetch, **privileged)
    yield _row("mtsrin", Form.X, 31, 242, "rS rB", "rS rB", "SR", **refetch, **privileged)


def _memory():
    """Loads, stores, synchronisation, cache and TLB management (PEM 4.2.3, 4.3, 4.4.3)."""
    lsu = {"unit": Unit.LSU}
    oldest = {"unit": Unit.LSU, "serialize": Serialize.EXECUTION}
    alone = {"unit": Unit.LSU, "serialize": Serialize.COMPLETION}

    def access(name, size, opcode, extended, store, fp=False, forms="D DU X UX"):
        """The addressing variants of one access: d(rA), with update, indexed, both."""
        data = ("fr" if fp else "r") + ("S" if store else "D")
        moves = {"reads": data, "writes": ""} if store else {"reads": "", "writes": data}
        for index, variant in enumerate(("D", "DU", "X", "UX")):
            if variant not in forms.split():
                continue
            update = "U" in variant
            base = "rA" if update else "rA0"
            if "X" in variant:
                row = (Form.X, 31, extended + 32 * update, f"{data} rA rB")
                reads = f"{moves['reads']} {base} rB"
            else:
                row = (Form.D, opcode + index, None, f"{data} d(rA)")
                reads = f"{moves['reads']} {base}"
            yield _row(f"{name}{'u' * update}{'x' * ('X' in variant)}", *row, reads,
                       moves["writes"] + " rA" * update, store=store, update=update, size=size,
                       **lsu)

    yield from access("lwz", 4, 32, 23, False)
    yield from access("lbz", 1, 34, 87, False)
    yield from access("lhz", 2, 40, 279, False)
    yield from access("lha", 2, 42, 343, False)
    yield from access("stw", 4, 36, 151, True)
    yield from access("stb", 1, 38, 215, True)
    yield from access("sth", 2, 44, 407, True)
    yield from access("lhbr", 2, None, 790, False, forms="X")
    yield from access("lwbr", 4, None, 534, False, forms="X")
    yield from access("sthbr", 2, None, 918, True, forms="X")
    yield from access("stwbr", 4, None, 662, True, forms="X")
    yield from access("lfs", 4, 48, 535, False, fp=True)
    yield from access("lfd", 8, 50, 599, False, fp=True)
    yield from access("stfs", 4, 52, 663, True, fp=True)
    yield from access("stfd", 8, 54, 727, True, fp=True)
    yield from access("stfiw", 4, None, 983, True, fp=True, forms="X")
    # Several registers: rD onwards, wrapping from r31 to r0 (strings).
    yield _row("lmw", Form.D, 46, None, "rD d(rA)", "rA0", "rD", size=4, **alone)
    yield _row("stmw", Form.D, 47, None, "rS d(rA)", "rS rA0", size=4, store=True, **alone)
    yield _row("lswi", Form.X, 31, 597, "rD rA NB", "rA0", "rD", size=4, **alone)
    yield _row("lswx", Form.X, 31, 533, "rD rA rB", "rA0 rB XER", "rD", size=4, **alone)
    yield _row("stswi", Form.X, 31, 725, "rS rA NB", "rS rA0", size=4, store=True, **alone)
    yield _row("stswx", Form.X, 31, 661, "rS rA rB", "rS rA0 rB XER", size=4, store=True, **alone)
    # Synchronisation.
    yield _row("lwarx", Form.X, 31, 20, "rD rA rB", "rA0 rB", "rD", size=4, **oldest)
    yield _row("stwcx.", Form.X, 31, 150, "rS rA rB", "rS rA0 rB SO", "CR0", size=4, store=True,
               **oldest)
    yield _row("sync", Form.X, 31, 598, **oldest)
    yield _row("eieio", Form.X, 31, 854, **oldest)
    yield _row("eciwx", Form.X, 31, 310, "rD rA rB", "rA0 rB", "rD", size=4, **oldest)
    yield _row("ecowx", Form.X, 31, 438, "rS rA rB", "rS rA0 rB", size=4, store=True, **oldest)
    # Caches. dcbt and dcbtst are hints that never fault.
    for name, extended in (("dcbst", 54), ("dcbf", 86), ("icbi", 982)):
        yield _row(name, Form.X, 31, extended, "rA rB", "rA0 rB", size=1, **oldest)
    for name, extended in (("dcbt", 278), ("dcbtst", 246)):
        yield _row(name, Form.X, 31, extended, "rA rB", "rA0 rB", **lsu)
    yield _row("dcbz", Form.X, 31, 1014, "rA rB", "rA0 rB", size=32, store=True, **oldest)
    yield _row("dcbi", Form.X, 31, 470, "rA rB", "rA0 rB", size=1, store=True, privileged=True,
               **oldest)
    yield _row("dcba", Form.X, 31, 758, "rA rB", "rA0 rB", unit=Unit.NONE, implemented=False)
    # Translation lookaside buffers.
    yield _row("tlbie", Form.X, 31, 306, "rB", "rB", privileged=True, **oldest)
    yield _row("tlbsync", Form.X, 31, 566, privileged=True, **oldest)
    yield _row("tlbia", Form.X, 31, 370, unit=Unit.NONE, privileged=True, implemented=False)


def _floating_point():
    """Floating point except loads and stores (PEM 4.2.2). fsqrt is not in the 750."""
    fpu = {"unit": Unit.FPU}

    for name, extended, operands, single in (
            ("fadd", 21, "frA frB", True), ("fsub", 20, "frA frB", True),
            ("fmul", 25, "frA frC", True), ("fdiv", 18, "frA frB", True),
            ("fmadd", 29, "frA frC frB", True), ("fmsub", 28, "frA frC frB", True),
            ("fnmadd", 31, "frA frC frB", True), ("fnmsub", 30, "frA frC frB", True),
            ("fsel", 23, "frA frC frB", False), ("frsqrte", 26, "frB", False)):
        yield _row(name, Form.A, 63, extended, f"frD {operands}", operands, "frD", options="Rc",
                   **fpu)
        if single:
            yield _row(f"{name}s", Form.A, 59, extended, f"frD {operands}", operands, "frD",
                       options="Rc", **fpu)
    yield _row("fres", Form.A, 59, 24, "frD frB", "frB", "frD", options="Rc", **fpu)
    for name, extended in (("frsp", 12), ("fctiw", 14), ("fctiwz", 15), ("fneg", 40), ("fmr", 72),
                           ("fnabs", 136), ("fabs", 264)):
        yield _row(name, Form.X, 63, extended, "frD frB", "frB", "frD", options="Rc", **fpu)
    yield _row("fcmpu", Form.X, 63, 0, "crfD frA frB", "frA frB", "crfD FPSCR", **fpu)
    yield _row("fcmpo", Form.X, 63, 32, "crfD frA frB", "frA frB", "crfD FPSCR", **fpu)
    yield _row("mcrfs", Form.X, 63, 64, "crfD crfS", "FPSCR", "crfD FPSCR",
               serialize=Serialize.EXECUTION, **fpu)
    yield _row("mffs", Form.X, 63, 583, "frD", "FPSCR", "frD", options="Rc",
               serialize=Serialize.EXECUTION, **fpu)
    yield _row("mtfsb0", Form.X, 63, 70, "crbD", "FPSCR", "FPSCR", options="Rc", **fpu)
    yield _row("mtfsb1", Form.X, 63, 38, "crbD", "FPSCR", "FPSCR", options="Rc", **fpu)
    yield _row("mtfsfi", Form.X, 63, 134, "crfD IMM", "FPSCR", "FPSCR", options="Rc", **fpu)
    yield _row("mtfsf", Form.XFL, 63, 711, "FM frB", "FPSCR frB", "FPSCR", options="Rc", **fpu)


INSTRUCTIONS = (*_integer(), *_branch_and_system(), *_memory(), *_floating_point())
BY_NAME = {row.name: row for row in INSTRUCTIONS}

#: One number an instruction, as decoder, waveforms and functional model use it. ILLEGAL is 0.
Op = enum.IntEnum("Op", ["ILLEGAL", *(_identifier(row.name) for row in INSTRUCTIONS)], start=0)


def _decode_index():
    index = {}
    for row in INSTRUCTIONS:
        index.setdefault(row.opcode, []).append(row)
    return index


_INDEX = _decode_index()


def decode(word):
    """The instruction that `word` encodes, or None. Reserved bits are ignored, as the 750 does.

    Parameters
    ----------
    word : int
        32 bits.
    """
    for row in _INDEX.get(word >> 26, ()):
        if word & row.mask == row.match:
            return row
    return None
