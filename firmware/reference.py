"""Writes docs/instructions.md and docs/registers.md from the tables in `pteg.hw.isa`.

`python -m pteg.firmware.reference docs`; a test sees to it that this was done.
"""

import sys
from pathlib import Path

from pteg.firmware.asm.mnemonics import FORMS
from pteg.hw.isa.bits import BITS, bits_of
from pteg.hw.isa.instructions import INSTRUCTIONS, Serialize
from pteg.hw.isa.registers import SPRS

__all__ = ["instructions_markdown", "registers_markdown"]

_HEAD = """# Instructions

`python -m pteg.firmware.reference docs` makes this page from `hw/isa`. Options: `o` sets OV and SO,
`.` sets CR0 (CR1 for floating point), `l` sets the link register, `a` makes an address absolute.
*S* marks a supervisor instruction. The extended mnemonics are those that the disassembler uses;
conditional branches and traps have more (appendix F of the Programming Environments Manual).
[Registers](registers.md) are on another page.

| instruction | operands | options | opcode | unit | waits | extended mnemonics |
|---|---|---|---|---|---|---|
"""

_INVALID_HEAD = """
## Invalid forms

The architecture calls these words invalid or leaves them undefined. Both models follow recorded
hardware, else the 750's manual, else the Programming Environments Manual (PEM). If none of these
decides, the models agree on one answer. The random programs of lockstep contain all of these forms.

| form | answer | source |
|---|---|---|
"""

_INVALID_FORMS = (
    ("reserved bits that are set", "ignored",
     "750GX UM 2.3.1.1: boundedly undefined; recorded, 604"),
    ("Rc = 1 in an instruction without a record form, `lwarx` included", "ignored",
     "recorded, 604; `lwarx` writes CR0 there"),
    ("LK = 1 in an instruction that is not a branch", "ignored", "750GX UM p. 107: invalid"),
    ("`stwcx.` with Rc = 0", "illegal", "recorded, 604"),
    ("`sc` without bit 30", "illegal", "recorded, 604"),
    ("unused primary and extended opcodes", "illegal", "750GX UM 2.3.1.3; recorded, 604"),
    ("L = 1 in a comparison", "ignored: 32 bits are compared", "PEM 8.2: invalid"),
    ("load or store with update, rA = 0", "the base is r0, which is updated", "PEM 8.2: invalid"),
    ("load with update, rA = rD", "the register contains the address", "PEM 8.2: invalid"),
    ("`lmw`, rA among the registers loaded", "rA is loaded like the others", "recorded, 604"),
    ("`lswi`, `lswx`, rA or rB among the registers loaded", "they are loaded like the others",
     "PEM 8.2: invalid; as `lmw`"),
    ("`lswx`, `stswx` of no bytes", "no effect", "recorded, 604"),
    ("`bcctr` with BO[2] = 0", "CTR is decremented and tested; the target is its old value",
     "PEM 8.2: invalid; MPC601 UM for the 601"),
    ("z bits of BO", "ignored", "PEM 4.2.4.2"),
    ("`mfspr`, `mtspr` of a number that does not exist", "illegal in any state",
     "750GX UM p. 91; recorded, 604"),
    ("the same for a supervisor register, in user state", "privileged", "750GX UM p. 91"),
    ("`mtspr` to PVR or HID1 by the supervisor", "no effect", "750GX UM p. 91"),
    ("`mtspr` to a user's view of the performance monitor, `mfspr` of 284 and 285", "illegal",
     "750GX UM p. 91: no such SPR for that direction"),
    ("`mfspr` of 268 and 269", "the time base, in any state", "recorded, 604"),
    ("`mftb` with another number", "illegal", "750GX UM p. 91; recorded, 604"),
    ("`divw`, `divwu` by zero or with overflow", "rD = 0, or -1 for a negative rA in `divw`",
     "recorded"),
    ("misaligned `lmw`, `stmw`, `lwarx`, `stwcx.`", "alignment exception", "750GX UM p. 50"),
)

_REGISTERS_HEAD = """# Registers

`python -m pteg.firmware.reference docs` makes this page from `hw/isa`. Bit 0 is the most
significant. *Written* bits keep the value that an instruction, a script or GDB writes; the hardware
clears those in brackets. Only the hardware changes *status* bits. All other bits are always zero.
"Recorded" means that all ones were written to the register of a real processor and read back. A
recording of a 604 is used if there is none of a 750 and the 750's manual does not differ.

| register | written | status | source | |
|---|---|---|---|---|
"""

_SPR_HEAD = """
## Special-purpose registers

`mfspr` or `mtspr` with a number that is not in this table is an illegal instruction in any state
(750GX UM p. 91; recorded, 604). A supervisor register is privileged in user state. `mtspr` to a
register that the supervisor can only read has no effect. UMMCR0 to UPMC4 are the user's view of the
registers without U.

| number | name | access | written bits | after reset |
|---|---|---|---|---|
"""

_SUFFIXES = {"OE": "o", "Rc": ".", "LK": "l", "AA": "a"}
_SHOWN = 6


def instructions_markdown():
    """The text of docs/instructions.md."""
    forms = "".join(f"| {' | '.join(row)} |\n" for row in _INVALID_FORMS)
    return _HEAD + "".join(map(_instruction, INSTRUCTIONS)) + _INVALID_HEAD + forms


def registers_markdown():
    """The text of docs/registers.md."""
    return (_REGISTERS_HEAD + "".join(map(_bits, BITS))
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


def _bits(name):
    bits = BITS[name]
    members = [spr.name for spr in SPRS if bits_of(spr.name) is bits and spr.name[0] != "U"]
    names = (f"{members[0]} ... {members[-1]}" if len(members) > 2 else
             ", ".join(members) or name)
    clears = f" [{bits.clears}]" if bits.clears else ""
    return f"| {names} | {bits.written}{clears} | {bits.status} | {bits.source} | {bits.note} |\n"


def _register(spr):
    return (f"| {spr.number} | {spr.name} | {spr.access.value} | {spr.written:08X} "
            f"| {spr.reset:08X} |\n")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "instructions.md").write_text(instructions_markdown())
    (folder / "registers.md").write_text(registers_markdown())
