"""Writes docs/instructions.md, registers.md and causes.md from the tables in `pteg.hw.isa`.

`python -m pteg.firmware.reference docs`; a test sees to it that this was done.
"""

import sys
from pathlib import Path

from pteg.firmware.asm.mnemonics import FORMS
from pteg.hw.isa.bits import BITS, bits_of
from pteg.hw.isa.causes import MOVES, NO_OPERATION, RULES, Condition, Dar, Kind, deciding
from pteg.hw.isa.exceptions import Dsisr, Srr1, Vector
from pteg.hw.isa.instructions import INSTRUCTIONS, Serialize
from pteg.hw.isa.registers import SPRS

__all__ = ["instructions_markdown", "registers_markdown", "causes_markdown"]

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

_CAUSES_HEAD = """# Causes

`python -m pteg.firmware.reference docs` makes this page from `hw/isa/causes.py`. It tells what
stops or changes a load, a store, a cache instruction or an instruction fetch. If several conditions
hold, the first row that names one of them decides. The order is that of table 4-3 of the 750GX
user's manual (p. 155); sources without a name are pages and priorities of that manual.

* An access that crosses a double word is made in parts, multiples and strings register by register.
  The rows decide about each part; what earlier parts did remains: bytes are stored, registers of a
  multiple or string are loaded. An instruction that moves one register leaves it unchanged.
* Without translation (MSR[DR] or MSR[IR] = 0) there is no protection, and W = I = 0, G = 1.
* A block (BAT) that matches hides the segment with its T and N.
* A table search sets R before protection is checked, and C if a store is permitted, even if a
  later row, W = 1 or I = 1 for a `dcbz`, or a missing reservation then stops the store
  ([decision](decisions/0005-referenced-before-protection.md)).
* DSISR[6] tells that the access was a store: `dcbz` and `dcbi` are stores, the other cache
  instructions loads. After an alignment exception DSISR describes the instruction (PEM table 6-9).
  The part of a `dcbz` is its block.
* DABR matches the double word of a part, or the block of a `dcbz`; it does not match other cache
  instructions.
* Cache instructions act on a locked cache. In a disabled one they find no block (p. 132).
* A transfer error on the bus is a machine check; see [caches](caches.md).
* Little-endian mode is not modelled, except for its alignment exceptions.

| condition | instructions | result | DAR | source |
|---|---|---|---|---|
"""

_MATRIX_HEAD = """
## One condition alone

Nothing happens where a field is empty.

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


def causes_markdown():
    """The text of docs/causes.md."""
    conditions = [condition for condition in Condition
                  if any(deciding(kind, {condition}) for kind in Kind)]
    kinds = [kind for kind in Kind if any(kind in rule.kinds for rule in RULES)]
    matrix = [f"| | {' | '.join(_short(kind) for kind in kinds)} |\n|{'---|' * (len(kinds) + 1)}\n"]
    for condition in conditions:
        answers = [deciding(kind, {condition}) for kind in kinds]
        matrix.append(f"| {condition.value} | "
                      + " | ".join(_answer(rule) if rule else "" for rule in answers) + " |\n")
    return _CAUSES_HEAD + "".join(map(_rule, RULES)) + _MATRIX_HEAD + "".join(matrix)


def _rule(rule):
    kinds = [kind.value for kind in rule.kinds]
    if set(MOVES) <= set(rule.kinds):
        kinds = ["all loads and stores", *(k.value for k in rule.kinds if k not in MOVES)]
    conditions = "; ".join(condition.value for condition in rule.conditions)
    dar = "" if rule.dar is Dar.UNCHANGED else rule.dar.value
    return f"| {conditions} | {'; '.join(kinds)} | {_result(rule)} | {dar} | {rule.source} |\n"


def _result(rule):
    """The exception, with the bits that tell its cause."""
    if rule.text:
        return rule.text
    name = _VECTORS.get(rule.vector, rule.vector.name.lower().replace("_", " "))
    register, bits = ("DSISR", Dsisr) if rule.vector is Vector.DSI else ("SRR1", Srr1)
    named = [31 - bit.bit_length() + 1 for bit in bits if rule.bits & bit]
    return f"{name}, {register}[{named[0]}]" if named else name


def _answer(rule):
    return "none" if rule.text == NO_OPERATION else _result(rule).replace(", ", " ")


def _short(kind):
    return {Kind.REGISTER: "one GPR", Kind.FLOAT: "one FPR", Kind.FETCH: "fetch"}.get(
        kind, kind.value)


_VECTORS = {Vector.DSI: "DSI", Vector.ISI: "ISI", Vector.INSTRUCTION_BREAKPOINT: "breakpoint",
            Vector.FP_UNAVAILABLE: "floating-point unavailable"}


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
    (folder / "causes.md").write_text(causes_markdown())
