"""Scenario 39: a guest that replaces its privileged instructions (docs/mol/emuaccel.md)."""

import struct

import pytest

from pteg.firmware.mol.image import names
from pteg.hw.isa.exceptions import Vector
from pteg.ledger import Kind, Ledger
from pteg.lockstep import Lockstep
from pteg.lockstep.exception_log import LOG
from pteg.mol import accel
from pteg.mol.guest import bare, comparable
from pteg.mol.hostb import Flag, HostB, Option
from pteg.mol.small import guest
from pteg.state import differences

UNKNOWN, PROTECTION, STORE, SLOTS, MREGS = 0xFFFFFFFF, 0x08000000, 0x02000000, 0x5000, 0x6000
SIZE = 0x2000                           # MREGS_SIZE
CALL = """
        load    r3, 0x113724fa
        load    r4, 0x77810f9b
        li      r5, {0}
        load    r6, {1:#x}
        load    r7, {2:#x}
        sc
"""
MTSPRG, MTMSR, MFMSR, RFI, ADD = 0x7CB143A6, 0x7CA00124, 0x7CA000A6, 0x4C000064, 0x7C632214
PAGES = CALL.format(90, MREGS, 0) + CALL.format(89, 0, SLOTS)


def code():
    """Range of the instructions that the guest replaces."""
    known = accel.symbols()
    return range(known.address("replaceable"), known.address("replaceable_end"), 4)


def programs(replaced):
    """The session, and how many program exceptions the replaceable instructions have caused."""
    session, book = HostB(accel.guest(replaced)), Ledger(kinds="exception")
    session.machine.model.ledger(book.add)
    assert session.run(3_000_000) == "address"
    return session, sum(record["cause"] == Vector.PROGRAM and int(record["pc"]) in code()
                        for record in book.records if record["kind"] == Kind.EXCEPTION)


def as_bare(session):
    """Registers and memory are those of the bare machine, but for the words that were replaced."""
    judge = bare(session.guest)
    assert judge.run(instructions=100_000, until=session.guest.stop) == "address"
    assert not list(differences(comparable(judge.model.get_state()),
                                comparable(session.guest_state())))
    left, right = judge.memory.read(0, session.guest.size), session.memory()
    places = [at for at in range(0, len(left), 4) if left[at:at + 4] != right[at:at + 4]]
    # The page of slots and the registers lie over memory, which the guest does not see any more.
    return [at for at in places if not SLOTS <= at < MREGS + SIZE]


def test_replaced_instructions_cause_no_program_exceptions():
    session, trapped = programs(False)
    assert trapped > 10 * accel.TIMES and session.counters()["emuaccel"] == 0
    assert not as_bare(session)
    session, trapped = programs(True)
    assert trapped == 0 and session.counters()["emuaccel"] > 5 * accel.TIMES
    changed = as_bare(session)
    assert set(changed) <= set(code())
    assert len(changed) > len(accel.KINDS)
    primary = {int.from_bytes(session.read(at, 4), "big") >> 26 for at in changed}
    assert primary == {18, 24, 32}      # b, ori (a nop), lwz


@pytest.mark.parametrize("host", [
    {"options": {Option.PRIVATE_HASH: 1}}, {"options": {Option.VSID_LIMIT: 32}},
    {"options": {Option.CALL_BY_USER: 1}}, {"options": {Option.TOUCH: 1, Option.COPY: 1}},
    {"tick": 2000, "flags": Flag.EVICT_AT_TICK}, {"tick": 2000, "flags": Flag.EVICT_QUIETLY},
    {"tick": 10_000, "flags": Flag.SWAP_AT_TICK},
], ids=str)
def test_whatever_the_host_does(host):
    session = HostB(accel.guest(True), **host)
    assert session.run(60_000_000) == "address"
    assert set(as_bare(session)) <= set(code())


def logged(session, number=0):
    """Vector, SRR0, SRR1, DSISR, DAR of an exception of the guest."""
    return struct.unpack_from(">5I", session.read(LOG, 64), 32 * number)


@pytest.mark.parametrize("access, cause", [
    ("stw r3, 0x6448(0)", PROTECTION | STORE), ("lwz r3, 0x5000(0)", PROTECTION),
    ("stw r3, 0x5000(0)", PROTECTION | STORE)])
def test_registers_cannot_be_written_and_slots_not_be_touched(hosted, access, cause):
    session = hosted(guest(PAGES + f"        mtsprg 2, r4\n        li r3, 0\n        {access}\n"))
    vector, _, _, dsisr, dar = logged(session)
    assert (vector, dsisr) == (0x300, cause)
    assert dar == int(access.split(", ")[1][:6], 16)
    assert session.variable("xSPR", 274) != 0


@pytest.mark.parametrize("before, target", [
    ("", SLOTS + 8),                                        # nobody has asked for this slot
    ("", MREGS),
    (CALL.format(89, MTSPRG, 0x1000), None)])               # this one in user state
