"""Open Firmware as the guest of MOL on HostL, from the reset vector in its ROM."""

import pytest

from pteg.firmware import images
from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.presets import g3


@pytest.mark.parametrize("cpu", ["functional", pytest.param("pipeline", marks=pytest.mark.slow)])
def test_the_rom_gets_to_its_prompt_and_answers(new_session, cpu):
    host = new_session(elf=build_with_mol(guests={"rom": images.build("openfirmware", g3())}),
                       ram="64M", cpu=cpu)
    free = host.free()
    host("insmod mol")
    host.type("mol rom 16")
    console = host.machine.console
    assert host.machine.run(until="0 > ", instructions=20_000_000) == "console", console.read()
    # It finds the end of memory by machine checks.
    assert b"pteg Open Firmware, 16 MB of memory" in console.read()
    console.write(b"decimal 6 7 * .\r")
    assert host.machine.run(until="42", instructions=5_000_000) == "console", console.read()
    host.check()
    console.write(b"\x04")
    host.read()
    host("rmmod mol")
    assert host.free() == free
