"""Sessions: entry, ioctls, the vectors, and their end."""

import re

import pytest

from pteg.boot.loader import read_elf
from pteg.firmware.hosts.hostb.image import build
from pteg.firmware.mol.image import FOLDER
from pteg.hw.isa.exceptions import Vector
from pteg.ledger import Ledger
from pteg.lockstep.exception_log import LOG
from pteg.mol.hostb import Flag, HostB, Option
from pteg.mol.hostl import BASE, HostL
from pteg.mol.scenarios import devices
from pteg.mol.small import STOP, guest
from pteg.mol.ways import elf
from pteg.worlds import GUESTS, World

IOCTLS = {name: int(number) for name, number in re.findall(
    r"#define MOL_IOCTL_(\w+) +(\d+)", (FOLDER / "mol_ioctl.h").read_text())}
VECTORS = [*range(0x100, 0xA00, 0x100), 0xC00, 0xD00, 0xF00, 0x1300, 0x1400, 0x1700]
#: Primary opcode of a branch.
BRANCH = 18
OK, GENERAL, IN_USE, INVALID = (0,), (100,), (101,), (102,)


def test_an_entry_with_a_wrong_magic_disables_mol(finished):
    """Scenario 1: the host's program exception, and no session can be made any more."""
    session = HostB(guest(""), flags=Flag.BAD_MAGIC)
    magic = session.data.session_magic
    book = Ledger(kinds="exception, return")
    session.machine.model.ledger(book.add)
    assert session.run(3_000_000, until=session.ended) == "address"
    assert session.result("status") == 103      # EMOLSECURITY
    assert magic == 0 and session.data.session_magic == 1
    assert not set(book.records["world"]) & set(GUESTS)         # it is never entered
    programs = book.records[book.records["cause"] == Vector.PROGRAM]
    assert len(programs) == 1 and programs["world"] == World.HOST_USER


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


@pytest.fixture
def answers(agree):
    """A function that makes ioctls before a guest begins, which is right nevertheless."""
    def call(*calls, program="", **options):
        calls = [(IOCTLS[name], *arguments, *[0] * (3 - len(arguments)))
                 for name, *arguments in calls]
        session = agree(guest(program), calls=calls, **options)
        return session.answers(), session
    return call


def test_each_ioctl_answers(answers):
    """Scenario 2: all numbers of the header, but for the end of the session, which follows."""
    unused = 0x0D000000
    index = list(HostB(guest("")).counters()).index("vsid_reclaim")
    expected = {
        ("CALL_KERNEL",): INVALID, ("DEBUGGER_OP", 0, 0x2000): OK, ("DEBUGGER_OP", 1): OK,
        ("DEBUGGER_OP", 2, 0x2468): (0, 2, 0, 0x2468), ("DEBUGGER_OP", 3): INVALID,
        ("CLEAR_PERF_INFO",): OK, ("IDLE_RECLAIM",): OK, ("GET_PERF_INFO", index): None,
        ("GET_PERF_INFO", 1000): INVALID, ("CREATE_SESSION", 0): IN_USE,
        ("SET_RAM", 0x40000000, 0x1000): IN_USE, ("SPR_CHANGED",): OK,
        ("MMU_MAP", 0x0FF00000, 0x1000, 0x40000000): OK, ("ADD_IORANGE", unused, 8, 9): OK,
        ("ADD_IORANGE", unused, 7, 9): INVALID, ("REMOVE_IORANGE", unused, 8): OK,
        ("REMOVE_IORANGE", unused, 7): INVALID, ("GET_MREGS",): None,
        ("ALLOC_EMUACCEL", 0x7CB143A6, 0x1000): GENERAL, ("MAPIN_EMUACCEL", 4): INVALID,
        ("MAPIN_MREGS", 4): INVALID, ("TUNE_SPR", 1024, 3): INVALID, ("TUNE_SPR", 1013, 5): INVALID,
        ("TUNE_SPR", 1013, 3): OK, ("GET_SESSION_MAGIC",): None, ("RAISE", 0x10000): INVALID,
        ("MEMORY_WRITTEN", 0x2000, 8): OK, ("SET_OPTION", 99, 1): INVALID,
        ("SET_OPTION", Option.PRIVATE_HASH, 1): OK}
    assert {name for name, *_ in expected} == set(IOCTLS) - {"DESTROY_SESSION", "EMULATE_ACCESS"}
    found, session = answers(*expected)
    found = dict(zip(expected, found, strict=True))
    for call, answer in expected.items():
        if answer:
            assert found[call][:len(answer)] == answer, call
    error, _, count, name = found["GET_PERF_INFO", index]
    assert (error, count) == (0, 1)
    assert session.machine.memory.read(name, 13) == b"vsid_reclaim\0"
    assert found["GET_MREGS",][:2] == (0, session.kvars)
    assert found["GET_SESSION_MAGIC",][0] == 0 != found["GET_SESSION_MAGIC",][1]


