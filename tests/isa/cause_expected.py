"""What the table of causes and the definition of an instruction expect of a case.

Nothing here comes from a model.
"""

import struct
from dataclasses import dataclass

from cause_cases import (
    BEFORE,
    CR,
    DAR,
    DSISR,
    ENDS,
    FPR,
    GPR,
    PAGES,
    STRING_BYTES,
    WINDOW,
    Case,
)

from pteg.hw.isa.causes import MOVES, Condition, Dar, Kind, deciding
from pteg.hw.isa.exceptions import Dsisr, Vector
from pteg.hw.isa.registers import MSR_TO_SRR1


@dataclass
class Result:
    """What is left after a case; `pages`: R and C of the three pages."""

    vector: int
    srr0: int
    srr1: int
    dsisr: int
    dar: int
    cr: int
    base: int
    gpr: list
    fpr: int
    window: bytes
    pages: list


#: Conditions that are known before translation, which then does not happen.
_EARLY = {Condition.USER, Condition.FLOAT_OFF, Condition.EXTERNAL_OFF, Condition.MISALIGNED,
          Condition.LITTLE_ENDIAN, Condition.CACHE_OFF, Condition.NO_EXECUTE}


def alignment_dsisr(word):
    """PEM table 6-9: what DSISR says of the instruction."""
    def bits(first, last):
        return word >> 31 - last & (1 << last - first + 1) - 1

    low = bits(6, 10) << 5 | bits(11, 15)
    if word >> 26 == 31:
        return bits(29, 30) << 15 | bits(25, 25) << 14 | bits(21, 24) << 10 | low
    return bits(5, 5) << 14 | bits(1, 4) << 10 | low


def expected(case: Case, stub: int) -> Result:
    """By the table, and by the definition of the instruction."""
    result = Result(Vector.SYSTEM_CALL, stub + 8, case.msr & MSR_TO_SRR1, DSISR, DAR, CR,
                    case.base[0], list(GPR), FPR, WINDOW, [0, 0, 0])
    if case.row is None:
        result.srr0 = case.ea + 12      # behind the sc to which the branch leads
        rule = deciding(Kind.FETCH, case.conditions(case.ea))
        translate(case, result, case.ea, rule)
        if rule:
            stop(case, result, rule, case.ea, case.ea)
        return result
    memory, loaded, done = bytearray(WINDOW), b"", []
    for ea, length, number in case.parts() or [(None, 0, 0)]:
        rule = deciding(case.kind, case.conditions(ea))
        if ea is not None:
            translate(case, result, ea, rule)
        if rule and rule.vector:
            stop(case, result, rule, stub, ea)
            break
        at = BEFORE + (0 if ea is None else ea - ENDS[case.end][case.first is None])
        if case.kind is Kind.ZERO and not rule:
            memory[at & ~31:(at & ~31) + 32] = bytes(32)
        elif case.store and case.kind in MOVES and not rule:
            skip = at - BEFORE - case.start
            memory[at:at + length] = stored(case)[skip:skip + length]
        else:
            loaded += WINDOW[at:at + length]
        done.append((number, length))
    else:
        finish(case, result, loaded, rule)
    if case.kind in (Kind.MULTIPLE, Kind.STRING) and not case.store:
        load_many(case, result, loaded)
    result.window = bytes(memory)
    return result


def translate(case, result, ea, rule):
    """R and C (PEM 7.5.3): a hint does not search; a search sets R, and C for a permitted store."""
    place = case.first and case.place(ea)
    if (not place or place.way != "page" or case.kind is Kind.TOUCH
            or rule and case.conditions(ea) & _EARLY & set(rule.conditions)):
        return
    page = PAGES.index(ea & ~0xFFF)
    result.pages[page] |= 0x100
    if case.store and not place.protects(True):
        result.pages[page] |= 0x80


def stop(case, result, rule, pc, ea):
    """The exception of a rule."""
    result.vector, result.srr0 = rule.vector, pc
    if rule.vector is Vector.DSI:
        result.dsisr = rule.bits | (Dsisr.STORE if case.store else 0)
    elif rule.vector is Vector.ALIGNMENT:
        result.dsisr = alignment_dsisr(case.word)
    else:
        result.srr1 |= rule.bits
    if rule.dar is Dar.OPERAND:
        result.dar = case.ea
    elif rule.dar is Dar.PART:
        result.dar = ea & ~31 if case.kind is Kind.ZERO else ea


def stored(case):
    """The bytes that a store stores."""
    name, size = case.row.name, case.row.size
    if name.startswith("stfd"):
        return FPR.to_bytes(8, "big")
    if name.startswith("stfiw"):
        return (FPR & 0xFFFFFFFF).to_bytes(4, "big")
    if name.startswith("stfs"):
        return struct.pack(">f", struct.unpack(">d", FPR.to_bytes(8, "big"))[0])
    if case.kind in (Kind.MULTIPLE, Kind.STRING):
        return b"".join(value.to_bytes(4, "big") for value in GPR)
    value = (GPR[0] & (1 << 8 * size) - 1).to_bytes(size, "big")
    return value[::-1] if "br" in name else value


def finish(case, result, loaded, rule):
    """The registers of an instruction that completes."""
    name = case.row.name
    if case.row.update:
        result.base = case.ea
    if name == "stwcx.":
        result.cr = CR & 0x0FFFFFFF | (0 if rule else 2) << 28
    if case.store or case.kind not in MOVES or case.kind in (Kind.MULTIPLE, Kind.STRING):
        return
    if case.kind is Kind.FLOAT:
        if case.row.size == 4:
            loaded = struct.pack(">d", struct.unpack(">f", loaded)[0])
        result.fpr = int.from_bytes(loaded, "big")
        return
    value = int.from_bytes(loaded, "little" if "br" in name else "big")
    if name.startswith("lha") and value & 0x8000:
        value |= 0xFFFF0000
    result.gpr[0] = value


def load_many(case, result, loaded):
    """Registers whose bytes have all been read; a string is left-justified."""
    total = 16 if case.kind is Kind.MULTIPLE else STRING_BYTES
    for number in range(4):
        wanted = min(4, total - 4 * number)
        piece = loaded[4 * number:4 * number + wanted]
        if len(piece) == wanted:
            result.gpr[number] = int.from_bytes(piece.ljust(4, b"\0"), "big")
