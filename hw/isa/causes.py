"""Every cause that stops or changes a memory or cache instruction; the one that wins comes first.

`RULES` is in the order of the 750's priorities (IBM 750GX UM table 4-3, p. 155): of two conditions
that hold, the one whose rule comes first decides. An access that crosses a double word is made in
parts; the rules decide about one part after the other, and what earlier parts did remains.
docs/causes.md is made from this table, and tests try it on both models.
"""

import enum
from collections.abc import Set
from dataclasses import dataclass

from pteg.hw.isa.exceptions import Dsisr, Srr1, Vector
from pteg.hw.isa.instructions import INSTRUCTIONS, Instruction, Unit

__all__ = ["Kind", "Condition", "Dar", "Rule", "RULES", "NO_OPERATION", "MOVES", "MEMORY",
           "kind_of", "deciding"]


class Kind(enum.Enum):
    """Instructions that have the same causes."""

    REGISTER = "load or store of one general-purpose register"
    FLOAT = "load or store of a floating-point register"
    MULTIPLE = "`lmw`, `stmw`"
    STRING = "`lswi`, `lswx`, `stswi`, `stswx`"
    RESERVATION = "`lwarx`, `stwcx.`"
    EXTERNAL = "`eciwx`, `ecowx`"
    TOUCH = "`dcbt`, `dcbtst`"
    BLOCK = "`dcbst`, `dcbf`, `icbi`"
    INVALIDATE = "`dcbi`"
    ZERO = "`dcbz`"
    TLB = "`tlbie`, `tlbsync`"
    BARRIER = "`sync`, `eieio`"
    FETCH = "instruction fetch"


class Condition(enum.Enum):
    """What an instruction meets. Translation and attributes are those of the page of one part."""

    USER = "MSR[PR] = 1"
    FLOAT_OFF = "MSR[FP] = 0"
    EXTERNAL_OFF = "EAR[E] = 0"
    MISALIGNED = "not a multiple of 4"
    LITTLE_ENDIAN = "MSR[LE] = 1"
    CACHE_OFF = "HID0[DCE] = 0 (fetch: ICE)"
    CACHE_LOCKED = "HID0[DLOCK] = 1 (fetch: ILOCK)"
    HINTS_OFF = "HID0[NOOPTI] = 1"
    BLOCK_PROTECTED = "protection of a block (BAT)"
    BLOCK_GUARDED = "G = 1 in a block (BAT)"
    DIRECT_STORE = "T = 1 in the segment"
    NO_EXECUTE = "N = 1 in the segment"
    NO_TRANSLATION = "no page table entry"
    NOT_IN_TLB = "no TLB entry"
    PAGE_PROTECTED = "protection of a page"
    PAGE_GUARDED = "G = 1 in a page"
    WRITE_THROUGH = "W = 1"
    INHIBITED = "I = 1"
    NOT_RESERVED = "no reservation"
    WATCHED = "DABR matches (fetch: IABR)"


class Dar(enum.Enum):
    """What DAR contains."""

    OPERAND = "address of the operand"
    PART = "address of the part"
    UNCHANGED = ""


@dataclass(frozen=True)
class Rule:
    """What each of some conditions does to some kinds of instruction.

    Parameters
    ----------
    conditions : tuple of Condition
    kinds : tuple of Kind
    vector : Vector
        NONE: no exception.
    source : str
    bits : int
        Of SRR1, or of DSISR; there a store adds its own bit. After an alignment exception DSISR
        describes the instruction (PEM table 6-9).
    dar : Dar
    text : str
        What happens instead of an exception.
    """

    conditions: tuple[Condition, ...]
    kinds: tuple[Kind, ...]
    vector: Vector
    source: str
    bits: int = 0
    dar: Dar = Dar.UNCHANGED
    text: str = ""


NO_OPERATION = "no operation"
#: Loads and stores.
MOVES = (Kind.REGISTER, Kind.FLOAT, Kind.MULTIPLE, Kind.STRING, Kind.RESERVATION, Kind.EXTERNAL)
_STRICT = (Kind.FLOAT, Kind.MULTIPLE, Kind.RESERVATION, Kind.EXTERNAL)
_CACHE = (Kind.BLOCK, Kind.INVALIDATE, Kind.ZERO)
_EXTERNAL, _ZERO = (Kind.EXTERNAL,), (Kind.ZERO,)


def _fetches():
    """Instruction fetch (PEM figures 7-2, 7-7 and 7-13)."""
    on = Condition
    for condition, bits, source in (
            (on.BLOCK_GUARDED, Srr1.NO_EXECUTE, "p. 193"),
            (on.BLOCK_PROTECTED, Srr1.PROTECTION, "p. 169"),
            (on.DIRECT_STORE, Srr1.NO_EXECUTE, "p. 193"),
            (on.NO_EXECUTE, Srr1.NO_EXECUTE, "PEM 7.5.4"),
            (on.NO_TRANSLATION, Srr1.PAGE_FAULT, "PEM 7.6.1"),
            (on.PAGE_GUARDED, Srr1.NO_EXECUTE, "p. 193"),
            (on.PAGE_PROTECTED, Srr1.PROTECTION, "PEM 7.5.4")):
        yield Rule((condition,), (Kind.FETCH,), Vector.ISI, source, bits)
    yield Rule((on.WATCHED,), (Kind.FETCH,), Vector.INSTRUCTION_BREAKPOINT,
               "p. 155: before the instruction's own exceptions")


