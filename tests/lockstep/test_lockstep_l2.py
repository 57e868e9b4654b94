"""Pipeline with an L2 and functional model agree: copy-back, write-through, data only, off."""

import importlib.util
import random
from pathlib import Path

import pytest

import pteg
from pteg.cpu import Stop
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, L2cr
from pteg.lockstep import Lockstep, Mismatch
from pteg.lockstep.random_programs import STOP, Options, random_program
from pteg.pipeline.cpu import PipelineCpu

_spec = importlib.util.spec_from_file_location(
    "pteg_test_lockstep_random", Path(__file__).with_name("test_lockstep_random.py"))
lockstep_random = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(lockstep_random)


@pytest.fixture(scope="module")
def cpu():
    return PipelineCpu(pteg.Machine("g3", l2="256K").platform)


def l2cr(clock=1, *bits):
    return (L2cr.L2E.mask | L2cr.L2SIZ.put(1) | L2cr.L2CLK.put(clock)
            | sum(field.mask for field in bits))


MODES = {"copy-back": l2cr(), "write-through": l2cr(4, L2cr.L2WT), "data only": l2cr(5, L2cr.L2DO),
         "off": 0}


@pytest.mark.parametrize("mode", MODES)
def test_random_programs_agree_behind_an_l2(cpu, mode):
    hits = done = 0
    for seed in range(700, 704):
        choice = random.Random(seed)
        program = random_program(seed, Options(length=300, user=choice.random() < 0.4,
                                               conditions=seed % 2 == 1))
        lockstep_random.prepare(cpu, program)
        state = cpu.get_state()
        state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
        state["l2cr"] = MODES[mode]
        cpu.set_state(state)
        lockstep = Lockstep(cpu)
        try:
            assert lockstep.run(1_000_000, address=STOP) is Stop.ADDRESS
        except Mismatch as mismatch:
            raise AssertionError(f"seed {seed}: {mismatch}") from None
        hits += cpu.stats()["cache"]["l2"]["hits"]
        done += lockstep.instructions
    assert done > 1500
    if mode != "data only":     # the data of these programs fit the first level
        assert (hits > 50) == (mode != "off")


#: r4: region, r5: lines of 64 bytes in it. Fills it and adds it up, in several states of the L2.
PROGRAM = """
        .macro on bits                  # UM 9.4: invalidate, wait, enable
        lis     r3,\\bits
        oris    r7,r3,0x20
        mtspr   1017,r7
wait\\@: mfspr   r7,1017
        andi.   r7,r7,1
        bne     wait\\@
        mtspr   1017,r3
        oris    r3,r3,0x8000
        sync
        mtspr   1017,r3
        sync
        .endm
        .macro each
        mtctr   r5
        mr      r6,r4
        .endm
_start: on      0x1200
        each
fill:   mullw   r8,r6,r6
        stw     r8,0(r6)
        stw     r6,36(r6)
        addi    r6,r6,64
        bdnz    fill
        li      r10,0
        each
sum:    lwz     r8,0(r6)
        lwz     r9,36(r6)
        add     r10,r10,r8
        xor     r10,r10,r9
        addi    r6,r6,64
        bdnz    sum
        each                            # what L1 and L2 have modified goes to memory
flush:  dcbf    0,r6
        addi    r9,r6,32
        dcbf    0,r9
        addi    r6,r6,64
        bdnz    flush
        sync
        li      r3,0
        mtspr   1017,r3
        sync
        li      r11,0
        each
again:  lwz     r8,0(r6)
        lwz     r9,36(r6)
        add     r11,r11,r8
        xor     r11,r11,r9
        stw     r11,8(r6)
        addi    r6,r6,64
        bdnz    again
        each
clean:  dcbf    0,r6
        addi    r9,r6,32
        dcbf    0,r9
        addi    r6,r6,64
        bdnz    clean
        sync
        on      0x1a08                  # write-through: may be invalidated at any time
        li      r12,0
        each
through: lwz    r8,8(r6)
        add     r12,r12,r8
        stw     r12,40(r6)
        addi    r6,r6,64
        bdnz    through
        sync
        on      0x1208
        each
last:   lwz     r8,40(r6)
        lwz     r9,8(r6)
        add     r12,r12,r8
        xor     r12,r12,r9
        addi    r6,r6,64
        bdnz    last
end:    b       end
"""


@pytest.mark.parametrize("lines", [1024, pytest.param(5000, marks=pytest.mark.slow)])
def test_software_switches_the_l2_on_and_off_as_the_manual_says(cpu, lines):
    program = assemble(PROGRAM, sections={".text": 0x1000})
    machines = {name: pteg.Machine("g3", cpu=name, l2="256K")
                for name in ("functional", "pipeline")}
    for machine in machines.values():
        machine.memory.write(0x1000, program.image(0x1000))
        with machine.cpu.changed() as state:
            state["pc"], state["hid0"] = 0x1000, Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
            state["gpr"][0][4], state["gpr"][0][5] = 0x100000, lines
        machine.run(cycles=10_000_000, until=program.symbols["end"])
        assert machine.cpu.pc == program.symbols["end"], "the program does not end"
    functional, pipeline = machines.values()
    for number in (3, 6, 8, 9, 10, 11, 12):
        assert pipeline.cpu.gpr[number] == functional.cpu.gpr[number]
    size = 64 * lines
    assert pipeline.memory.read(0x100000, size) == functional.memory.read(0x100000, size)
    counts = pipeline.stats()["cache"]["l2"]
    # 64 KB fit the L2 and not the first level; 320 KB fit neither.
    assert counts["hits"] > 2 * lines if lines == 1024 else counts["castouts"] > lines


def test_the_memory_that_a_debugger_sees_has_what_the_l2_has_modified(cpu):
    program = assemble("""
_start: stw     r6,0(r6)
        addi    r6,r6,32
        bdnz    _start
end:    b       end
""", sections={".text": 0x1000})
    machine = pteg.Machine("g3", l2="256K")
    machine.memory.write(0x1000, program.image(0x1000))
    with machine.cpu.changed() as state:
        state["pc"], state["hid0"], state["l2cr"] = 0x1000, Hid0.ICE | Hid0.DCE, l2cr()
        state["gpr"][0][6], state["ctr"] = 0x100000, 2048
    machine.run(cycles=1_000_000, until=program.symbols["end"])
    assert not machine.platform["dram"].memory[0x100000:0x108000].any()     # the L2 has it
    for address in (0x100000, 0x104040, 0x10FFE0):
        assert machine.memory.read_word(address) == address
    machine.memory.write_word(0x100000, 7)
    machine.memory.write_word(0x100004, 8)
    assert machine.memory.read(0x100000, 8) == bytes((0, 0, 0, 7, 0, 0, 0, 8))
