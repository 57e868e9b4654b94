"""The registers that GDB sees: their numbers, sizes, and the target description that names them.

The first two features are GDB's own for PowerPC ("Debugging with GDB", appendix G.5); all other
registers follow in a feature of pteg, in the group `system`.
"""

from pteg import registers as rules
from pteg.errors import UserError
from pteg.hw.isa.registers import SPRS

__all__ = ["REGISTERS", "PC", "target_description", "read", "write"]

_USER = ("xer", "lr", "ctr")


def _registers():
    """(feature, name, bits, type) in the order of GDB's numbers."""
    core = "org.gnu.gdb.power.core"
    yield from ((core, f"r{n}", 32, "uint32") for n in range(32))
    yield from (("org.gnu.gdb.power.fpu", f"f{n}", 64, "ieee_double") for n in range(32))
    yield core, "pc", 32, "code_ptr"
    yield core, "msr", 32, "uint32"
    yield core, "cr", 32, "uint32"
    yield core, "lr", 32, "code_ptr"
    yield core, "ctr", 32, "uint32"
    yield core, "xer", 32, "uint32"
    yield "org.gnu.gdb.power.fpu", "fpscr", 32, "int"
    yield from (("org.pteg.system", f"sr{n}", 32, "uint32") for n in range(16))
    for spr in SPRS:
        if spr.name.lower() not in _USER and not spr.name.startswith("U"):
            yield "org.pteg.system", spr.name.lower(), 32, "uint32"


REGISTERS = tuple(_registers())
PC = next(n for n, row in enumerate(REGISTERS) if row[1] == "pc")


def target_description():
    """The XML that GDB asks for."""
    lines = ['<?xml version="1.0"?>', '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
             '<target version="1.0">', "<architecture>powerpc:750</architecture>"]
    for feature in dict.fromkeys(row[0] for row in REGISTERS):
        lines.append(f'<feature name="{feature}">')
        for number, (owner, name, bits, kind) in enumerate(REGISTERS):
            if owner == feature:
                group = ' group="system"' if feature == "org.pteg.system" else ""
                lines.append(f'<reg name="{name}" bitsize="{bits}" type="{kind}" '
                             f'regnum="{number}"{group}/>')
        lines.append("</feature>")
    return "\n".join([*lines, "</target>\n"]).encode()


def read(state, number):
    """Bytes of a register, from a record of the architectural state."""
    _, name, bits, _ = REGISTERS[number]
    return rules.get(state, *_rule(name)).to_bytes(bits // 8, "big")


def write(state, number, data):
    """Put the bytes of a register into the record. UserError if it cannot be written."""
    _, name, bits, _ = REGISTERS[number]
    if len(data) != bits // 8:
        raise UserError(f"{name} has {bits // 8} bytes, not {len(data)}")
    field, index = _rule(name)
    rules.put(state, field, int.from_bytes(data, "big"), index)


def _rule(name):
    """Name and number of a register in `pteg.registers`."""
    bank = {"r": "gpr", "f": "fpr", "sr": "sr"}.get(name.rstrip("0123456789"))
    return (bank, int(name.lstrip("rfs"))) if bank else (name, None)
