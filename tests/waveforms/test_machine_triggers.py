"""Triggers on events of the machine, each compared with what the ledger, the statistics or the
console says.
"""

from functools import cache

import numpy as np
import pytest
import pywellen

import pteg
from pteg.errors import UserError
from pteg.hw.isa.exceptions import Vector
from pteg.hw.mmu.enums import AccessKind
from pteg.ledger import Kind, Ledger, PteBits


@cache
def window():
    """First cycle and number of cycles of Open Firmware's first page faults and table searches. The
    end is between two searches."""
    machine, ledger = pteg.Machine("g3", rom="openfirmware"), Ledger()
    machine.run(cycles=200_000)
    machine.model.ledger(ledger.add)
    machine.run(cycles=100_000)
    fault = cycles(ledger.records, Kind.EXCEPTION, cause=Vector.DSI)[0]
    end = cycles(ledger.records, Kind.PTE_UPDATE)[3] + 10
    return fault - 3_000, end - fault + 3_000


def run(path, trigger=None, **options):
    """A run of these cycles: the machine, its ledger, and where the trigger fired."""
    machine, ledger = pteg.Machine("g3", rom="openfirmware"), Ledger()
    start, count = window()
    machine.run(cycles=start)
    machine.model.ledger(ledger.add)
    options = {"signals": "core.completion.pc", "after": 1, "again": True} | options
    with machine.trace(path, trigger=trigger or "core.completion.pc", **options) as trace:
        machine.run(cycles=count)
    return machine, ledger.records, list(trace.triggered)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    records = run(tmp_path_factory.mktemp("ledger") / "t.vcd")[1]
    assert {Kind.EXCEPTION, Kind.WALK, Kind.TLB_MISS, Kind.PTE_UPDATE} <= set(records["kind"])
    return records


def cycles(records, kind, **fields):
    """Cycles of the records of a kind with these values."""
    hit = records["kind"] == kind
    for name, value in fields.items():
        hit &= records[name] == value
    assert hit.any()
    return sorted(set(records["cycle"][hit].tolist()))


@pytest.mark.parametrize("trigger, kind, fields", [
    ("exception(DSI)", Kind.EXCEPTION, {"cause": Vector.DSI}),
    ("tlb_miss()", Kind.TLB_MISS, {}),
    ("tlb_miss(STORE)", Kind.TLB_MISS, {"cause": AccessKind.STORE}),
])
def test_a_trigger_fires_in_the_cycle_that_the_ledger_has(tmp_path, ledger, trigger, kind, fields):
    assert run(tmp_path / "t.vcd", trigger)[2] == cycles(ledger, kind, **fields)


def test_events_of_the_ledger_are_signals_too(tmp_path, ledger):
    """What belongs to a search is written when it ends."""
    walks = np.flatnonzero(ledger["kind"] == Kind.WALK)

    def ends(kind, **fields):
        hit = ledger["kind"] == kind
        for name, value in fields.items():
            hit &= ledger[name] == value
        return sorted({int(ledger["cycle"][
            walks[walks > place][0] if kind == Kind.TLB_MISS else walks[walks < place][-1]])
            for place in np.flatnonzero(hit)})

    wanted = {
        "event(WALK)": cycles(ledger, Kind.WALK),
        "event(EXCEPTION, cause=DSI)": cycles(ledger, Kind.EXCEPTION, cause=Vector.DSI),
        "event(TLBIE, ea=(0x5000, 0x7FFF))": sorted(
            cycle for ea in (0x5000, 0x6000, 0x7000)
            for cycle in cycles(ledger, Kind.TLBIE, ea=ea)),
        "event(TLB_MISS)": ends(Kind.TLB_MISS),
        "event(PTE_UPDATE, cause=C)": ends(Kind.PTE_UPDATE, cause=PteBits.C),
    }
    run(tmp_path / "t.vcd", " or ".join(wanted), signals="core.completion.pc", before=3, after=3)
    found = {var.full_name: var.signal
             for var in pywellen.Waveform(str(tmp_path / "t.vcd")).all_vars()}
    for number, (event, hits) in enumerate(wanted.items(), 1):
        signal = found[f"top.ledger.event{number}"]
        recorded = {cycle + near for hits in wanted.values() for cycle in hits
                    for near in range(-3, 3)}
        assert hits and [cycle for cycle in sorted(recorded)
                         if signal.value_at(cycle * 5000 + 1) == 1] == hits, event


