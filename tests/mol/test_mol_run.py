"""Scenarios as data, and what `pteg mol run` tells about them."""

import json
import tracemalloc
from xml.etree import ElementTree

import numpy as np
import pytest

import pteg.mol
from pteg.cli.commands import execute
from pteg.errors import UserError
from pteg.firmware.hosts.hostl.checker import Checker
from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.firmware.installed import NotInstalled
from pteg.hw.isa.exceptions import Vector
from pteg.ledger import Kind, Ledger
from pteg.mol import measure
from pteg.mol.compare import differing
from pteg.mol.hostb import Flag, HostB, Option
from pteg.mol.occupancy import occupancy, session_of
from pteg.mol.picture import draw
from pteg.mol.scenarios import SCENARIOS, HostScenario, Scenario
from pteg.mol.signals import SessionSignals
from pteg.worlds import GUESTS, World


@pytest.fixture(scope="module")
def timed():
    """A scenario on the pipeline model."""
    return pteg.mol.run("lazy-segments", cpu="pipeline")


def cases():
    """Those of HostX run in test_mol_hostx.py, OpenBIOS in test_hostl_mol_firmware.py."""
    for name, scenario in SCENARIOS.items():
        far = name.startswith(("hostx-", "openbios"))
        yield pytest.param(name, "functional", marks=[pytest.mark.slow] * far)
        if isinstance(scenario, Scenario):
            yield pytest.param(name, "pipeline", marks=pytest.mark.slow)


@pytest.mark.parametrize("name, cpu", [*cases()])
def test_a_scenario_ends_as_it_must(name, cpu, whole):
    """The guest's result is that of the bare machine, and the host is whole afterwards."""
    scenario = SCENARIOS[name]
    try:
        session = scenario.session(cpu)
    except NotInstalled as error:
        pytest.skip(str(error))
    result = measure.measure(session, scenario)
    assert result["stop"] == ("console" if isinstance(scenario, HostScenario) else "address")
    if scenario.as_bare:
        assert differing(session.guest, session, scenario.limit) == []
    assert sum(row["count"] for row in result["exits"].values()) > 0
    if isinstance(session, HostB):
        assert list(whole(session)) == []
    elif scenario.build is build_with_mol:      # HostX's checker: test_mol_hostx.py
        checker = Checker(session.machine, session.elf)
        checker.settle()
        assert checker.check() == []


def test_a_result_is_plain_data():
    result = pteg.mol.run("registers")
    assert result["differences"] == []
    assert json.loads(json.dumps(result)) == result


@pytest.mark.parametrize("spoilt, found", [
    (lambda session: spoil(session, lambda entry: (entry.high, 0x00004012)), "neither RAM"),
    (lambda session: spoil(session, lambda entry: (entry.high, 0x00300012)), "store to wired"),
    (lambda session: spoil(session, lambda entry: (entry.high, entry.low), 8), "twice"),
    (lambda session: session.machine.memory.write_word(
        session.machine.symbols.address("mac_entry"), 0), "code of the host"),
    (lambda session: session.machine.memory.write_word(0x0150_0000, 1), "behind the frames")],
    ids=["frame", "rights", "twice", "code", "memory"])
def test_a_host_that_is_not_whole_is_found_out(whole, spoilt, found):
    session = SCENARIOS["lazy-segments"].session()
    assert session.run(1_000_000) == "address"
    assert not whole(session)
    spoilt(session)
    assert any(found in text for text in whole(session))


def spoil(session, words, distance=0):
    """Change a shadow entry, or one that far behind it."""
    memory, table = session.machine.memory, session.machine.mmu.hash_table()
    entry = next(entry for entry in table if session_of(entry.vsid) == 0)
    at = entry.address & ~63 | entry.address + distance & 63
    for offset, word in zip((0, 4), words(entry), strict=True):
        memory.write_word(at + offset, word)


def test_the_opcodes_page_goes_before_it_is_read():
    """Scenario 29: the secondary handler, and the guest fetches the instruction again."""
    assert pteg.mol.run("opcode-lost")["counters"]["secondary"] > 1


@pytest.mark.slow
def test_c_through_the_user_part_is_slower():
    """Scenario 30: the same shadow entries both ways."""
    ways = [pteg.mol.run(name, cpu="pipeline") for name in ("calls-of-c", "calls-of-c-by-user")]
    assert ways[0]["counters"] == ways[1]["counters"]
    direct, by_user = (way["exits"]["DSI"]["cycles"] for way in ways)
    assert 1.1 * direct < by_user < 2 * direct


def test_counting_needs_memory_for_exits_and_not_for_cycles():
    session = SCENARIOS["lazy-segments"].session("pipeline")
    session.run(20_000)     # everything is compiled
    clock = measure._clock(session)
    session.run(10_000)
    tracemalloc.start()
    try:
        session.run(40_000)
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()
    assert sum(clock.cycles) > 50_000


