"""Special-purpose registers, the MSR, exceptions, breakpoints and time."""

from pteg.hw.isa.instructions import INSTRUCTIONS, Unit
from pteg.hw.isa.registers import SPR_BY_NAME, SPRS, Dabr, Iabr, Msr
from pteg.lockstep.encoding import encode, load_constant, to_spr
from pteg.lockstep.random_programs.generator import Placed
from pteg.lockstep.random_programs.integer import plain

__all__ = ["spr", "supervisor", "exception", "breakpoint_", "time", "iabr_bits"]

#: SPRs that every model reads back as written.
_PLAIN_SPRS = ("XER", "LR", "CTR", "DSISR", "DAR", "SRR0", "SRR1", "SPRG0", "SPRG1", "SPRG2",
               "SPRG3", "PVR", "SDR1", "IBAT0U", "IBAT3L", "DBAT0U", "DBAT1L")
_WRITABLE_SPRS = ("LR", "CTR", "DSISR", "DAR", "SRR0", "SPRG0", "SPRG1", "SPRG2", "SPRG3",
                  "MMCR0", "PMC1", "PMC2", "SIA", "EAR", "ICTC", "THRM1", "THRM2", "THRM3")


def spr(g):
    """Any SPR: those that must keep their values are only read."""
    spr = g.random.choice(SPRS)
    if g.options.strict and spr.name not in _PLAIN_SPRS:
        spr = SPR_BY_NAME[g.random.choice(_PLAIN_SPRS)]
    if spr.name in ("TBL", "TBU", "DEC") and not g.options.time:
        spr = SPR_BY_NAME["SPRG3"]
    writes = g.random.random() < 0.5 and (spr.name in _WRITABLE_SPRS or g.options.user)
    if writes and not (g.options.strict and spr.name in ("XER", "SRR0")):
        return [g.form("mtspr", spr=spr.number, rS=g.any())]
    return [g.form("mfspr", spr=spr.number, rD=g.free())]


def supervisor(g):
    """Segment registers that nothing uses, TLB management, the MSR."""
    pick = g.random.randrange(7)
    if pick == 0:
        return [g.form("mfsr", rD=g.free(), SR=g.random.randrange(16))]
    if pick == 1:
        return [g.form("mfsrin", rD=g.free(), rB=g.any())]
    if pick == 2:  # T = 0 and no reserved bits
        value = g.random.getrandbits(32) & 0x70FFFFFF
        return [*load_constant(2, value), g.form("mtsr", SR=g.random.randrange(12, 16), rS=2)]
    if pick == 3:
        return [g.form("tlbie", rB=g.any()), g.form("tlbsync")]
    if pick == 4:
        return [g.form("mfmsr", rD=g.free())]
    if pick == 5 and not g.options.user:
        # An exception that has waited for the new MSR skips what follows.
        nop = encode("ori", rA=0, rS=0, UIMM=0)
        return [*load_constant(2, _mode(g)), g.form("mtmsr", rS=2), nop]
    return [encode("rfi")] if g.options.user else [g.form("eieio")]


def _mode(g):
    """An MSR with which the body can continue: everything it touches is mapped one to one."""
    msr = g.program_msr & ~Msr.PR & ~Msr.SE & ~Msr.BE
    for bit in (Msr.FE0, Msr.FE1, Msr.RI, Msr.PM):
        if g.random.random() < 0.5:
            msr ^= bit
    if not g.jumps and g.random.random() < 0.3:
        msr ^= Msr.IR
    if g.options.floating and g.random.random() < 0.3:
        msr ^= Msr.FP
    if g.traces and g.random.random() < 0.2:
        msr |= g.random.choice((Msr.SE, Msr.BE))
    if g.options.interrupts and g.random.random() < 0.2:
        msr ^= Msr.EE
    if g.options.conditions and g.random.random() < 0.3:
        msr ^= Msr.LE
    return int(msr)


def exception(g):
    """sc, an illegal word, a floating-point instruction, a jump to nowhere."""
    pick = g.random.randrange(4)
    if pick == 0:
        return [g.form("sc")]
    if pick == 1:
        return [g.random.choice((0, 0x04000000, 0x7C0005EC, 0x7C0002E4, 0xFC00003A | 0x2C))
                if not g.options.strict else 0]
    if pick == 2 or not g.jumps:
        row = g.random.choice([row for row in INSTRUCTIONS if row.unit is Unit.FPU])
        return [g.form(row.name, **g.operands(row))]
    # An ISI: its handler returns to LR, behind the branch.
    return load_constant(2, 0x70000000 | g.random.getrandbits(20) << 2) + [
        to_spr("CTR", 2), encode("bcctr", BO=20, BI=0, LK=1)]


def breakpoint_(g):
    """The double word at a pointer, or an instruction a little further on."""
    if g.random.random() < 0.6:
        bits = g.random.choice((Dabr.DW.mask, Dabr.DR.mask, Dabr.DW.mask | Dabr.DR.mask))
        if (g.program_msr & Msr.DR != 0) != (g.random.random() < 0.1):
            bits |= Dabr.BT.mask
        return [encode("addi", rD=2, rA=g.pointer(), SIMM=g.random.choice((0, 0, 4, 8, -8, 32))),
                encode("rlwinm", rA=2, rS=2, SH=0, MB=0, ME=28),
                encode("ori", rA=2, rS=2, UIMM=bits), to_spr("DABR", 2)]
    ahead, bits = g.random.randrange(24), iabr_bits(g)
    return [Placed(4, lambda here, _: [*load_constant(2, here + 16 + 4 * ahead | bits),
                                       to_spr("IABR", 2), encode("isync")])]


def iabr_bits(g):
    """Enabled, mostly in the mode that the body is in."""
    matches = (g.program_msr & Msr.IR != 0) != (g.random.random() < 0.1)
    return Iabr.BE.mask | (Iabr.TE.mask if matches else 0)


def time(g):
    if not g.options.time:
        return plain(g)
    return [g.form("mftb", rD=g.free(), tbr=268 + g.random.randrange(2))]