def test_fetches_that_are_refused(hosted, before, target):
    user = "" if target else """
        load    r3, 0x5032
        mtsrr1  r3
        li      r3, 0x5000
        mtsrr0  r3
        rfi
"""
    jump = f"        li r3, {target}\n        mtctr r3\n        bctrl\n" if target else ""
    session = hosted(guest(PAGES + before + user + jump))
    vector, srr0, srr1, *_ = logged(session)
    assert vector == 0x400 and srr0 == (target or SLOTS) and srr1 & PROTECTION
    assert session.counters()["emuaccel"] == 0


def test_registers_can_be_read_in_real_mode(hosted):
    """The same page in all modes, without a base register."""
    session = hosted(guest(PAGES + """
        li      r4, 0x1002
        mtmsr   r4
        isync
        mtsprg  0, r4
        lwz     r20, 0x6440(0)          # SPRG0
        li      r4, 0x1032
        mtmsr   r4
        isync
        mtsprg  0, r4
        lwz     r21, 0x6440(0)
"""))
    assert [session.machine.cpu.gpr[n] for n in (20, 21)] == [0x1002, 0x1032]


@pytest.mark.parametrize("selector, first, second, answer", [
    (89, 0, 0x5004, UNKNOWN), (90, 0x6004, 0, UNKNOWN), (90, 0xFFFFF000, 0, UNKNOWN),
    (89, MFMSR, 0x1000, UNKNOWN), (89, ADD, 0x1000, UNKNOWN), (89, MTMSR, 0x1002, UNKNOWN),
    (89, MTMSR, 0x1000, 0), (89, RFI, 0x1000, 0), (0, 89, 0, 1), (0, 90, 0, 1)])
def test_answers_of_the_hypercalls(hosted, selector, first, second, answer):
    session = hosted(guest(PAGES + CALL.format(selector, first, second)))
    assert session.machine.cpu.gpr[3] == answer


def test_there_are_as_many_slots_as_words(hosted):
    session = hosted(guest(CALL.format(89, MTMSR, 0x1000) + "        mr r20, r3\n" + PAGES
                           + "        li r21, 1025\n1:" + CALL.format(89, MTMSR, 0x1000)
                           + """
        mr      r22, r23
        mr      r23, r3
        addic.  r21, r21, -1
        bne     1b
"""), limit=10_000_000)
    gpr = session.machine.cpu.gpr
    assert [gpr[n] for n in (20, 22, 23)] == [UNKNOWN, 4 * 1023, UNKNOWN]


def test_the_page_of_slots_can_be_moved(hosted):
    """The slot stays; its old place is memory again."""
    jump = "        li r3, {}\n        mtctr r3\n        load r5, {:#x}\n        bctrl\n"
    text = PAGES + CALL.format(89, MTSPRG, 0x14000) + jump.format(SLOTS, 0x1111)
    text += CALL.format(89, 0, 0x4000) + jump.format(0x4000, 0x2222) + "        nop\n"
    made = guest(text + "        lwz r20, 0x5000(0)\n", [{0x14004: 0x4E800020, SLOTS: 0xABCD}])
    session = hosted(made)
    assert session.counters()["emuaccel"] == 2
    assert session.variable("xSPR", 273) == 0x2222
    assert session.machine.cpu.gpr[20] == 0xABCD


def test_the_view_of_the_registers_shows_nothing_of_the_host():
    """It ends where the variables of the kernel part begin."""
    offsets = names()
    inside = {name for name, at in offsets.items() if name.startswith("x") and at < SIZE}
    assert {"xSPR", "xGPR", "xMSR", "xSEGR", "xNIP"} <= inside
    assert not inside & {name for name in offsets if name.startswith(("xEMULATOR", "xSR", "xVSID"))}
    assert offsets["xSR"] == SIZE


def test_both_models_agree():
    session = HostB(accel.guest(True), cpu="pipeline", tick=3000)
    both = Lockstep(session.machine.model, session.machine.symbols)
    assert both.run(3_000_000, address=session.guest.stop) == "address"
    assert session.counters()["emuaccel"] > 5 * accel.TIMES


@pytest.mark.slow
def test_replaced_instructions_cost_less():
    found = accel.measure()
    for kind, ways in found.items():
        replaced, trapped = ways["replaced"][1], ways["trapped"][1]
        assert replaced < trapped, kind
        if kind in (*accel.LOADED, "tlbie"):
            assert replaced < trapped / 20, kind
    assert len(accel.table(found).splitlines()) == 2 + len(accel.KINDS)


def test_a_machine_without_mol_replaces_nothing():
    machine = bare(accel.guest(True))
    assert machine.run(instructions=100_000, until=0x3F00) == "address"
    image = accel.guest(True).image()
    assert machine.memory.read(code().start, len(code()) * 4) \
        == image[code().start:code().stop]