def test_a_search_of_an_address_is_recorded_whole(tmp_path, ledger):
    walk = ledger[ledger["kind"] == Kind.WALK][-1]
    _, _, fired = run(tmp_path / "t.vcd", f"walk({int(walk['ea']) ^ 0xFFF:#x})")
    assert fired and fired[0] < walk["cycle"]
    assert set(fired) >= {int(walk["cycle"])}
    _, _, other = run(tmp_path / "t.vcd", f"walk({int(walk['ea']) ^ 0x1000:#x})")
    assert not set(other) & set(fired)


def test_a_place_in_the_program(tmp_path):
    """It fires as often as the program comes there."""
    machine = pteg.Machine("g3", rom="first")
    place = machine.symbols.address("putc")
    with machine.trace(tmp_path / "t.vcd", "core.completion.pc", after=1, again=True,
                       trigger="pc(putc)") as trace:
        machine.run(cycles=20_000)
    again, reached = pteg.Machine("g3", rom="first"), 0
    while str(again.run(cycles=20_000 - again.cycle, until=place)) == "address":
        assert again.cycle <= trace.triggered[reached]
        reached += 1
    assert reached == len(trace.triggered) > 5


def test_a_text_on_the_console_in_its_cycle(tmp_path):
    machine = pteg.Machine("g3", rom="first")
    stop = machine.run(cycles=60_000, until="first l")
    assert str(stop) == "console"
    printed = machine.cycle
    machine = pteg.Machine("g3", rom="first")
    with machine.trace(tmp_path / "t.vcd", "core.completion.pc", before=5, after=5,
                       trigger='console("first l")') as trace:
        machine.run(cycles=60_000)
    assert trace.triggered == (printed,)
    both = pteg.Machine("g3", rom="first")
    with both.trace(tmp_path / "t.vcd", "core.completion.pc", after=1, again=True,
                    trigger='console("t") and console.printed > 4') as trace:
        both.run(cycles=60_000, until="light\n")
    assert len(trace.triggered) == 2 and trace.triggered[0] < printed < trace.triggered[1]


def test_an_address_on_the_bus(tmp_path):
    machine, ledger = pteg.Machine("g3", rom="first"), Ledger()
    machine.model.ledger(ledger.add)
    with machine.trace(tmp_path / "t.vcd", "core.completion.pc", after=1, again=True,
                       trigger="bus(0x0c00f000, 0x0c00f007)") as trace:
        machine.run(cycles=10_000)
    records = ledger.records
    uart = records[(records["pa"] >= 0x0C00F000) & (records["pa"] < 0x0C00F008)]
    # TS is asserted for a bus clock, which is several cycles.
    tenures = np.count_nonzero(np.diff([-9, *trace.triggered]) > 1)
    assert tenures == len(uart) > 10


@pytest.mark.parametrize("trigger, message", [
    ("exception(NONSENSE)", r"exception\(\): exception must be one of .*DSI.*, not 'NONSENSE'$"),
    ("pc(no_such_name)", r"pc\(\): there is no symbol 'no_such_name'$"),
    ("pc()", r"pc\(\): missing a required argument: 'place'$"),
    ("bus(1, 2, 3)", r"bus\(\): too many positional arguments$"),
    ("event(WALK, colour=1)", r"event\(\): WALK has the fields .*, not 'colour'$"),
    ("event(WALK, cause=DSI)", r"cause must be one of NOT_FOUND.*, not 'DSI'$"),
    ("console(5)", r"console\(\): needs a text that is not empty$"),
    ("walk(1 + 1)", r"an argument must be a number, a name or a text, not '1 \+ 1'$"),
    ("foo(1)", r"there is no foo\(\): functions are pc, exception, tlb_miss, walk, bus, console, "
               r"event$"),
])
def test_a_bad_call_is_one_clear_line(tmp_path, trigger, message):
    machine = pteg.Machine("g3", rom="first")
    with pytest.raises(UserError, match=message) as error:
        machine.trace(tmp_path / "t.vcd", trigger=trigger)
    assert "\n" not in str(error.value) and not (tmp_path / "t.vcd").exists()