@pytest.mark.parametrize("action, vector", [(0, 0x700), (1, 0), (3, 0)])
def test_a_special_register_is_tuned(action, vector):
    """SPR_ILLEGAL, SPR_PRIVILEGED, SPR_READWRITE of IABR, which is stored in any case."""
    program = "        lis r3, 0x1234\n        mtspr 1010, r3\n        mfspr r4, 1010\n"
    session = HostB(guest(program), calls=[(IOCTLS["TUNE_SPR"], 1010, action, 0)])
    assert session.run(3_000_000) == "address"
    assert int.from_bytes(session.read(LOG, 4), "big") == vector
    assert session.machine.cpu.gpr[4] == (0 if vector else 0x12340000)


def test_a_range_of_devices_is_removed(hosted):
    """Nobody answers where one has been: a machine check."""
    program = devices.DEVICE + "        lwz r3, 0x100(r30)\n        nop\n"
    for calls, vector in (((), 0), ([(IOCTLS["REMOVE_IORANGE"], 0x0E000100, 8, 0)], 0x200)):
        session = hosted(guest(program), calls=calls)
        assert int.from_bytes(session.read(LOG, 4), "big") == vector


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
    assert ([machine.cpu.spr[name] for name in names], list(machine.cpu.sr)) == before
    table = machine.cpu.spr["SDR1"] & 0xFFFF0000
    vsids = {machine.memory.read_word(table + at) >> 7 & 0xFFFFFF for at in range(0, 0x10000, 8)
             if machine.memory.read_word(table + at) >> 31}
    assert vsids <= {register & 0xFFFFFF for register in machine.cpu.sr}


def test_vectors_are_linked_in_place(hosted):
    """HostB: each vector is MOL's handler itself, and no session changes it."""
    session = hosted(guest(""))
    image = read_elf(build(), "HostB").segments[0].data
    assert session.machine.memory.read(0, 0x3000) == image[:0x3000]
    for vector in VECTORS:
        assert session.machine.symbols.address(f"mol_vector_{vector:#x}") == vector
        assert any(image[vector:vector + 0x80])


def test_vectors_are_taken_over_and_continue_with_the_displaced_word():
    """HostL: a branch in each vector; the displaced word, and a branch to the second word."""
    session = HostL({"probe": elf(guest(""))}, ["insmod mol", "mol probe 2"])
    memory, address = session.machine.memory, session.machine.symbols.address
    original = [memory.read_word(vector) for vector in VECTORS]
    assert session.run(10_000_000, until=session.entry) == "address"
    for vector, displaced in zip(VECTORS, original, strict=True):
        assert target(vector, memory.read_word(vector)) == address(f"mol_vector_{vector:#x}") - BASE
        place = address(f"mol_continue_{vector:#x}") - BASE
        word = memory.read_word(place)
        if displaced >> 26 == BRANCH:
            assert target(place, word) == target(vector, displaced)
        else:
            assert word == displaced
        assert target(place + 4, memory.read_word(place + 4)) == vector + 4


def target(place, word):
    """Where a relative branch leads."""
    assert word >> 26 == BRANCH and not word & 3
    return place + ((word & 0x03FFFFFC ^ 0x02000000) - 0x02000000)
