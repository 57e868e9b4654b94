"""Parts of words by their names in the manuals, as Amaranth values."""

from amaranth.hdl import Cat

from pteg.hw.isa.instructions import FIELDS

__all__ = ["field", "flag", "spr_number"]


def field(insn, name):
    """Bits of the operand field `name` of the instruction word `insn`."""
    return insn[FIELDS[name].slice]


def flag(word, member):
    """The bit `member` of a register, such as `Msr.EE`, or of WIMG."""
    return word[int(member).bit_length() - 1]


def spr_number(insn):
    """SPR number of mfspr, mtspr and mftb: the halves of the field are swapped in the word."""
    swapped = field(insn, "spr")
    return Cat(swapped[5:], swapped[:5])
