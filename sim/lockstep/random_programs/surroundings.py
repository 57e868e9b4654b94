"""The machine around the body: page table, blocks and registers."""

from pteg.hw.isa.registers import Dabr, Hid0, Msr, SegmentRegister, Wimg
from pteg.lockstep.encoding import encode, load_constant, to_spr
from pteg.lockstep.random_programs import caches, system
from pteg.lockstep.random_programs.layout import BODY, DATA, FLOATS, REGISTERS, TABLE, TABLE_BYTES

__all__ = ["page_table", "prologue", "first_msr", "BLOCKS"]

#: Blocks for data, by what they are: the only user's, the supervisor's, both.
BLOCKS = (0x80000000, 0x90000000, 0xA0000000)
#: With `Options.conditions`: a direct-store segment, one whose pages cannot be accessed, one with
#: N = 1, one whose pages are guarded; a guarded block for instructions and a protected one.
_DIRECT, _PROTECTED, _NO_EXECUTE, _GUARDED = 6, 7, 8, 9
_GUARDED_BLOCK, _PROTECTED_BLOCK = 0xB0000000, 0xB8000000


def page_table(g):
    """Segments 1 to 5 with some pages each; the PTEs are in random slots."""
    table = bytearray(TABLE_BYTES)
    g.segments = [g.random.getrandbits(24) | g.random.randrange(4) << 29 for _ in range(16)]
    g.segments[0] &= 0x6FFFFFFF
    if not g.options.translation:
        return table
    for _ in range(40):
        ea = g.random.randrange(1, 6) << 28 | g.random.getrandbits(3) << 12
        if g.random.random() < 0.3:
            ea |= g.random.getrandbits(16) << 12
        if ea in g.windows:
            continue
        g.windows.append(ea)
        if g.random.random() < 0.25:
            g.refusing.append(ea)
            continue  # a page fault
        secondary = g.random.random() < 0.3
        slot = g.random.randrange(8)
        if _taken(g, table, ea, secondary, slot):
            g.refusing.append(ea)
            continue
        wimg = 0 if g.options.strict else g.random.choice((0, 0, 0, 2, 4, 8, 1, 5, 3))
        _map(g, table, ea, secondary, slot, wimg, (0, 1, 2, 2, 2, 3))
    if g.options.conditions:
        _conditions(g, table)
    return table


def _place(g, ea, secondary, slot):
    """Offset of a PTE in the table."""
    hashed = (g.segments[ea >> 28] & 0xFFFFFF ^ ea >> 12 & 0xFFFF) & 0x7FFFF
    if secondary:
        hashed ^= 0x7FFFF
    return (hashed & 0x3FF) << 6 | slot << 3


def _taken(g, table, ea, secondary, slot):
    return table[_place(g, ea, secondary, slot)] & 0x80


def _map(g, table, ea, secondary, slot, wimg, protections):
    """Write a PTE. The last four physical pages are caching-inhibited, in all their mappings."""
    vsid = g.segments[ea >> 28] & 0xFFFFFF
    high = 1 << 31 | vsid << 7 | secondary << 6 | ea >> 22 & 63
    page = g.random.randrange(60, 64) if wimg & Wimg.I else g.random.randrange(8, 56)
    low = (DATA + page * 4096 | g.random.getrandbits(2) << 7
           | wimg << 3 | g.random.choice(protections))
    place = _place(g, ea, secondary, slot)
    table[place:place + 8] = high.to_bytes(4, "big") + low.to_bytes(4, "big")
    g.program.pages.append(TABLE + place)
    if wimg & Wimg.I:
        g.uncached.append(ea)