def test_cycles_of_worlds_are_all_cycles(timed):
    session = SCENARIOS["lazy-segments"].session("pipeline")
    machine = session.machine
    assert session.run(1_000_000, until=machine.symbols.address("mac_entry")) == "address"
    begin = machine.cycle
    assert session.run(1_000_000) == "address"
    # Neither counting nor the samples of the hash table disturb.
    assert timed["cycles"] == machine.cycle
    assert sum(row["cycles"] for row in timed["worlds"].values()) == machine.cycle - begin
    assert timed["instructions"] == machine.instructions


def test_exits_are_those_of_the_ledger(timed):
    session = SCENARIOS["lazy-segments"].session("pipeline")
    machine, book = session.machine, Ledger(kinds="exception, return")
    machine.model.ledger(book.add)
    assert session.run(1_000_000) == "address"
    costs, begin = [], None
    for record in book.records:
        if record["world"] in GUESTS:
            begin = record
        elif begin is not None and record["kind"] == Kind.RETURN:
            end = record
            if record["pc"] == machine.symbols.address("enter_guest"):
                costs.append((Vector(begin["cause"]), int(end["cycle"] - begin["cycle"])))
                begin = None
    assert len(costs) == sum(row["count"] for row in timed["exits"].values())
    # A switch begins and ends a cycle after its record.
    assert sum(cost for _, cost in costs) == pytest.approx(
        sum(row["all_cycles"] for row in timed["exits"].values()), abs=2 * len(costs))


def test_phases_of_an_exit_add_up(timed):
    for row in timed["exits"].values():
        assert sum(row["phases"].values()) == row["cycles"] <= row["all_cycles"]
    assert set(timed["exits"]["mtsr"]["phases"]) == {"VECTOR", "EMULATE", "RESUME"}
    assert {"LEAVE", "CODE_IN_C", "HOST", "USER", "ENTER"} <= set(timed["exits"]["DSI"]["phases"])


def test_both_models_count_the_same_exits(timed):
    functional = pteg.mol.run("lazy-segments")
    assert set(functional["exits"]) == set(timed["exits"])
    for kind, row in functional["exits"].items():
        assert row["count"] == timed["exits"][kind]["count"]
        if row["count"] == 1:       # the pipeline's typical exit is that by cycles
            assert abs(row["instructions"] - timed["exits"][kind]["instructions"]) <= 1, kind
    for world, row in functional["worlds"].items():
        if world in timed["worlds"]:
            assert abs(row["instructions"] - timed["worlds"][world]["instructions"]) <= 100, world
    assert functional["counters"] == timed["counters"]


def test_running_out_of_contexts_costs_throughput(capfd):
    """Scenario 11: the same guest with 64 contexts and with all, since the first entry."""
    found = pteg.mol.run("context-wrap")
    assert found["counters"]["context_wrap"] > 2 and found["differences"] == []
    rate = found["throughput"]
    assert rate["took"] == sum(row["instructions"] for row in found["worlds"].values())
    assert rate["unit"] == "instructions" and 0 < rate["baseline"] < rate["took"]
    assert rate["drop"] == pytest.approx(1 - rate["baseline"] / rate["took"])
    assert pteg.mol.run("lazy-segments")["throughput"] is None
    assert command("run", "context-wrap") == 0
    assert f"{100 * rate['drop']:.0f} % less than with as many" in capfd.readouterr().out


def test_owners_of_the_hash_table():
    """Contexts up to 32767 are the host's; 2^20 VSIDs under the top belong to session 0."""
    def vsids(contexts):
        contexts = np.asarray(contexts)
        return (contexts * 897 * 16 + 5 * 0x111) & 0xFFFFFF

    assert (session_of(vsids([0, 1, 32767])) == -1).all()
    assert (session_of(vsids([0xFFFFE, 0xEFFFF])) == 0).all()
    assert (session_of(vsids([0xEFFFE, 0xDFFFF])) == 1).all()
    result = pteg.mol.run("evictions")
    entries = [sample.get("session 0", 0) for sample in result["occupancy"]]
    assert SCENARIOS["evictions"].flags == Flag.EVICT_AT_TICK
    assert max(entries) > 30 and min(entries[5:]) < max(entries) / 2     # emptied again and again


def test_a_picture(timed, tmp_path):
    text = draw(timed)
    root = ElementTree.fromstring(text)
    words = [element.text for element in root.iter() if element.text]
    assert "mtsr (15)" in words and any("session 0" in word for word in words)
    shown = {name: f"{count:,}" for name, count in timed["counters"].items() if count}
    place = words.index("counters that are not 0") + 1
    assert dict(zip(words[place::2], words[place + 1::2], strict=True)) == shown
    with pytest.raises(UserError, match="pipeline"):
        draw(pteg.mol.run("registers"))


def test_a_waveform_shows_the_switch(tmp_path):
    import pywellen

    result = pteg.mol.run("registers", cpu="pipeline", vcd=tmp_path / "a.vcd")
    signals = {var.full_name: var.signal
               for var in pywellen.Waveform(str(tmp_path / "a.vcd")).all_vars()}
    seen = {signals["top.world"].value_at(5000 * cycle + 1)
            for cycle in range(result["cycles"] - 5000, result["cycles"] - 1)}
    assert {World.GUEST_SUPERVISOR.name, World.HYPERVISOR.name} <= seen


