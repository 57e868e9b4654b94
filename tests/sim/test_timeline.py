"""A ledger as a time line."""

import json

import numpy as np
import pytest
from command import run_pteg

import pteg
from pteg import ledger
from pteg.tenures import tenures
from pteg.timeline import TRACKS, events
from pteg.waveforms.reader import Waves


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("timeline") / "boot.jsonl"
    machine = pteg.Machine("g3", rom="first")
    with machine.ledger(path):
        assert machine.run(until="pteg: ready", cycles=1_000_000) == "console"
    return path


def test_every_record_is_there_with_its_time(recorded):
    records = ledger.read(recorded)
    found = list(events(records, 200e6))
    shown = [event for event in found if event["ph"] != "M"]
    kinds = {kind: int((records["kind"] == kind).sum()) for kind in ledger.Kind}
    names = {number: name for number, name in TRACKS.items()}
    count = {name: sum(names[event["tid"]] == name for event in shown) for name in names.values()}
    assert count["exceptions"] == kinds[ledger.Kind.EXCEPTION] > 10
    assert count["tlbie"] == kinds[ledger.Kind.TLBIE] > 64
    assert count["searches: fetch"] + count["searches: data"] == (
        kinds[ledger.Kind.WALK] + kinds[ledger.Kind.PTE_UPDATE])
    assert count["devices"] == sum(kinds[kind] for kind in (
        ledger.Kind.DEVICE_READ, ledger.Kind.DEVICE_WRITE, ledger.Kind.BUS_ERROR))
    searches = [event for event in shown if event["name"] in ("PRIMARY", "SECONDARY", "NOT_FOUND")]
    walks = records[records["kind"] == ledger.Kind.WALK]
    for event, walk in zip(searches, walks, strict=True):
        assert event["ts"] + event["dur"] == pytest.approx(int(walk["cycle"]) / 200)
        assert event["args"]["ptes_examined"] == int(walk["value"])
        assert event["args"]["ea"] == f"{int(walk['ea']):#010x}"
    assert any(event["dur"] > 0.02 for event in searches)


def test_slices_of_a_track_never_overlap(recorded):
    for track in TRACKS:
        slices = [event for event in events(ledger.read(recorded))
                  if event["ph"] == "X" and event["tid"] == track]
        for before, after in zip(slices, slices[1:], strict=False):
            assert before["ts"] + before["dur"] <= after["ts"] + 1e-9, (before, after)


def test_privilege_follows_exceptions_and_returns():
    def record(cycle, kind, value, cause=0):
        row = np.zeros((), ledger.RECORD)
        row["cycle"], row["kind"], row["value"], row["cause"] = cycle, kind, value, cause
        return row

    records = np.array([
        record(100, ledger.Kind.EXCEPTION, 0xD032, 0xC00),      # a system call of a user program
        record(150, ledger.Kind.RETURN, 0xD032),
        record(400, ledger.Kind.EXCEPTION, 0xD032, 0x900),
        record(420, ledger.Kind.EXCEPTION, 0x1032, 0x300),      # in the handler
        record(430, ledger.Kind.RETURN, 0x1032),
        record(500, ledger.Kind.RETURN, 0xD032)])
    shown = [(event["name"], event["ts"], event["dur"]) for event in events(records, 1e6)
             if event["ph"] == "X"]
    assert shown == [
        ("user", 100, 0), ("SYSTEM_CALL", 100, 50), ("supervisor", 100, 50), ("user", 150, 250),
        ("DECREMENTER", 400, 20), ("DSI", 420, 10), ("supervisor", 400, 100), ("user", 500, 0)]


def test_bits_that_a_search_sets_are_on_its_track(recorded):
    found = [event for event in events(ledger.read(recorded)) if event["ph"] != "M"]
    sides = set()
    for search, update in zip(found, found[1:], strict=False):
        if update["name"] in ("set R", "set C") and search["ph"] == "X":
            assert update["tid"] == search["tid"]
            sides.add(TRACKS[update["tid"]])
    assert sides == {"searches: fetch", "searches: data"}


@pytest.fixture(scope="module", params=["4:1", "2.5:1"])
def on_the_bus(request, tmp_path_factory):
    """A run's waveform of the bus, the same with gaps, and its ledger and statistics."""
    folder = tmp_path_factory.mktemp("bus")
    machine = pteg.Machine("g3", rom="first", ratio=request.param)
    with machine.ledger(folder / "bus.jsonl"), machine.trace(folder / "bus.fst", "bus.arbiter"):
        machine.run(cycles=30_000)
    again = pteg.Machine("g3", rom="first", ratio=request.param)
    with again.trace(folder / "gaps.vcd", "bus.arbiter", window="9001:9500,9700:12345"):
        again.run(cycles=13_000)
    return folder, machine


