"""Which instructions a virtual machine monitor has to see, by experiment.

An instruction is sensitive if a program in user state can see with it what belongs to a monitor, or
change that, and no exception is taken. Popek and Goldberg (1974) ask that no instruction is
sensitive and not privileged.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pteg.hw.isa.exceptions import Srr1, Vector
from pteg.hw.isa.instructions import FIELDS, INSTRUCTIONS, Instruction
from pteg.labs.twins import RESOURCES, outcome

__all__ = ["Class", "Finding", "candidates", "classify", "table"]


class Class(enum.Enum):
    """How an instruction behaves in user state."""

    PRIVILEGED = "privileged"   # program exception: the monitor gets control
    ILLEGAL = "illegal"         # program exception: no such instruction or register
    SENSITIVE = "sensitive"     # depends on a resource, or changes one, without an exception
    INNOCUOUS = "innocuous"     # neither


@dataclass(frozen=True)
class Finding:
    """The class of an instruction, and the resources it is sensitive to."""

    kind: Class
    resources: tuple[str, ...] = ()


def classify(word: int) -> Finding:
    """The class of an instruction in user state, by experiment."""
    first = outcome([word])
    if first.vector is Vector.PROGRAM and first.cause << 16 & Srr1.PRIVILEGED:
        return Finding(Class.PRIVILEGED)
    if first.vector is Vector.PROGRAM and first.cause << 16 & Srr1.ILLEGAL:
        return Finding(Class.ILLEGAL)
    found = set(first.resources)
    if first.vector is Vector.NONE:
        for resource in RESOURCES:
            other = outcome([word], resource)
            if other.vector is Vector.NONE and other.registers != first.registers:
                found.add(resource)
    order = [resource for resource in RESOURCES if resource in found]
    return Finding(Class.SENSITIVE if order else Class.INNOCUOUS, tuple(order))


def candidates() -> Iterator[tuple[str, int]]:
    """Every instruction of the 750, by name, with its word; mfspr, mtspr and mftb with every
    number."""
    for row in INSTRUCTIONS:
        numbered = next((name for name in ("spr", "tbr") if name in row.operands), None)
        if not row.implemented:
            continue
        if numbered is None:
            yield row.name, _word(row)
        else:
            for number in range(1024):
                halves = number >> 5 | (number & 31) << 5
                yield f"{row.name} {number}", _word(row) | FIELDS[numbered].put(halves)


def _word(row: Instruction) -> int:
    """With operands that harm nobody."""
    values = {"rD": 3, "rS": 3, "rA": 4, "rB": 5, "frD": 3, "frS": 3, "frA": 4, "frB": 5, "frC": 6,
              "BO": 20, "BD": 2, "LI": 2, "CRM": 255, "FM": 255, "NB": 4, "d": 16, "SIMM": 16,
              "UIMM": 16}
    if row.name == "lmw":
        values["rD"] = 28
    word = row.match
    for name in row.operands:
        if name not in row.options:
            word |= FIELDS[name].put(values.get(name, 0))
    return word


@cache
def table() -> dict[str, Finding]:
    """The class of every candidate."""
    return {name: classify(word) for name, word in candidates()}