def test_a_waveform_shows_the_counters_and_the_hash_table(tmp_path):
    """As a sample of the same cycle has them; in the end those of the result."""
    result = pteg.mol.run("dozing", cpu="pipeline", vcd=tmp_path / "a.vcd")
    values = numbers(tmp_path / "a.vcd")
    end = result["cycles"] - 1
    assert {name: values(f"session0.{name}", end)
            for name in result["counters"]} == result["counters"]
    assert result["counters"]["doze_ticks"] > 0         # which is not among the others
    begin = result["occupancy"][0]["cycles"]
    assert values("session0.vsid_missing", begin) == 0 < result["counters"]["vsid_missing"]
    for sample in result["occupancy"]:
        for owner in ("host", "session 0"):
            # What a sample has already may wait in the store queue.
            assert sample.get(owner, 0) in {
                values(f"hash_table.{owner.replace(' ', '')}", min(sample["cycles"] + wait, end))
                for wait in (0, 100)}, sample


@pytest.mark.slow
def test_a_waveform_shows_each_session(tmp_path):
    """Of two guests of HostL, the second one begins while the waveform is written."""
    session = SCENARIOS["two-floats"].session()
    machine = session.machine
    begins = machine.symbols.address("init_vsids")
    assert session.run(100_000_000, until=begins) == "address"
    while not session.kvars(0):         # up to the beginning of session 1
        machine.step()
        assert session.run(100_000_000, until=begins) == "address"
    assert not session.kvars(1)
    machine.hand_over("pipeline")
    with machine.trace(tmp_path / "a.vcd", "mol.*", computed=[SessionSignals(session)]):
        while not session.kvars(1):
            session.run(50_000)
        session.run(200_000)
        machine.run(cycles=100)
        end = machine.cycle - 1
    values = numbers(tmp_path / "a.vcd")
    for number in range(2):
        found = {name: values(f"session{number}.{name}", end) for name in session.counters()}
        assert found == session.counters(number)
    table = occupancy(machine, session.sdr1)
    assert table["session 0"] and table["session 1"] and table["host"]
    assert all(values(f"hash_table.{owner.replace(' ', '')}", end) == table[owner]
               for owner in ("host", "session 0", "session 1"))


def numbers(path):
    """A function that tells the value of one of MOL's signals in a cycle."""
    import pywellen

    signals = {var.full_name: var.signal for var in pywellen.Waveform(str(path)).all_vars()}
    return lambda name, cycle: signals[f"top.mol.{name}"].value_at(5000 * cycle + 1)


def command(*arguments):
    with pytest.raises(SystemExit) as end:
        execute(["mol", *arguments])
    return end.value.code or 0


def test_the_command_lists_and_runs(tmp_path, capfd):
    assert command("list") == 0
    assert "first-touch" in capfd.readouterr().out
    assert command("run", "first-touch", "--json", str(tmp_path / "a.json")) == 0
    told = capfd.readouterr().out
    assert "as on the bare machine" in told and "mtsrin" in told
    assert json.loads((tmp_path / "a.json").read_text())["counters"]["page_fault_ctr"] == 5


def test_firmware_that_is_not_installed(tmp_path, monkeypatch, capfd):
    """All scenarios without it, which is named; by itself it is refused."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path))
    monkeypatch.setattr("pteg.mol.scenarios.SCENARIOS",
                        {name: SCENARIOS[name] for name in ("registers", "openbios")})
    assert command("run", "all", "--json", str(tmp_path / "a.json")) == 0
    assert "openbios: not run: openbios: no qemu/openbios-ppc" in capfd.readouterr().out
    results = json.loads((tmp_path / "a.json").read_text())
    assert [result["scenario"] for result in results] == ["registers"]
    assert command("run", "openbios") == 2
    assert capfd.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("arguments, text", [
    (["run", "nothing"], "scenario must be one of two-sessions, "),
    (["run", "registers", "--vcd", "a.vcd"], "a waveform or a report needs cpu='pipeline'"),
    (["run", "all", "--cpu", "pipeline", "--vcd", "a.vcd"], "of one scenario, not of all"),
    (["run", "registers", "--svg", "a.svg"], "picture needs cpu='pipeline'"),
])
def test_bad_arguments_are_refused_in_a_line(arguments, text, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert command(*arguments) == 2
    error = capfd.readouterr().err
    assert text in error and error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_touched_pages_and_copied_entries_give_the_same_results():
    """The user part touches each page that is not there; the kernel part never brings one in."""
    scenario = SCENARIOS["first-touch"]
    ways = [measure.measure(HostB(scenario.guest(), options=options, flags=Flag.DEMAND_ZERO),
                            scenario)["counters"]
            for options in ({}, {Option.TOUCH: 1, Option.COPY: 1})]
    assert ways[0]["pages_touched"] == 0 < ways[1]["pages_touched"]
    assert ways[0]["page_fault_ctr"] == ways[1]["page_fault_ctr"]
