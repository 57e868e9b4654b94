"""Translation for a debugger: the result of the tables, without any change to the machine.

The order of checks is that of PEM 7 (BATs, segment, page table). No R or C bit is set, and no TLB
is read or filled. A TLB may still have an older translation than the table: compare `tlb`.
Protection is reported, not enforced. Tables are read from RAM and ROM, never from devices.
"""

from dataclasses import dataclass, field

from pteg.errors import UserError
from pteg.hw.isa.instructions import decode
from pteg.hw.isa.registers import BatLower, BatUpper, Msr, PteHigh, PteLow, SegmentRegister

__all__ = ["Translation", "translate", "read_virtual", "write_virtual", "data_access", "tlb_lines",
           "bat_lines", "segment_lines", "pteg_lines", "walk_lines"]

PAGE = 4096


@dataclass
class Translation:
    """The translation of an effective address.

    Attributes
    ----------
    pa : int or None
        None: it is not mapped.
    how : str
        What mapped it, or why nothing does.
    steps : list of str
        The search of the page table, one line for each entry that was compared.
    """

    pa: int | None
    how: str
    steps: list = field(default_factory=list)


def translate(machine, ea, fetch=False, state=None):
    """Translate an effective address with the registers and the page table as they are."""
    s = (machine.cpu.state() if state is None else state)[0]
    if not s["msr"] & (Msr.IR if fetch else Msr.DR):
        return Translation(ea, "real mode")
    side = "i" if fetch else "d"
    valid = BatUpper.VP if s["msr"] & Msr.PR else BatUpper.VS
    for n in range(4):
        upper, lower = int(s[f"{side}bat{n}u"]), int(s[f"{side}bat{n}l"])
        inside = BatUpper.BL.get(upper) << 17 | 0x1FFFF
        if valid.get(upper) and (ea ^ upper) & ~inside & 0xFFFFFFFF == 0:
            return Translation(lower & BatLower.BRPN.mask | ea & inside,
                               f"{side.upper()}BAT{n}, {_rights(lower)}")
    segment = int(s["sr"][ea >> 28])
    if segment & SegmentRegister.T.mask:
        return Translation(None, f"SR{ea >> 28} is a direct-store segment")
    return _search(machine, ea, SegmentRegister.VSID.get(segment), int(s["sdr1"]))


def _groups(ea, vsid, sdr1):
    """Physical addresses of the primary and the secondary PTEG (PEM 7.6.1.3)."""
    hashed = vsid & 0x7FFFF ^ ea >> 12 & 0xFFFF
    for value in (hashed, hashed ^ 0x7FFFF):
        yield (sdr1 & 0xFFFF0000 | (value >> 10 & sdr1 & 0x1FF) << 16 | (value & 0x3FF) << 6)


def _entry(machine, address):
    """Both words of a PTE, or None where there is no memory."""
    try:
        data = machine.memory.read(address, 8)
    except UserError:
        return None
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big")


def _search(machine, ea, vsid, sdr1):
    wanted = PteHigh.V.mask | PteHigh.VSID.put(vsid) | ea >> 22 & 0x3F
    steps = []
    for secondary, group in enumerate(_groups(ea, vsid, sdr1)):
        steps.append(f"{('primary', 'secondary')[secondary]} group at {group:#010x}, wanted word "
                     f"{wanted | PteHigh.H.put(secondary):08x}")
        for address in range(group, group + 64, 8):
            entry = _entry(machine, address)
            if entry is None:
                return Translation(None, f"no memory at {address:#010x} for the page table", steps)
            steps.append(_entry_text(address, *entry))
            if entry[0] == wanted | PteHigh.H.put(secondary):
                return Translation(entry[1] & PteLow.RPN.mask | ea & 0xFFF,
                                   f"PTE at {address:#010x}, {_page(entry[1])}", steps)
    return Translation(None, f"no PTE for VSID {vsid:06x}, page {ea >> 12 & 0xFFFF:04x}", steps)


# Memory -----------------------------------------------------------------------------------------

def _pieces(machine, ea, size):
    """(physical address, size) of the parts that lie in one page each, as far as mapped."""
    state = machine.cpu.state()
    while size:
        part = min(size, PAGE - ea % PAGE)
        found = translate(machine, ea, state=state)
        if found.pa is None:  # code may be mapped for fetches alone
            found = translate(machine, ea, fetch=True, state=state)
        if found.pa is None:
            return
        yield found.pa, part
        ea, size = ea + part & 0xFFFFFFFF, size - part


