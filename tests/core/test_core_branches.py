"""The branch target cache never has instructions that are no longer at an address."""

import pytest

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, Msr, PteHigh, PteLow

#: A function and its other version, physical; the effective addresses at which it is called: by
#: block and by page.
FIRST, SECOND = 0x2_0000, 0x4_0000
BLOCK, PAGED = 0x2_0000, 0x3000_0000
TABLE, VSIDS = 0x6_0000, (0x123, 0x345)

PROGRAM = """
        .org    0x1000
_start: mtctr   r30
        bctrl
        mtctr   r30
        bctrl
        mtctr   r30                 # the target cache has the function now
        bctrl
        mr      r29, r3
{change}
        mtctr   r30
        bctrl
done:   b       done
        .org    0x1300              # IABR
        li      r3, 2
        mflr    r5
        mtsrr0  r5
        rfi
"""
FUNCTION = """
        .org    {at}
        li      r3, {result}
        blr
"""
#: What changes the function at the address in r30; r28 has its data address, r27 another value.
STORE = "lwz r5, 0(r27)\n stw r5, 0(r28)\n dcbst 0, r28\n sync\n"
CHANGES = {
    "icbi": (BLOCK, SECOND, STORE + " icbi 0, r28\n sync\n isync"),
    "not cached": (BLOCK, SECOND, STORE + " isync"),
    "instruction cache off": (BLOCK, SECOND, STORE + " isync"),
    "mtspr to an IBAT": (BLOCK, SECOND | 2, "mtspr 531, r27\n isync"),
    "mtmsr": (BLOCK, int(Msr.DR | Msr.ME), "mtmsr r27\n isync"),
    "mtsr": (PAGED, VSIDS[1], "mtsr 3, r27\n isync"),
    "tlbie": (PAGED, SECOND | 2 | PteLow.R.mask | PteLow.C.mask,
              "stw r27, 4(r26)\n sync\n tlbie r30\n sync\n isync"),
    "IABR": (BLOCK, BLOCK | 3, "mtspr 1010, r27\n isync"),
}


def pte(memory, vsid, frame):
    """Write a PTE; returns its address."""
    place = TABLE + ((vsid ^ PAGED >> 12 & 0xFFFF) & 0x3FF) * 64
    high = PteHigh.V.mask | PteHigh.VSID.put(vsid) | PteHigh.API.put(PAGED >> 22 & 0x3F)
    memory.write_word(place, high)
    memory.write_word(place + 4, frame | PteLow.R.mask | PteLow.C.mask | 2)
    return place


@pytest.fixture(scope="module")
def machine():
    return pteg.Machine("g3", ram="1M", rom="none")


@pytest.mark.parametrize("name", CHANGES)
def test_a_function_that_changes_is_not_called_as_it_was(machine, name):
    address, value, change = CHANGES[name]
    program = assemble(PROGRAM.format(change=change), sections={".text": 0})
    machine.reset()
    machine.memory.write(0, program.image(0))
    # Instruction translation of the block leads to the second version for mtmsr, which ends it.
    mapped, expected = (SECOND, (2, 1)) if name == "mtmsr" else (FIRST, (1, 2))
    for at, result in ((FIRST, 1), (SECOND, 2)):
        function = assemble(FUNCTION.format(at=at, result=result), sections={".text": 0})
        machine.memory.write(at, function.image(0)[at:at + 8])
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = program.symbols["_start"], Msr.IR | Msr.DR | Msr.ME
        state["hid0"] = Hid0.DCE | Hid0.BTIC | (0 if name.endswith("off") else Hid0.ICE)
        state["sdr1"], state["sr"][0][3] = TABLE, VSIDS[0]
        state["dbat0u"], state["dbat0l"] = 0x1FFE, 2
        state["ibat0u"], state["ibat0l"] = 2, 2
        state["ibat1u"] = BLOCK | 2
        state["ibat1l"] = mapped | 2 | (0x20 if name == "not cached" else 0)
        state["gpr"][0][27], state["gpr"][0][28], state["gpr"][0][30] = value, FIRST, address
        state["gpr"][0][26] = pte(machine.memory, VSIDS[0], FIRST)
    pte(machine.memory, VSIDS[1], SECOND)
    machine.run(until=program.symbols["done"], cycles=20_000)
    assert machine.cpu.pc == program.symbols["done"]
    assert (machine.cpu.gpr[29], machine.cpu.gpr[3]) == expected
