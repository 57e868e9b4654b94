"""The caches as a whole, and code that changes."""

from pteg.hw.isa.registers import Hid0
from pteg.lockstep.encoding import encode, from_spr, load_constant, to_spr
from pteg.lockstep.exception_log import LOG, LOG_BYTES, LOG_POINTER
from pteg.lockstep.random_programs.generator import Placed
from pteg.lockstep.random_programs.integer import plain
from pteg.lockstep.random_programs.layout import BODY, DATA, DATA_BYTES, TABLE, TABLE_BYTES

__all__ = ["modify", "caches", "hid0"]

#: Instructions of a group that changes one.
_MODIFY_WORDS = 10


def modify(g):
    """Change an instruction just before it is executed."""
    if g.options.strict and g.traces:  # emulators trace isync
        return plain(g)
    old, new, register = plain(g)[0], plain(g)[0], g.free()

    def words(here, _):
        place = here + 4 * (_MODIFY_WORDS - 1)
        return [*load_constant(2, place), *load_constant(register, new),
                encode("stw", rS=register, rA=2, d=0),
                encode("dcbst", rA=0, rB=2), encode("sync"), encode("icbi", rA=0, rB=2),
                encode("isync"), old]
    return [Placed(_MODIFY_WORDS, words)]


def hid0(g):
    """HID0 with a random choice of what may be on or off at any time, which DCE may not."""
    # Code may have changed while the instruction cache was off.
    value = Hid0.ICFI
    for bit in (Hid0.ICE, Hid0.ILOCK, Hid0.DLOCK, Hid0.ABE, Hid0.NOOPTI):
        if g.random.random() < (0.7 if bit is Hid0.ICE else 0.3):
            value |= bit
    for bit in (Hid0.BHT, Hid0.BTIC):
        if g.reserved.random() < 0.7:
            value |= bit
    if g.options.cached:
        value = (value | Hid0.ICE) & ~(Hid0.ILOCK | Hid0.DLOCK)
    return int(value)


def caches(g):
    """Enable and lock caches; the data cache can also be flushed and enabled or disabled."""
    if g.options.user or g.options.strict:
        return plain(g)
    keep = [from_spr("HID0", 2), encode("rlwinm", rA=2, rS=2, SH=0, MB=17, ME=17)]
    if g.traces or g.options.cached or g.random.random() < 0.95:
        return keep + [encode("ori", rA=2, rS=2, UIMM=hid0(g)), to_spr("HID0", 2)]
    code = [g.form("mfmsr", rD=2), encode("rlwinm", rA=1, rS=2, SH=0, MB=17, ME=15),
            g.form("mtmsr", rS=1), to_spr("SPRG2", 2)]
    if g.options.breakpoints:    # they are exceptions too
        code = [encode("addi", rD=2, rA=0, SIMM=0), to_spr("IABR", 2), *code]
    for first, size in ((LOG_POINTER, 32), (LOG, LOG_BYTES), (TABLE, TABLE_BYTES),
                        (DATA, DATA_BYTES), (BODY, 0x10000)):
        code += load_constant(2, size // 32) + [
            to_spr("CTR", 2), *load_constant(2, first), g.form("dcbf", rA=0, rB=2),
            encode("addi", rD=2, rA=2, SIMM=32), encode("bc", BO=16, BI=0, BD=-2)]
    # What was modified while it was disabled is not what it holds.
    return code + [encode("sync"), *keep, encode("xori", rA=2, rS=2, UIMM=int(Hid0.DCE)),
                   encode("ori", rA=2, rS=2, UIMM=hid0(g) | int(Hid0.DCFI)),
                   to_spr("HID0", 2), from_spr("SPRG2", 2), g.form("mtmsr", rS=2),
                   encode("isync")]
