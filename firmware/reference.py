"""Writes docs/instructions.md, the instruction set as a table, from `pteg.hw.isa`.

`python -m pteg.firmware.reference > docs/instructions.md`; a test sees to it that this was done.
"""

from pteg.firmware.asm.mnemonics import FORMS
from pteg.hw.isa.instructions import INSTRUCTIONS, Serialize
from pteg.hw.isa.registers import SPRS

__all__ = ["instructions_markdown"]

_HEAD = """# Instructions and special-purpose registers

Made from `hw/isa` by `python -m pteg.firmware.reference`. Options: `o` sets OV and SO, `.` sets CR0
(CR1 for floating point), `l` the link register, `a` makes an address absolute. *S* is a
supervisor instruction. Extended mnemonics are those that the disassembler uses; conditional
branches and traps have more (appendix F of the Programming Environments Manual).

| instruction | operands | options | opcode | unit | waits | extended mnemonics |
|---|---|---|---|---|---|---|
"""

_SPR_HEAD = """
## Special-purpose registers

| number | name | access | implemented bits | after reset |
|---|---|---|---|---|
"""

_SUFFIXES = {"OE": "o", "Rc": ".", "LK": "l", "AA": "a"}
_SHOWN = 6


def instructions_markdown():
    """The text of docs/instructions.md."""
    return (_HEAD + "".join(map(_instruction, INSTRUCTIONS))
            + _SPR_HEAD + "".join(map(_register, SPRS)))


def _instruction(row):
    opcode = f"{row.opcode}" if row.extended is None else f"{row.opcode} / {row.extended}"
    options = " ".join(text for option, text in _SUFFIXES.items() if option in row.options)
    names = list(dict.fromkeys(form.name for form in FORMS[row.name]))
    names = [*names[:_SHOWN], *(["…"] if len(names) > _SHOWN else [])]
    unit = row.unit.name if row.implemented else "illegal"
    waits = "" if row.serialize is Serialize.NONE else row.serialize.name.lower()
    return (f"| `{row.name}`{' *S*' * row.privileged} | {', '.join(row.syntax)} | {options} "
            f"| {opcode} | {unit} | {waits} | {' '.join(names)} |\n")


def _register(spr):
    return (f"| {spr.number} | {spr.name} | {spr.access.value} | {spr.implemented:08X} "
            f"| {spr.reset:08X} |\n")


if __name__ == "__main__":
    print(instructions_markdown(), end="")
