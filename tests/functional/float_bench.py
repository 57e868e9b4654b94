"""Executes one floating-point instruction on many operands, as a program of the model's own."""

import numpy as np

from pteg.components.dram import Dram
from pteg.cpu import Limits
from pteg.functional import FunctionalCpu
from pteg.lockstep.encoding import encode
from pteg.platform import Platform

CODE, DATA, FP = 0x1000, 0x100000, 0x2000


class FloatBench:
    """A processor with RAM and a loop around the instruction.

    A row is four doubles: f4, f5, f6 and FPSCR; f3 and FPSCR afterwards are stored over the first
    two. f3 begins as `untouched`.
    """

    untouched = 0x3FF123456789ABCD

    def __init__(self, **options):
        self.ram = Dram()
        self.cpu = FunctionalCpu(Platform([self.ram]), **options)

    def run(self, word, operands, fpscr):
        """Results and FPSCRs of `word` (frD = 3, frA, frB, frC = 4, 5, 6).

        Parameters
        ----------
        operands : array of uint64, shape (n, 3)
        fpscr : array of int, or one for all
        """
        count = len(operands)
        table = np.zeros((count, 4), ">u8")
        table[:, :3], table[:, 3] = operands, fpscr
        data = self.ram.memory[DATA:DATA + 32 * count]
        data[:] = table.reshape(-1).view(np.uint8)
        code = [encode("lfd", frD=4, rA=4, d=0), encode("lfd", frD=5, rA=4, d=8),
                encode("lfd", frD=6, rA=4, d=16), encode("lfd", frD=0, rA=4, d=24),
                encode("fmr", frD=3, frB=1), encode("mtfsf", FM=255, frB=0), word,
                encode("mffs", frD=7), encode("stfd", frS=3, rA=4, d=0),
                encode("stfd", frS=7, rA=4, d=8), encode("addi", rD=4, rA=4, SIMM=32)]
        code.append(encode("bc", BO=16, BI=0, BD=-len(code)))
        text = b"".join(w.to_bytes(4, "big") for w in code)
        self.ram.memory[CODE:CODE + len(text)] = np.frombuffer(text, np.uint8)
        self.cpu.reset()
        state = self.cpu.get_state()
        state["pc"], state["msr"], state["ctr"] = CODE, FP, count
        state["gpr"][0][4], state["fpr"][0][1] = DATA, self.untouched
        self.cpu.set_state(state)
        self.cpu.run(Limits(instructions=len(code) * count))
        assert self.cpu.get_state()["pc"][0] == CODE + len(text)
        after = data.view(">u8").reshape(count, 4)
        return after[:, 0].tolist(), (after[:, 1] & 0xFFFFFFFF).tolist()