def read_virtual(machine, ea, size):
    """Up to `size` bytes from an effective address on; fewer where RAM and ROM end.

    Devices are not read: that could change them.
    """
    data = b""
    for pa, part in _pieces(machine, ea, size):
        try:
            data += machine.memory.read(pa, part)
        except UserError:
            break
    return data


def write_virtual(machine, ea, data):
    """Store bytes at an effective address: all of them, or a UserError."""
    pieces = list(_pieces(machine, ea, len(data)))
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


# Texts ------------------------------------------------------------------------------------------

def _rights(lower):
    return f"WIMG {PteLow.WIMG.get(lower):04b}, PP {lower & 3:02b}"


def _page(low):
    return f"{_rights(low)}, R {PteLow.R.get(low)}, C {PteLow.C.get(low)}"


def _entry_text(address, high, low):
    text = f"  {address:08x}: {high:08x} {low:08x}"
    if not PteHigh.V.get(high):
        return f"{text}  invalid"
    return (f"{text}  VSID {PteHigh.VSID.get(high):06x}, H {PteHigh.H.get(high)}, "
            f"API {PteHigh.API.get(high):02x} -> {low & PteLow.RPN.mask:08x}, {_page(low)}")


def bat_lines(machine):
    """The block address translation registers."""
    s = machine.cpu.state()[0]
    for side in "id":
        for n in range(4):
            upper, lower = int(s[f"{side}bat{n}u"]), int(s[f"{side}bat{n}l"])
            size = BatUpper.BL.get(upper) + 1 << 17
            start = upper & BatUpper.BEPI.mask
            users = [name for name, bit in (("supervisor", BatUpper.VS), ("user", BatUpper.VP))
                     if bit.get(upper)]
            what = (f"{start:08x} to {start + size - 1:08x} -> {lower & BatLower.BRPN.mask:08x}, "
                    f"{_rights(lower)}, {' and '.join(users)}" if users else "invalid")
            yield f"{side.upper()}BAT{n} {upper:08x} {lower:08x}  {what}"


def segment_lines(machine):
    """The segment registers."""
    for n, value in enumerate(machine.cpu.sr):
        field_of = SegmentRegister
        what = "direct-store" if field_of.T.get(value) else (
            f"VSID {field_of.VSID.get(value):06x}, Ks {field_of.KS.get(value)}, "
            f"Kp {field_of.KP.get(value)}, N {field_of.N.get(value)}")
        yield f"SR{n:<2} {value:08x}  {n:x}0000000 to {n:x}fffffff  {what}"


def pteg_lines(machine, ea):
    """Both groups of page table entries in which an effective address is looked for."""
    s = machine.cpu.state()[0]
    vsid = SegmentRegister.VSID.get(int(s["sr"][ea >> 28]))
    for name, group in zip(("primary", "secondary"), _groups(ea, vsid, int(s["sdr1"])),
                           strict=True):
        yield f"{name} group at {group:#010x}"
        for address in range(group, group + 64, 8):
            entry = _entry(machine, address)
            yield f"  {address:08x}: no memory" if entry is None else _entry_text(address, *entry)


def walk_lines(machine, ea):
    """How an effective address is translated now, for data and for fetches."""
    named = machine.symbols.name(ea)
    symbol = f" <{named}>" if named else ""
    for name, fetch in (("data", False), ("fetch", True)):
        found = translate(machine, ea, fetch)
        yield from found.steps
        end = "not mapped" if found.pa is None else f"{found.pa:08x}"
        yield f"{name}: {ea:08x}{symbol} -> {end} ({found.how})"


def tlb_lines(machine):
    """The valid entries of both TLBs of the processor model."""
    for side, name in enumerate(("instruction", "data")):
        entries = sorted(machine.model.tlb(side))
        yield f"{name} TLB: {len(entries)} of 128 entries valid"
        for index, way, vsid, page, low in entries:
            yield (f"  set {index:2} way {way}  VSID {vsid:06x}, EA ?{page << 6 | index:04x}000 "
                   f"-> {low & PteLow.RPN.mask:08x}, {_rights(low)}, C {PteLow.C.get(low)}")