def _data():
    """Loads, stores and cache instructions, by the priorities of table 4-3."""
    on = Condition

    def alignment(conditions, kinds, source="priority 6"):
        return Rule(conditions, kinds, Vector.ALIGNMENT, source, dar=Dar.OPERAND)

    def storage(condition, kinds, bits, source, dar=Dar.PART):
        return Rule((condition,), kinds, Vector.DSI, source, bits, dar)

    def nothing(conditions, kinds, source):
        return Rule(conditions, kinds, Vector.NONE, source, text=NO_OPERATION)

    yield Rule((on.USER,), (Kind.INVALIDATE, Kind.TLB), Vector.PROGRAM, "priority 1",
               Srr1.PRIVILEGED)
    yield Rule((on.FLOAT_OFF,), (Kind.FLOAT,), Vector.FP_UNAVAILABLE, "priority 3")
    yield storage(on.EXTERNAL_OFF, _EXTERNAL, Dsisr.EXTERNAL_ACCESS, "priority 5", Dar.OPERAND)
    yield alignment((on.MISALIGNED,), _STRICT)
    yield alignment((on.LITTLE_ENDIAN,), (Kind.MULTIPLE, Kind.STRING), "priority 6; p. 99")
    # An address without a translation has no W and I: its own rule follows.
    yield alignment((on.CACHE_OFF, on.WRITE_THROUGH, on.INHIBITED), _ZERO, "priority 6; p. 116")
    yield nothing((on.CACHE_OFF, on.CACHE_LOCKED, on.HINTS_OFF, on.BLOCK_PROTECTED,
                   on.DIRECT_STORE, on.NO_TRANSLATION, on.NOT_IN_TLB, on.PAGE_PROTECTED,
                   on.BLOCK_GUARDED, on.PAGE_GUARDED, on.INHIBITED), (Kind.TOUCH,), "p. 116")
    yield storage(on.BLOCK_PROTECTED, (*MOVES, *_CACHE), Dsisr.PROTECTION, "priority 7")
    yield nothing((on.DIRECT_STORE,), _CACHE, "priority 8; p. 119; PEM 7.7")
    yield storage(on.DIRECT_STORE, MOVES, Dsisr.DIRECT_STORE, "priority 8; p. 169")
    yield storage(on.NO_TRANSLATION, (*MOVES, *_CACHE), Dsisr.PAGE_FAULT, "priority 9")
    yield storage(on.PAGE_PROTECTED, (*MOVES, *_CACHE), Dsisr.PROTECTION, "priority 9")
    # lwarx and stwcx. are allowed there (p. 113).
    yield storage(on.WRITE_THROUGH, _EXTERNAL, Dsisr.DIRECT_STORE,
                  "MPC8240 UM table 2-9; no manual ranks it")
    yield storage(on.WATCHED, (*MOVES, *_ZERO), Dsisr.DABR, "priority 10; PEM 2.3.15")
    yield Rule((on.NOT_RESERVED,), (Kind.RESERVATION,), Vector.NONE,
               "p. 131: any reservation will do, whatever its address",
               text="`stwcx.` does not store")


RULES = (*_fetches(), *_data())
#: The instructions that they are about.
MEMORY = tuple(row for row in INSTRUCTIONS if row.unit is Unit.LSU)

_BY_NAME = {
    **dict.fromkeys(("lmw", "stmw"), Kind.MULTIPLE),
    **dict.fromkeys(("lswi", "lswx", "stswi", "stswx"), Kind.STRING),
    **dict.fromkeys(("lwarx", "stwcx."), Kind.RESERVATION),
    **dict.fromkeys(("eciwx", "ecowx"), Kind.EXTERNAL),
    **dict.fromkeys(("dcbt", "dcbtst"), Kind.TOUCH),
    **dict.fromkeys(("dcbst", "dcbf", "icbi"), Kind.BLOCK),
    "dcbi": Kind.INVALIDATE, "dcbz": Kind.ZERO,
    **dict.fromkeys(("tlbie", "tlbsync"), Kind.TLB),
    **dict.fromkeys(("sync", "eieio"), Kind.BARRIER),
}


def kind_of(row: Instruction) -> Kind:
    """The kind of a memory or cache instruction."""
    if row.unit is not Unit.LSU:
        raise ValueError(f"{row.name} is no memory or cache instruction")
    is_float = row.syntax[:1] in (("frD",), ("frS",))
    return _BY_NAME.get(row.name, Kind.FLOAT if is_float else Kind.REGISTER)


def deciding(kind: Kind, conditions: Set[Condition]) -> Rule | None:
    """The rule that decides about an instruction, or a part of it, under these conditions."""
    return next((rule for rule in RULES
                 if kind in rule.kinds and not conditions.isdisjoint(rule.conditions)), None)
