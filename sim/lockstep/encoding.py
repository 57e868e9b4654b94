"""Instruction words for programs that are made by programs; see `pteg.hw.isa.instructions`."""

from pteg.hw.isa.instructions import BY_NAME, FIELDS
from pteg.hw.isa.registers import SPR_BY_NAME

__all__ = ["encode", "load_constant", "to_spr", "from_spr", "as_bytes", "branch_to"]


def encode(name, **fields):
    """Instruction word. SPR numbers are given as in assembler."""
    word = BY_NAME[name].match
    for key, value in fields.items():
        if key in ("spr", "tbr"):
            value = (value & 31) << 5 | value >> 5
        word |= FIELDS[key].put(value & (1 << FIELDS[key].width) - 1)
    return word


def load_constant(register, value):
    """lis and ori: a 32-bit constant."""
    return [encode("addis", rD=register, rA=0, SIMM=value >> 16),
            encode("ori", rA=register, rS=register, UIMM=value)]


def to_spr(name, register):
    """mtspr, by the name of the register."""
    return encode("mtspr", spr=SPR_BY_NAME[name].number, rS=register)


def from_spr(name, register):
    """mfspr, by the name of the register."""
    return encode("mfspr", spr=SPR_BY_NAME[name].number, rD=register)


def as_bytes(words):
    """Instruction words as they lie in memory."""
    return b"".join(word.to_bytes(4, "big") for word in words)


def branch_to(source, target):
    """The branch at `source` to `target`."""
    return encode("b", LI=(target - source) >> 2)
