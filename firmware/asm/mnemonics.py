"""All mnemonics: those of the instruction table and the extended ones of PEM appendix F.

An extended mnemonic is one line, `mnemonic operands = instruction operands`. The assembler puts
its operands into the right-hand side; the disassembler solves the right-hand side, which is
linear in every operand, for the operands. A field that is no operand of the instruction is named:
`sync L=1`. `MB` and `ME` are the ends of an operand `mask`. Where several lines describe one
word, the disassembler takes the first; lines below `# assembler only` are never taken.

A mnemonic may have several forms with different numbers of operands. The options of the base
instruction (`o`, `.`, `l`, `a`) can be added to every extended mnemonic.
"""

import itertools
from dataclasses import dataclass, field
from functools import cached_property

from pteg.firmware.asm.expression import Symbol
from pteg.firmware.asm.parser import parse
from pteg.hw.isa.instructions import BY_NAME, FIELDS, INSTRUCTIONS, Instruction
from pteg.hw.isa.registers import SPRS, TIME_BASE_LOWER, TIME_BASE_UPPER

__all__ = ["Kind", "KINDS", "Mnemonic", "MNEMONICS", "FORMS", "BASE", "HINTED", "split_halves"]

_SIMPLE = """
    nop = ori 0,0,0
    xnop = xori 0,0,0
    li rD,SIMM = addi rD,0,SIMM
    lis rD,SIMM = addis rD,0,SIMM
    mr rA,rS = or rA,rS,rS
    not rA,rS = nor rA,rS,rS
    cmpwi rA,SIMM = cmpi 0,0,rA,SIMM
    cmpwi crfD,rA,SIMM = cmpi crfD,0,rA,SIMM
    cmpw rA,rB = cmp 0,0,rA,rB
    cmpw crfD,rA,rB = cmp crfD,0,rA,rB
    cmplwi rA,UIMM = cmpli 0,0,rA,UIMM
    cmplwi crfD,rA,UIMM = cmpli crfD,0,rA,UIMM
    cmplw rA,rB = cmpl 0,0,rA,rB
    cmplw crfD,rA,rB = cmpl crfD,0,rA,rB
    rotlwi rA,rS,n = rlwinm rA,rS,n,0,31
    clrlwi rA,rS,n = rlwinm rA,rS,0,n,31
    slwi rA,rS,n = rlwinm rA,rS,n,0,31-n
    srwi rA,rS,n = rlwinm rA,rS,32-n,n,31
    clrrwi rA,rS,n = rlwinm rA,rS,0,0,31-n
    rotlw rA,rS,rB = rlwnm rA,rS,rB,0,31
    crset crbD = creqv crbD,crbD,crbD
    crclr crbD = crxor crbD,crbD,crbD
    crmove crbD,crbA = cror crbD,crbA,crbA
    crnot crbD,crbA = crnor crbD,crbA,crbA
    mtcr rS = mtcrf 255,rS
    # assembler only
    subi rD,rA,minus = addi rD,rA,-minus
    subis rD,rA,minus = addis rD,rA,-minus
    subic rD,rA,minus = addic rD,rA,-minus
    subic. rD,rA,minus = addic. rD,rA,-minus
    la rD,d(rA) = addi rD,rA,d
    sub rD,rA,rB = subf rD,rB,rA
    subc rD,rA,rB = subfc rD,rB,rA
    cmpi crfD,rA,SIMM = cmpi crfD,0,rA,SIMM
    cmpli crfD,rA,UIMM = cmpli crfD,0,rA,UIMM
    cmp crfD,rA,rB = cmp crfD,0,rA,rB
    cmpl crfD,rA,rB = cmpl crfD,0,rA,rB
    rotrwi rA,rS,n = rlwinm rA,rS,32-n,0,31
    extlwi rA,rS,count,n = rlwinm rA,rS,n,0,count-1
    extrwi rA,rS,count,n = rlwinm rA,rS,n+count,32-count,31
    inslwi rA,rS,count,n = rlwimi rA,rS,32-n,n,n+count-1
    insrwi rA,rS,count,n = rlwimi rA,rS,32-n-count,n,n+count-1
    clrlslwi rA,rS,n,m = rlwinm rA,rS,m,n-m,31-m
    mtfs frB = mtfsf 255,frB
    sc zero = sc
    bclr BO,BI,zero = bclr BO,BI
    bcctr BO,BI,zero = bcctr BO,BI
    lwarx rD,rA,rB,zero = lwarx rD,rA,rB
    tlbie rB,zero = tlbie rB
    sync L = sync L=L
    hwsync = sync
    lwsync = sync L=1
    mftbl rD = mftb rD,268
    rlwinm rA,rS,SH,mask = rlwinm rA,rS,SH,MB,ME
    rlwimi rA,rS,SH,mask = rlwimi rA,rS,SH,MB,ME
    rlwnm rA,rS,rB,mask = rlwnm rA,rS,rB,MB,ME
"""

