"""Code that the host changes is executed as changed, whatever the processor has fetched."""

import pytest

import pteg

ICE = 0x8000


@pytest.mark.parametrize("cpu", ["pipeline", "functional"])
def test_code_written_between_two_runs_is_executed(cpu):
    m = pteg.Machine("g3", cpu=cpu)
    m.reset()
    # loop: addi r3,r3,1; b loop
    m.memory.write(0x1000, bytes.fromhex("38630001 4bfffffc"))
    m.cpu.spr["HID0"] = ICE
    m.cpu.pc, m.cpu.gpr[3] = 0x1000, 0
    m.step(100)
    assert m.cpu.gpr[3] == 50
    m.memory.write(0x1000, bytes.fromhex("38630064"))  # addi r3,r3,100
    m.step(2)
    assert m.cpu.gpr[3] == 150
