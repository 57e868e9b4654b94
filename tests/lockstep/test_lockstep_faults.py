"""Faults in lockstep: in every position of the instructions that move several registers, and where
write-through memory refuses an access."""

import struct

import pytest

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.exceptions import Dsisr
from pteg.hw.isa.registers import BatLower, Hid0, Msr, PteHigh, PteLow, Wimg
from pteg.lockstep import Lockstep

#: Two pages that follow each other; the second one comes and goes. Its PTE is at GROUP.
PAGE, FRAME, VSID = 0x1000_0000, 0x2_0000, 0x180
GROUP = (VSID ^ 1) * 64
BYTES = 32
PROGRAM = f"""
        .org    0x300
        addi    r2, r2, 1               # faults
        lwz     r31, {GROUP}(0)
        oris    r31, r31, 0x8000        # V
        stw     r31, {GROUP}(0)
        sync
        mfdar   r30
        xor     r29, r29, r30
        rfi
        .org    0x1000
_start: lis     r3, {PAGE >> 16}
        ori     r3, r3, 0x1000          # the second page
        li      r0, {BYTES}
        mtxer   r0
"""
FORGET = f"""
        lwz     r31, {GROUP}(0)
        rlwinm  r31, r31, 0, 1, 31
        stw     r31, {GROUP}(0)
        tlbie   r3
        sync
        addi    r4, r3, {{at}}
"""
#: Instruction and the alignment that it needs.
MOVES = [("lmw r24, 0(r4)", 4), ("stmw r24, 0(r4)", 4), (f"lswi r8, r4, {BYTES}", 1),
         (f"stswi r8, r4, {BYTES}", 1), ("lswx r8, 0, r4", 1), ("stswx r8, 0, r4", 1)]


@pytest.mark.parametrize("hid0", (0, Hid0.ICE | Hid0.DCE), ids=("uncached", "cached"))
@pytest.mark.parametrize("line, step", MOVES, ids=[line.split()[0] for line, _ in MOVES])
def test_a_fault_in_any_position_is_repaired_and_the_models_agree(line, step, hid0):
    places = range(-BYTES, 1, step)
    body = "".join(FORGET.format(at=at) + f"        {line}\n" for at in places)
    program = assemble(PROGRAM + body + "done:   b done\n", sections={".text": 0})
    machine = pteg.Machine("g3", cpu="pipeline", ram="1M")
    machine.memory.write(0, program.image(0))
    for number in range(2):
        low = FRAME + 0x1000 * number | PteLow.R.mask | PteLow.C.mask | 2
        high = PteHigh.V.mask | PteHigh.VSID.put(VSID)
        machine.memory.write((VSID ^ number) * 64, struct.pack(">II", high, low))
    machine.memory.write(FRAME, bytes(n * 7 & 0xFF for n in range(0x2000)))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = program.symbols["_start"], Msr.DR
        state["hid0"], state["sdr1"], state["sr"][0][1] = hid0, 0, VSID
        state["dbat0u"], state["dbat0l"] = 0x00001FFE, 2
    lockstep = Lockstep(machine.model)
    lockstep.run(10_000, address=program.symbols["done"])
    assert machine.cpu.gpr[2] == len(places) - 1    # all but the one that ends before the page


REFUSED = """
        .org    0x300
        mfdsisr r29
        mfdar   r30
done:   b       done
        .org    0x1000
_start: {line}
        b       done
"""


@pytest.mark.parametrize("line, cause", [
    ("eciwx  r8, 0, r4", Dsisr.DIRECT_STORE),
    ("ecowx  r8, 0, r4", Dsisr.DIRECT_STORE | Dsisr.STORE)])
def test_write_through_memory_refuses_external_control(line, cause):
    program = assemble(REFUSED.format(line=line), sections={".text": 0})
    machine = pteg.Machine("g3", cpu="pipeline", ram="1M")
    machine.memory.write(0, program.image(0))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["hid0"] = program.symbols["_start"], Msr.DR, Hid0.DCE
        state["dbat0u"], state["dbat0l"] = 0x00001FFE, BatLower.WIMG.put(Wimg.W) | 2
        state["ear"], state["gpr"][0][4] = 0x80000000, 0x8000
    Lockstep(machine.model).run(1_000, address=program.symbols["done"])
    assert machine.cpu.gpr[29] == cause and machine.cpu.gpr[30] == 0x8000
