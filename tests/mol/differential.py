"""The same guest on the bare machine and under MOL on HostB: registers and memory must be equal."""

import numpy as np

from pteg.lockstep.encoding import encode
from pteg.lockstep.random_programs import STOP, random_program
from pteg.mol.compare import differing
from pteg.mol.guest import Guest
from pteg.mol.hostb import HostB

MFSPR = 339
#: A guest's supervisor reads the user's view of the performance monitor from the hardware: no trap.
USER_MONITOR = list(range(936, 943))
NOP = encode("ori", rA=0, rS=0, UIMM=0)


def without_user_monitor(code):
    """The code, with a nop for each instruction that reads the user's performance monitor."""
    words = np.frombuffer(code[:len(code) & ~3], ">u4").copy()
    spr = words >> 16 & 31 | words >> 6 & 0x3E0
    reads = (words >> 26 == 31) & (words >> 1 & 0x3FF == MFSPR)
    words[reads & np.isin(spr, USER_MONITOR)] = NOP
    return words.tobytes() + code[len(code) & ~3:]


def random_guest(seed, options):
    """A random program of the lockstep tests as a guest."""
    program = random_program(seed, options)
    memory = {address: without_user_monitor(data) if len(data) > 16 else data
              for address, data in program.memory.items()}
    return Guest(memory, program.pc, STOP, program.msr, 4 << 20)


def compare(guest, limit=2_000_000, cpu="functional", **session):
    """Run both; what differs, as a list of texts, and the session."""
    hosted = HostB(guest, cpu=cpu, **session)
    stop = hosted.run(100 * limit)
    if stop != "address":
        return [f"{stop} under MOL"], hosted
    return differing(guest, hosted, limit), hosted
