"""Memory as a debugger sees it: through the translation of the moment, which it does not change.

Protection is not enforced. Devices are neither read nor written: that could change them.
"""

from pteg.errors import UserError
from pteg.hw.isa.instructions import decode

__all__ = ["read_virtual", "write_virtual", "physical", "data_access"]

PAGE = 4096


def physical(machine, mmu, ea):
    """Physical address for data, or else for fetches: code may be mapped for them alone."""
    for access in ("load", "fetch"):
        pa = mmu.place(ea, access)
        if pa is not None:
            return pa
    return None


def _pieces(machine, mmu, ea, size):
    """(physical address, size) of the parts that lie in one page each, as far as mapped."""
    while size:
        part = min(size, PAGE - ea % PAGE)
        pa = physical(machine, mmu, ea)
        if pa is None:
            return
        yield pa, part
        ea, size = ea + part & 0xFFFFFFFF, size - part


def read_virtual(machine, mmu, ea, size):
    """Up to `size` bytes from an effective address on; fewer where RAM and ROM end."""
    data = b""
    for pa, part in _pieces(machine, mmu, ea, size):
        try:
            data += machine.memory.read(pa, part)
        except UserError:
            break
    return data


def write_virtual(machine, mmu, ea, data):
    """Store bytes at an effective address: all of them, or a UserError."""
    pieces = list(_pieces(machine, mmu, ea, len(data)))
    if sum(part for _, part in pieces) != len(data):
        raise UserError(f"address {ea:#010x} is not mapped")
    for pa, part in pieces:
        machine.memory.check(pa, part)
    for pa, part in pieces:
        machine.memory.write(pa, data[:part])
        data = data[part:]


def data_access(state, word):
    """What memory the instruction `word` reads or writes: (address, size, store), or None."""
    row = decode(word)
    if row is None or not row.size or row.name == "icbi":
        return None
    s = state[0]
    a, b = int(s["gpr"][word >> 16 & 31]), int(s["gpr"][word >> 11 & 31])
    base = 0 if "rA0" in row.reads and not word >> 16 & 31 else a
    if "d(rA)" in row.syntax:
        base += (word & 0xFFFF ^ 0x8000) - 0x8000
    elif "rB" in row.syntax:
        base += b
    size = row.size
    if row.name in ("lmw", "stmw"):
        size = 4 * (32 - (word >> 21 & 31))
    elif row.name in ("lswi", "stswi"):
        size = word >> 11 & 31 or 32
    elif row.name in ("lswx", "stswx"):
        size = int(s["xer"]) & 0x7F
    elif row.name == "dcbz":
        base &= ~31
    return (base & 0xFFFFFFFF, size, row.store) if size else None