def test_tenures_are_those_that_the_bus_has_counted(on_the_bus):
    folder, machine = on_the_bus
    data = [tenure for tenure in tenures(Waves(folder / "bus.fst")) if tenure.data]
    under_way = sum(tenure.end == machine.cycle for tenure in data)
    missing = 0
    for device in machine.platform.devices:
        count = machine.stats()["bus"][device.name]
        here = [tenure for tenure in data if machine.platform.device_at(tenure.address) is device]
        for word, wanted in (("READ", "reads"), ("WRITE", "writes")):
            those = [tenure for tenure in here if word in tenure.type]
            missing += len(those) - count[wanted]
            beats = sum(4 if tenure.burst else 1 for tenure in those)
            assert 0 <= beats - count[wanted.removesuffix("s") + "_beats"] <= 4
    assert missing == under_way <= 1
    assert {0, 2} <= {tenure.master for tenure in data} <= {0, 1, 2}
    assert {tenure.burst for tenure in data} == {False, True}
    # One at a time, just when a master has the bus.
    busy = np.zeros(machine.cycle, int)
    for tenure in data:
        busy[tenure.begin:tenure.end] += 1
    assert busy.tolist() == Waves(folder / "bus.fst").values(
        "bus.arbiter.bus__dbb", 0, machine.cycle)


def test_each_device_access_of_the_ledger_is_on_the_bus(on_the_bus):
    folder, machine = on_the_bus
    records = ledger.read(folder / "bus.jsonl")
    uart = next(device for device in machine.platform.devices if device.name == "uart")
    accesses = [(ledger.Kind(kind).name, int(address)) for kind, address in zip(
        records["kind"], records["pa"], strict=True)
        if kind in (ledger.Kind.DEVICE_READ, ledger.Kind.DEVICE_WRITE)
        and machine.platform.device_at(int(address)) is uart]
    found = [("DEVICE_WRITE" if "WRITE" in tenure.type else "DEVICE_READ", tenure.address)
             for tenure in tenures(Waves(folder / "bus.fst"))
             if not tenure.data and machine.platform.device_at(tenure.address) is uart]
    assert accesses == found[:len(accesses)] and len(found) - len(accesses) <= 1
    assert len(accesses) > 20


def test_gaps_cut_tenures(on_the_bus):
    """What is recorded of a part is what a recording without gaps has there."""
    folder, _ = on_the_bus
    whole, parts = (list(tenures(Waves(folder / name))) for name in ("bus.fst", "gaps.vcd"))
    inside = [tenure for tenure in whole for first, stop in ((9_005, 9_495), (9_705, 12_340))
              if first < tenure.begin and tenure.end < stop]
    assert len(inside) > 40 and set(inside) <= set(parts)
    cut = set(parts) - set(inside)
    assert len(cut) < 10 and all(
        tenure.begin < 9_010 or 9_490 < tenure.end < 9_720 or 12_330 < tenure.end for tenure in cut)


def test_the_command(recorded, tmp_path):
    def command(source, output):
        done = run_pteg("timeline", source, "-o", output)
        return done.returncode, done.stdout, done.stderr

    assert command(recorded, tmp_path / "boot.json") == (0, "", "")
    found = json.loads((tmp_path / "boot.json").read_text())
    assert found["traceEvents"] == json.loads(json.dumps(list(events(ledger.read(recorded)))))
    assert all({"ph", "name", "pid"} <= set(event) for event in found["traceEvents"])
    code, _, errors = command(tmp_path / "boot.json", tmp_path / "out.json")
    assert code == 2 and errors.count("\n") == 1 and not (tmp_path / "out.json").exists()
    assert command(tmp_path / "absent", tmp_path / "out.json")[0] == 2
    assert command(recorded, tmp_path / "no" / "out.json")[0] == 2


def test_the_command_shows_the_bus(on_the_bus, tmp_path):
    folder, _ = on_the_bus
    done = run_pteg("timeline", folder / "bus.jsonl", "--bus", folder / "gaps.vcd", "-o",
                    tmp_path / "bus.json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads((tmp_path / "bus.json").read_text())["traceEvents"]
    names = {event["pid"]: event["args"]["name"] for event in found
             if event["name"] == "process_name"}
    assert names == {0: "cpu0", 1: "bus"}
    shown = [(event["tid"], event["ts"] * 200, event["dur"] * 200, event["args"].get("address"))
             for event in found if event["pid"] == 1 and event["ph"] == "X"]
    wanted = [(int(tenure.data), tenure.begin, tenure.end - tenure.begin,
               None if tenure.address is None else f"{tenure.address:#010x}")
              for tenure in tenures(Waves(folder / "gaps.vcd"))]
    assert [row[::3] for row in shown] == [row[::3] for row in wanted]
    assert np.allclose([row[1:3] for row in shown], [row[1:3] for row in wanted])