def _conditions(g, table):
    """Segments and pages from which nothing can be fetched; some stop data accesses too."""
    key = SegmentRegister.KS.mask | SegmentRegister.KP.mask
    g.segments[_DIRECT] |= SegmentRegister.T.mask
    g.segments[_NO_EXECUTE] |= SegmentRegister.N.mask
    g.segments[_PROTECTED] |= key
    for number, wimg, protections in ((_NO_EXECUTE, 0, (1, 2, 3)), (_GUARDED, int(Wimg.G), (2,)),
                                      (_PROTECTED, 0, (0,))):
        for page in range(0x100, 0x104):    # behind the blocks
            ea, slot = number << 28 | page << 12, g.random.randrange(8)
            if not _taken(g, table, ea, False, slot):
                _map(g, table, ea, False, slot, wimg, protections)
            g.traps.append(ea)
            g.windows.append(ea)
            if number == _PROTECTED:
                g.refusing.append(ea)
    direct = [_DIRECT << 28, (_DIRECT << 28) - 0x1000, (_DIRECT + 1 << 28) - 0x1000]
    g.windows += direct + direct
    g.refusing += direct[::2]
    g.traps += [_DIRECT << 28, _GUARDED_BLOCK, _PROTECTED_BLOCK]


def _blocks(g):
    """Low memory one to one for both sides; views of the data, one of them read-only."""
    blocks = {"IBAT0U": 0x0000007F, "IBAT0L": 0x00000002,
              "DBAT0U": 0x0000007F, "DBAT0L": 0x00000002,
              "DBAT1U": BLOCKS[0] | 3, "DBAT1L": DATA | 1,
              "DBAT2U": BLOCKS[1] | 2, "DBAT2L": DATA | 2,
              "DBAT3U": BLOCKS[2] | 1, "DBAT3L": DATA | 2}
    if g.options.conditions:
        blocks |= {"IBAT1U": _GUARDED_BLOCK | 3, "IBAT1L": DATA | Wimg.G << 3 | 2,
                   "IBAT2U": _PROTECTED_BLOCK | 3, "IBAT2L": DATA}
    for name in (f"{side}BAT{n}{half}" for side in "ID" for n in range(4) for half in "UL"):
        yield name, blocks.get(name, 0)


def prologue(g):
    """Registers from constants, then rfi into the body."""
    options = g.options
    code = []
    for name, value in _blocks(g):
        code += load_constant(1, value) + [to_spr(name, 1)]
    for number, segment in enumerate(g.segments):
        code += load_constant(1, segment) + [encode("mtsr", SR=number, rS=1)]
    hid0 = int(Hid0.DCE) if options.strict or g.random.random() < 0.8 or options.cached else 0
    if not options.strict:
        hid0 |= caches.hid0(g) | int(Hid0.DCFI)
    for name, value in (("SDR1", TABLE), ("HID0", hid0), ("CTR", g.value()),
                        ("LR", BODY), ("XER", g.value() & 0xE000001F),
                        ("SPRG0", 0), ("SPRG1", 0), ("SPRG2", 0), ("SPRG3", 0),
                        ("DSISR", 0), ("DAR", 0), ("SRR0", BODY), ("SRR1", g.program_msr)):
        code += load_constant(1, value) + [to_spr(name, 1)]
    if options.conditions:
        code += load_constant(1, g.random.getrandbits(1) << 31) + [to_spr("EAR", 1)]
    if options.floating:
        code += [encode("lfd", frD=number, rA=0, d=FLOATS + 8 * number) for number in range(32)]
    if options.breakpoints:
        place = BODY + 4 * g.random.randrange(8 * options.length // 5)
        code += load_constant(1, place | system.iabr_bits(g)) + [to_spr("IABR", 1)]
        code += load_constant(1, g.address(False) & ~7 | Dabr.DW.mask | Dabr.DR.mask
                              | (Dabr.BT.mask if options.translation else 0)) + [to_spr("DABR", 1)]
    code += load_constant(0, g.value())
    code += [encode("mtcrf", CRM=255, rS=0), encode("lmw", rD=1, rA=0, d=REGISTERS), encode("rfi")]
    return code


def first_msr(g):
    """MSR in which the body begins."""
    msr = Msr.ME | Msr.RI
    if g.options.translation:
        msr |= Msr.IR | Msr.DR
    if g.options.user:
        msr |= Msr.PR
    if g.traces and g.random.random() < 0.2:
        msr |= g.random.choice((Msr.SE, Msr.BE))
    if g.options.interrupts:
        msr |= Msr.EE
    if g.options.floating:
        msr |= g.random.choice((0, Msr.FP, Msr.FP))
    if g.options.conditions and g.random.random() < 0.2:
        msr |= Msr.LE
    return int(msr)