#: Condition: BO and bit of the CR field. Synonyms come after what they mean.
_CONDITIONS = {"lt": (12, 0), "gt": (12, 1), "eq": (12, 2), "so": (12, 3), "ge": (4, 0),
               "le": (4, 1), "ne": (4, 2), "ns": (4, 3), "un": (12, 3), "nl": (4, 0),
               "ng": (4, 1), "nu": (4, 3)}
#: Branches that count, with and without a condition bit: BO.
_COUNTING = {"bdnz": 16, "bdz": 18}
_CONDITION_BIT = {"bdnzt": 8, "bdnzf": 0, "bdzt": 10, "bdzf": 2, "t": 12, "f": 4}
_TRAPS = {"lt": 16, "le": 20, "eq": 4, "ge": 12, "gt": 8, "ne": 24, "llt": 2, "lle": 6, "lge": 5,
          "lgt": 1, "u": 31, "nl": 12, "ng": 20, "lnl": 5, "lng": 6}


def _branches():
    yield "blr = bclr 20,0"
    yield "bctr = bcctr 20,0"
    for name, (bo, bit) in _CONDITIONS.items():
        for target, base, operand in (("", "bc", ",BD"), ("lr", "bclr", ""),
                                      ("ctr", "bcctr", "")):
            yield f"b{name}{target} {operand[1:]} = {base} {bo},{bit}{operand}"
            yield f"b{name}{target} cr{operand} = {base} {bo},4*cr+{bit}{operand}"
    for name, bo in _COUNTING.items():
        yield f"{name} BD = bc {bo},0,BD"
        yield f"{name}lr = bclr {bo},0"
    for name, bo in _CONDITION_BIT.items():
        name = name if name.startswith("b") else f"b{name}"
        yield f"{name} BI,BD = bc {bo},BI,BD"
        yield f"{name}lr BI = bclr {bo},BI"
        if bo & 4:  # bcctr must not count: the register is its target
            yield f"{name}ctr BI = bcctr {bo},BI"


def _traps():
    yield "trap = tw 31,0,0"
    for name, to in _TRAPS.items():
        yield f"tw{name} rA,rB = tw {to},rA,rB"
        yield f"tw{name}i rA,SIMM = twi {to},rA,SIMM"


def _special_registers():
    """`mtlr`, `mfsprg 2`, `mtdbatu 1`, …: every SPR has a mnemonic of its own."""
    yield f"mftb rD = mftb rD,{TIME_BASE_LOWER}"
    yield f"mftbu rD = mftb rD,{TIME_BASE_UPPER}"
    yield "mtsprg quarter,rS = mtspr 272+quarter,rS"
    yield "mfsprg rD,quarter = mfspr rD,272+quarter"
    for kind, base in (("ibat", 528), ("dbat", 536)):
        for half, name in enumerate("ul"):
            yield f"mt{kind}{name} quarter,rS = mtspr {base + half}+2*quarter,rS"
            yield f"mf{kind}{name} rD,quarter = mfspr rD,{base + half}+2*quarter"
    for spr in SPRS:
        if spr.writable:
            yield f"mt{spr.name.lower()} rS = mtspr {spr.number},rS"
        if spr.readable:
            yield f"mf{spr.name.lower()} rD = mfspr rD,{spr.number}"


@dataclass(frozen=True)
class Kind:
    """What may be written for an operand.

    Parameters
    ----------
    low, high : int
        Range of values.
    registers : str
        Class of register names that may be used: r, f, cr, bit (of CR), spr, or none.
    shape : str
        How it is printed: a register class, or decimal, target.
    """

    low: int
    high: int
    registers: str = ""
    shape: str = "decimal"


