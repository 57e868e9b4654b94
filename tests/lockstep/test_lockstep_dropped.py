"""Loads that a wrong prediction drops have used the TLB: the next table search fills another way
than without them, and both models go on with the same entries."""

import numpy as np
import pytest
from pages import TRANSLATE, enter

import pteg
from pteg.cpu import Stop
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0
from pteg.hw.mmu.enums import Side
from pteg.lockstep import Lockstep
from pteg.lockstep.shared import SharedLockstep

DATA = 0x20000
#: Three pages of one set of the data TLB, which has two ways.
PAGES = 0x40003000, 0x40043000, 0x40083000

#: A random bit decides a branch, after a division: until then, the load on the path that has been
#: predicted goes ahead. Where that is wrong, the third page takes the place of another one.
PROGRAM = f"""
        .org    0x1000
_start:
{TRANSLATE}
1:      mulli   r26, r26, 1103
        addi    r26, r26, 12345
        rlwinm  r11, r26, 16, 31, 31
        lwz     r6, 0(r20)
        lwz     r6, 0(r21)
        divw    r7, r11, r9
        cmpwi   r7, 0
        beq     2f
        lwz     r6, 0(r20)
2:      lwz     r6, 0(r22)
        addi    r25, r25, 1
        b       1b
"""


def started(**parameters):
    machine = pteg.Machine("g3", rom="none", ram="1M", **parameters)
    program = assemble(PROGRAM)
    machine.load(program)
    for n, page in enumerate(PAGES):
        enter(machine, page, DATA + 0x1000 * n)
    for number in range(1, len(machine.cpus)):
        machine.model.set_held(number, False)
    for number, cpu in enumerate(machine.cpus):
        with cpu.changed() as state:
            state["pc"], state["hid0"] = program.symbols["_start"], Hid0.ICE | Hid0.DCE
            for register, value in ((9, 1), (26, 1 + number),
                                    *zip((20, 21, 22), PAGES, strict=True)):
                state["gpr"][0][register] = value
    return machine


@pytest.mark.parametrize("parameters", [{}, *(pytest.param(one, marks=pytest.mark.slow) for one in (
    {"tlb_sets": 1}, {"tlb_sets": 128, "tlb_ways": 1}, {"tlb_ways": 4, "tlb_replacement": "fifo"},
    {"tlb_replacement": "random"}))], ids=str)
def test_lockstep_of_one_fills_the_same_ways(parameters):
    machine = started(**parameters)
    lockstep = Lockstep(machine.model)
    for _ in range(200):
        assert lockstep.run(200) is Stop.INSTRUCTIONS
        theirs = {(index, way, page) for index, way, _, page, _ in machine.model.tlb(Side.DATA)}
        ours = lockstep._model["tlb_tag"][0, Side.DATA]
        assert theirs == {(*place, int(tag) & 0xFFFF) for place, tag in np.ndenumerate(ours) if tag}
    assert machine.cpu.gpr[25] > 1000


def test_lockstep_of_two_fills_the_same_ways():
    machine = started(processors=2)
    assert SharedLockstep(machine.model).run(80_000) is Stop.INSTRUCTIONS
    assert min(cpu.gpr[25] for cpu in machine.cpus) > 1000
