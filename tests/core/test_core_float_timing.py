"""Floating-point instructions in the core take the cycles that the 750's manual gives."""

import numpy as np
import pytest

from pteg.components.dram import Dram
from pteg.cpu import Limits
from pteg.lockstep.encoding import encode
from pteg.pipeline.cpu import PipelineCpu
from pteg.platform import Platform

CODE, DATA = 0x1000, 0x8000
FP, FE0, FE1, ICE, DCE = 0x2000, 0x800, 0x100, 0x8000, 0x4000
VE = 0x80
#: Instructions in the loop: twice as many tell what each one costs.
FEW, MANY, TURNS = 16, 32, 40


@pytest.fixture(scope="module")
def cpu():
    return PipelineCpu(Platform([Dram()]))


def cycles(cpu, body, msr=0, fpscr=0):
    """Cycles of a loop around these words, caches on."""
    cpu.platform.reset()
    memory = cpu.platform["dram"].memory
    words = [*body, encode("bc", BO=16, BI=0, BD=-len(body))]
    text = b"".join(word.to_bytes(4, "big") for word in words)
    memory[CODE:CODE + len(text)] = np.frombuffer(text, np.uint8)
    cpu.reset()
    state = cpu.get_state()
    state["pc"], state["msr"], state["ctr"], state["hid0"] = CODE, FP | msr, TURNS, ICE | DCE
    state["fpscr"] = fpscr
    state["gpr"][0][4] = DATA
    state["fpr"][0][:] = 0x3FF8000000000000
    cpu.set_state(state)
    cpu.run(Limits(instructions=2 * len(words)))
    before = cpu.cycle
    cpu.run(Limits(instructions=(TURNS - 2) * len(words), address=CODE + len(text)))
    return cpu.cycle - before


def cost(cpu, instruction, **registers):
    """Cycles of one more instruction; `instruction(i)` makes the i-th."""
    few, many = ([instruction(i) for i in range(n)] for n in (FEW, MANY))
    difference = cycles(cpu, many, **registers) - cycles(cpu, few, **registers)
    return difference / (TURNS - 2) / (MANY - FEW)


def independent(name, **fields):
    return lambda i: encode(name, frD=i % 8, **fields)


A, B, C = {"frA": 10}, {"frB": 11}, {"frC": 12}


@pytest.mark.parametrize(("name", "fields", "interval"), [
    ("fadd", A | B, 1), ("fmuls", A | C, 1), ("fmadds", A | B | C, 1), ("fmr", B, 1),
    ("fmul", A | C, 2), ("fmadd", A | B | C, 2), ("fdivs", A | B, 17), ("fdiv", A | B, 31),
    ("fres", B, 10)])
def test_independent_instructions(cpu, name, fields, interval):
    assert cost(cpu, independent(name, **fields)) == pytest.approx(interval, abs=0.1)


@pytest.mark.parametrize(("name", "fields", "latency"), [
    ("fadd", B, 3), ("fmadds", B | C, 3), ("fmul", C, 4), ("fmadd", B | C, 4)])
def test_instructions_that_wait_for_each_other(cpu, name, fields, latency):
    def chain(i):
        return encode(name, frD=1, frA=1, **fields)
    assert cost(cpu, chain) == pytest.approx(latency, abs=0.1)


def test_loads_take_a_cycle_each(cpu):
    assert cost(cpu, lambda i: encode("lfd", frD=i % 8, rA=4, d=8 * (i % 4))) <= 1.1
    assert cost(cpu, lambda i: encode("lfs", frD=i % 8, rA=4, d=4 * (i % 4))) <= 1.1


def test_integer_and_floating_point_instructions_share_a_cycle(cpu):
    def both(i):
        return (encode("fadd", frD=i % 8, **A, **B) if i % 2 else
                encode("addi", rD=i % 8 + 16, rA=4, SIMM=1))
    # Six entries of the completion queue, each taken for the five cycles of an fadd from dispatch
    # to completion: 5/6 of a cycle. With exceptions enabled it is a cycle more.
    assert cost(cpu, both) == pytest.approx(5 / 6, abs=0.05)
    for fe, ve, expected in ((FE1, 0, 5 / 6), (0, VE, 5 / 6), (FE0, VE, 1), (FE1, VE, 1)):
        assert cost(cpu, both, msr=fe, fpscr=ve) == pytest.approx(expected, abs=0.05)


def test_enabled_exceptions_do_not_lengthen_a_chain(cpu):
    def chain(i):
        return encode("fadd", frD=1, frA=1, **B)
    assert cost(cpu, chain, msr=FE0, fpscr=VE) == pytest.approx(3, abs=0.1)


def test_stores_take_a_cycle_each(cpu):
    assert cost(cpu, lambda i: encode("stfd", frS=i % 8, rA=4, d=8 * (i % 4))) <= 1.1
    assert cost(cpu, lambda i: encode("stfs", frS=i % 8, rA=4, d=4 * (i % 4))) <= 1.1
