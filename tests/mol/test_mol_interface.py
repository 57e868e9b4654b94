"""Sessions: entry, ioctls, takeover of the vectors, and their end."""

from pteg.boot.loader import read_elf
from pteg.firmware.hosts.hostb.image import build
from pteg.mol.hostb import Flag, HostB
from pteg.mol.scenarios import devices
from pteg.mol.small import STOP, guest


def test_an_entry_with_a_wrong_magic_disables_mol(finished):
    """Scenario 1."""
    session = finished(guest(""), flags=Flag.BAD_MAGIC)
    assert session.result("status") == 103      # EMOLSECURITY
    assert session.counters()["mtsr_"] == 0     # the guest has executed nothing


def test_unknown_ioctls_change_nothing():
    """Scenario 2."""
    session = HostB(guest(""), flags=Flag.UNKNOWN_IOCTLS)
    address = session.machine.symbols.address
    assert session.run(3_000_000, until=address("hostb_before")) == "address"
    before = session.machine.memory.read(session.kvars, 0x8000)
    assert session.run(3_000_000, until=address("hostb_after")) == "address"
    assert session.machine.memory.read(session.kvars, 0x8000) == before
    assert session.run(3_000_000, until=session.ended) == "address"
    assert session.result("status") == 256 - 22


def test_the_host_is_as_before_when_the_session_has_ended(finished):
    """Scenarios 4 and 28: vectors, segments, BATs, SPRGs; no PTE is left."""
    session = HostB(devices.nothing())
    machine = session.machine
    assert session.run(1_000_000, until=machine.symbols.address("user_main")) == "address"
    names = [f"{side}BAT{n}{half}" for side in "ID" for n in range(4) for half in "UL"]
    names += ["SPRG2", "SPRG3", "SDR1"]
    before = [machine.cpu.spr[name] for name in names], list(machine.cpu.sr)
    vectors = machine.memory.read(0, 0x3000)
    assert session.run(1_000_000, until=STOP) in ("address", "instructions")
    session = finished(devices.nothing())
    machine = session.machine
    assert machine.memory.read(0, 0x3000) == vectors
    image = read_elf(build(), "HostB")
    assert vectors[0x200:0x2000] == image.segments[0].data[0x200:0x2000]
    assert ([machine.cpu.spr[name] for name in names], list(machine.cpu.sr)) == before
    table = machine.cpu.spr["SDR1"] & 0xFFFF0000
    vsids = {machine.memory.read_word(table + at) >> 7 & 0xFFFFFF for at in range(0, 0x10000, 8)
             if machine.memory.read_word(table + at) >> 31}
    assert vsids <= {register & 0xFFFFFF for register in machine.cpu.sr}


def test_vectors_are_taken_over_and_continue_with_the_displaced_word(hosted):
    session = hosted(guest(""))
    memory, address = session.machine.memory, session.machine.symbols.address
    original = read_elf(build(), "HostB").segments[0].data
    for vector in (0x300, 0x700, 0x900, 0xC00):
        word = memory.read_word(vector)
        assert word >> 26 == 18
        assert vector + (word & 0x03FFFFFC) == address(f"mol_vector_{vector:#x}")
        place = address(f"mol_continue_{vector:#x}")
        assert memory.read(place, 4) == original[vector:vector + 4]
