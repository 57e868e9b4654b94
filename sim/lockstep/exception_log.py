"""Exception handlers of random programs: they write what happened to a log, and continue.

An entry of the log has 32 bytes: vector, SRR0, SRR1, DSISR, DAR, and 12 that stay zero. The log is
a ring; the next entry is where `LOG_POINTER` points. SPRG0 and SPRG1 keep r1 and r2 meanwhile.
"""

from pteg.hw.isa.registers import Msr
from pteg.lockstep.encoding import as_bytes, branch_to, encode, from_spr, to_spr

__all__ = ["exception_log", "STOP", "LOG", "LOG_BYTES", "LOG_POINTER"]

STOP, HANDLERS, LOG_POINTER = 0x3F00, 0x3000, 0x2000
LOG, LOG_BYTES = 0x20000, 0x10000


def exception_log(floating):
    """Vector code and common ends: skip the instruction, continue, clear the breakpoint, return to
    LR; in programs with `floating` point, also make it available, and disable its exceptions."""
    memory = {}
    tails = {"skip": [from_spr("SRR0", 1), encode("addi", rD=1, rA=1, SIMM=4), to_spr("SRR0", 1)],
             "resume": [], "clear": [encode("addi", rD=1, rA=0, SIMM=0), to_spr("IABR", 1)],
             "return": [from_spr("LR", 1), to_spr("SRR0", 1)]}
    ends = {0x400: "return", 0x500: "resume", 0x900: "resume", 0xC00: "resume", 0xD00: "resume",
            0x1300: "clear", 0x1700: "resume"}
    if floating:
        tails["available"] = [from_spr("SRR1", 1), encode("ori", rA=1, rS=1, UIMM=int(Msr.FP)),
                              to_spr("SRR1", 1)]
        tails["disable"] = [encode("mfmsr", rD=1), encode("ori", rA=1, rS=1, UIMM=int(Msr.FP)),
                            encode("mtmsr", rS=1), encode("mtfsfi", crfD=6, IMM=0),
                            encode("mtfsb0", crbD=28), *tails["skip"]]
        ends |= {0x700: "disable", 0x800: "available"}
    place = {}
    for number, (name, tail) in enumerate(tails.items()):
        place[name] = HANDLERS + 0x100 * number
        code = [encode("lwz", rD=2, rA=0, d=LOG_POINTER), encode("stw", rS=1, rA=2, d=0)]
        for offset, spr in ((4, "SRR0"), (8, "SRR1"), (12, "DSISR"), (16, "DAR")):
            code += [from_spr(spr, 1), encode("stw", rS=1, rA=2, d=offset)]
        code += [encode("addi", rD=2, rA=2, SIMM=32),
                 encode("rlwinm", rA=2, rS=2, SH=0, MB=16, ME=31),
                 encode("oris", rA=2, rS=2, UIMM=LOG >> 16),
                 encode("stw", rS=2, rA=0, d=LOG_POINTER), *tail,
                 from_spr("SPRG0", 1), from_spr("SPRG1", 2), encode("rfi")]
        memory[place[name]] = as_bytes(code)
    for vector in range(0x100, 0x1800, 0x100):
        code = [to_spr("SPRG0", 1), to_spr("SPRG1", 2),
                encode("addi", rD=1, rA=0, SIMM=vector)]
        target = place[ends.get(vector, "skip")]
        memory[vector] = as_bytes([*code, branch_to(vector + 12, target)])
    memory[STOP] = as_bytes([encode("b", LI=0)])
    memory[LOG_POINTER] = LOG.to_bytes(4, "big")
    return memory
