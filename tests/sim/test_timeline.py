"""A ledger as a time line."""

import json

import numpy as np
import pytest
from command import run_pteg

import pteg
from pteg import ledger
from pteg.timeline import TRACKS, events


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