_GPR, _FPR = Kind(0, 31, "r", "r"), Kind(0, 31, "f", "f")
_CR, _BIT = Kind(0, 7, "cr", "cr"), Kind(0, 31, "bit", "bit")
_SIGNED = Kind(-0x8000, 0x7FFF)
#: By operand name; names that are not here are unsigned numbers as wide as their field.
KINDS = {
    "rD": _GPR, "rS": _GPR, "rA": _GPR, "rB": _GPR,
    "frD": _FPR, "frS": _FPR, "frA": _FPR, "frB": _FPR, "frC": _FPR,
    "crfD": _CR, "crfS": _CR, "cr": _CR, "crbD": _BIT, "crbA": _BIT, "crbB": _BIT, "BI": _BIT,
    "SIMM": _SIGNED, "d": _SIGNED, "minus": Kind(-0x7FFF, 0x8000),
    "BD": Kind(0, 0xFFFFFFFF, "", "target"), "LI": Kind(0, 0xFFFFFFFF, "", "target"),
    "spr": Kind(0, 1023, "spr"), "tbr": Kind(0, 1023, "tbr"), "SR": Kind(0, 15, "sr"),
    "NB": Kind(0, 32), "n": Kind(0, 31), "m": Kind(0, 31), "count": Kind(1, 32),
    "quarter": Kind(0, 3), "zero": Kind(0, 0), "mask": Kind(-0x80000000, 0xFFFFFFFF),
}
#: Operands that are something else in one instruction: FPSCR bits and fields, and the immediates
#: that may be given as the signed or as the unsigned number that they are.
_SPECIAL = {
    ("mtfsb0", "crbD"): Kind(0, 31), ("mtfsb1", "crbD"): Kind(0, 31),
    ("mtfsfi", "crfD"): Kind(0, 7), ("addis", "SIMM"): Kind(-0x8000, 0xFFFF),
    ("cmpli", "UIMM"): Kind(-0x8000, 0xFFFF),
}


@dataclass(frozen=True)
class Mnemonic:
    """One form of a mnemonic.

    Parameters
    ----------
    name : str
        Without options.
    syntax : tuple of str
        Operands as written; `d(rA)` is one.
    row : Instruction
        The instruction that it means.
    values : dict
        Expression for each field of the instruction, over the operand names.
    shown : bool
        Whether the disassembler uses it.
    """

    name: str
    syntax: tuple
    row: Instruction
    values: dict = field(hash=False)
    shown: bool = True

    @cached_property
    def operands(self):
        """Operand names; a displacement and its base are two."""
        return tuple(part for text in self.syntax for part in text.rstrip(")").split("("))

    def kind(self, operand):
        """`Kind` of an operand."""
        special = _SPECIAL.get((self.row.name, operand))
        return special or KINDS.get(operand) or Kind(0, (1 << FIELDS[operand].width) - 1)


def split_halves(number):
    """Exchange the two halves of an SPR number, as the instruction word has them."""
    return (number & 31) << 5 | number >> 5


def _base(row):
    names = [part for text in row.syntax for part in text.rstrip(")").split("(")]
    return Mnemonic(row.name, row.syntax, row, {name: Symbol(name) for name in names})


def _extended(line, shown):
    left, right = (side.split(maxsplit=1) for side in line.split(" = "))
    row = BY_NAME[right[0]]
    texts = right[1].split(",") if len(right) > 1 else []
    if texts and "=" in texts[-1]:
        values = {name: parse(text) for name, text in (text.split("=") for text in texts)}
    else:
        values = {name: parse(text) for name, text in zip(row.syntax, texts, strict=True)}
    return Mnemonic(left[0], tuple(left[1].split(",")) if len(left) > 1 else (), row, values,
                    shown)


def _all_extended():
    shown = True
    for line in itertools.chain(_branches(), _traps(), _special_registers(),
                                _SIMPLE.strip().splitlines()):
        if line.strip().startswith("#"):
            shown = False
        else:
            yield _extended(line, shown)


#: How each option is spelled, in this order.
_SUFFIXES = (("OE", "o"), ("Rc", "."), ("LK", "l"), ("AA", "a"))
#: Conditional branches: a `+` or `-` at the end predicts them.
HINTED = ("bc", "bclr", "bcctr")

#: By name of the instruction: its own form, and the extended ones, the preferred one first.
BASE = {row.name: _base(row) for row in INSTRUCTIONS}
_EXTENDED = tuple(_all_extended())
FORMS = {name: tuple(form for form in _EXTENDED if form.row.name == name and form.shown)
         for name in BASE}


def _spellings():
    """Every mnemonic with every option: {text: {number of operands: (form, options)}}."""
    table = {}
    for form in (*BASE.values(), *_EXTENDED):
        available = [pair for pair in _SUFFIXES if pair[0] in form.row.options]
        for chosen in itertools.product((False, True), repeat=len(available)):
            options = {option for (option, _), on in zip(available, chosen, strict=True) if on}
            name = form.name + "".join(text for option, text in available if option in options)
            table.setdefault(name, {}).setdefault(len(form.syntax), (form, frozenset(options)))
    return table


MNEMONICS = _spellings()
