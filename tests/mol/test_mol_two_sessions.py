"""Sessions as processes of HostL: two at once, and a host whose pages are evicted."""

import pytest

from pteg.firmware.hosts.hostl.checker import Checker
from pteg.ledger import Ledger
from pteg.mol.occupancy import occupancy, session_of
from pteg.mol.scenarios import SCENARIOS
from pteg.worlds import GUESTS, World


@pytest.fixture
def started():
    """A function that begins a scenario; its session and its checker."""
    def begin(name):
        session = SCENARIOS[name].session()
        return session, Checker(session.machine, session.elf)
    return begin


def whole(checker):
    checker.settle()
    problems = checker.check()
    assert not problems, "\n".join(problems[:10])


def owners(session):
    """Sessions with entries in the hash table or in a TLB; -1 is the host."""
    found = {int(session_of(entry.vsid)) for entry in session.machine.mmu.tlb()}
    table = occupancy(session.machine, session.sdr1)
    return found | {number for number in range(8) if f"session {number}" in table}


def test_two_sessions_are_apart_and_one_outlives_the_other(started):
    """Scenario 3."""
    session, checker = started("two-sessions")
    seen, stop = set(), "instructions"
    while stop == "instructions":
        stop = session.run(300_000)
        whole(checker)
        alive = frozenset(number for number in range(8) if session.kvars(number))
        assert owners(session) - {-1} <= alive
        seen.add(alive)
    assert {frozenset({0, 1}), frozenset({1})} <= seen
    printed = session.machine.console.read().decode()
    assert "S" in printed.split("mol long 2")[1] and "L" in printed.split("mol long 2")[1]
    assert "X" not in printed.split("mol long 2")[1]


def test_the_host_faults_again_where_the_guest_has_driven_it_out(started):
    """Scenario 14: an entry is driven out twice, so the host's process has made it again; its data
    are right, and so are R and C of its pages."""
    session, checker = started("host-evicted")
    machine, store = session.machine, session.machine.symbols.address("store_pte")
    stolen = []
    while len(stolen) == len(set(stolen)):
        assert session.run(30_000_000, until=store) == "address"
        slot = (session.sdr1 & 0xFFFF0000) + machine.cpu.gpr[4]
        tag = machine.memory.read_word(slot)
        if tag >> 31 and session_of(tag >> 7 & 0xFFFFFF) == -1:
            stolen.append(tag)
        machine.step()
    assert session.counters()["pte_evicted"] >= len(stolen)
    assert session.run(60_000_000) == "console"
    printed = machine.console.read().decode()
    assert "stress: ok" in printed and printed.endswith("C$ ")
    whole(checker)


def test_two_guests_have_floating_point_registers_of_their_own(started):
    """Scenario 35: 12 additions in many slices; only slices with one load the registers."""
    session, checker = started("two-floats")
    stop, loads, interrupts = "instructions", [0, 0], [0, 0]
    while stop == "instructions":
        stop = session.run(1_000_000)
        for number in (0, 1):
            counters = session.counters(number)
            loads[number] = counters.get("enable_fpu", loads[number])
            interrupts[number] = counters.get("host_interrupt", interrupts[number])
    whole(checker)
    printed = session.machine.console.read().decode().split("mol threes 2")[1]
    assert "O" in printed and "T" in printed and "X" not in printed
    for loaded, slices in zip(loads, interrupts, strict=True):
        assert 2 < loaded <= 12 < slices


def test_a_guest_that_sleeps_leaves_the_processor_to_the_host(started):
    """Scenario 40: until a character is typed. The time that it sleeps is counted."""
    session, checker = started("asleep")
    machine, book = session.machine, Ledger(kinds="exception, return", keep=1 << 20)

    def time():
        return int(machine.model.get_state()["tb"][0])

    def fall_asleep(said):
        assert session.run(20_000_000, until=said) == "console"
        began = time()
        assert session.run(300_000, until="stress: ok") == "instructions"
        return began

    began, slept, before = fall_asleep("Z"), time(), session.counters()
    machine.model.ledger(book.add)
    assert session.run(80_000_000, until="stress: ok") == "console"
    machine.model.ledger(None)
    worlds = {World(world) for world in set(book.records["world"])}
    assert World.HOST_USER in worlds and not worlds & set(GUESTS)
    assert session.counters() == before
    whole(checker)
    slept = time() - slept
    machine.console.write(b"x")
    woke = fall_asleep("xw")
    assert slept <= session.counters()["doze_ticks"] - before["doze_ticks"] <= woke - began
    whole(checker)


def test_worlds_of_two_storeys_have_names_of_their_own(started):
    """Host kernel and process, MOL, and the guest, each with its own symbols."""
    session, _ = started("two-sessions")
    machine, book = session.machine, Ledger(kinds="exception, return", keep=1 << 20)
    assert session.run(10_000_000, until=session.entry) == "address"
    machine.model.ledger(book.add)
    assert session.run(400_000) == "instructions"
    machine.model.ledger(None)
    worlds = {World(world) for world in set(book.records["world"])}
    assert worlds >= {World.HOST_KERNEL, World.HOST_USER, World.HYPERVISOR,
                      World.GUEST_SUPERVISOR}
    inside = [record for record in book.records if record["world"] in GUESTS]
    names = {(machine.symbols.of(int(record["world"])).name(int(record["pc"])) or "").split("+")[0]
             for record in inside}
    assert names <= {"_start", "segment", "start", "entry", "round", "word"} and "round" in names
