"""Records as JSON and back, and the ledger that collects them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.boot.loader import read_elf
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.isa.exceptions import Vector
from pteg.ledger import (
    COMMON,
    FIELDS,
    RECORD,
    AccessKind,
    Kind,
    Ledger,
    PteBits,
    SearchResult,
    describe,
    frame,
    from_json,
    read,
    to_json,
)
from pteg.symbols import Symbols


def records(count, seed=1):
    """Records of every kind with sensible fields."""
    random = np.random.default_rng(seed)
    found = np.zeros(count, RECORD)
    for index, record in enumerate(found):
        kind = list(Kind)[index % len(Kind)]
        fields, causes = FIELDS[kind]
        record["kind"], record["cycle"], record["instruction"] = kind, 10 * index, index
        record["pc"] = random.integers(0, 1 << 30) * 4
        for name in fields:
            if name == "cause":
                record[name] = random.choice([1, 2, 4, 8] if causes is int else list(causes))
            else:
                record[name] = random.integers(0, 1 << 32)
    return found


def test_every_kind_says_what_it_has():
    assert set(FIELDS) == set(Kind)
    for fields, causes in FIELDS.values():
        assert set(fields) <= set(RECORD.names) - set(COMMON)
        assert ("cause" in fields) == (causes is not None)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2 ** 32))
def test_records_survive_json(seed):
    before = records(2 * len(Kind), seed)
    lines = [json.dumps(to_json(record)) for record in before]
    after = np.array([from_json(json.loads(line)) for line in lines], RECORD)
    assert (before == after).all()


def test_a_record_reads_well():
    record = np.zeros(1, RECORD)[0]
    for name, value in (("cycle", 42), ("instruction", 7), ("pc", 0xFFF00104), ("kind", Kind.WALK),
                        ("cause", SearchResult.PRIMARY), ("ea", 0x400000), ("va", 0x1230400),
                        ("pa", 0x148D0), ("value", 3)):
        record[name] = value
    assert to_json(record) == {
        "cycle": 42, "instruction": 7, "core": 0, "world": 0, "kind": "WALK", "pc": "0xfff00104",
        "cause": "PRIMARY", "ea": "0x00400000", "va": "0x0001230400", "pa": "0x000148d0",
        "value": 3}
    assert describe(record).split() == [
        "42", "7", "fff00104", "WALK", "cause=PRIMARY", "ea=0x00400000", "va=0x0001230400",
        "pa=0x000148d0", "value=3"]


def test_symbols_name_the_instruction(tmp_path):
    program = assemble("start: nop\n", sections={".text": 0x1000}).elf()
    symbols, record = Symbols(), records(1)
    symbols.add(program, read_elf(program, "x"))
    record["pc"] = 0x1010
    assert to_json(record[0], symbols) == to_json(record[0]) | {"symbol": "start+0x10"}
    assert describe(record[0], symbols) == describe(record[0]) + " <start+0x10>"
    with Ledger(tmp_path / "x", symbols=symbols) as ledger:
        ledger.add(record)
    assert json.loads((tmp_path / "x").read_text())["symbol"] == "start+0x10"
    assert (read(tmp_path / "x") == record).all()
    record["pc"] = 0
    assert to_json(record[0], symbols) == to_json(record[0])


def test_a_file_holds_all_records(tmp_path):
    path = tmp_path / "run.jsonl"
    many = records(95)
    with Ledger(path, keep=10) as ledger:
        for start in range(0, 95, 7):
            ledger.add(many[start:start + 7])
    assert (read(path) == many).all()
    assert (ledger.records == many[-10:]).all()
    assert ledger.count == 95


def test_memory_is_bounded_by_keep():
    ledger, many = Ledger(keep=5), records(200)
    for start in range(0, 200, 3):
        ledger.add(many[start:start + 3])
        assert sum(map(len, ledger._pieces)) <= 5 + 3
    assert (ledger.records == many[-5:]).all()
    empty = Ledger(keep=0)
    empty.add(records(4))
    assert len(empty.records) == 0 and empty.count == 4


def test_records_are_copied():
    ledger, buffer = Ledger(), records(10)
    ledger.add(buffer)
    buffer[:] = 0
    assert (ledger.records == records(10)).all()


@pytest.mark.parametrize("kinds", ["walk,tlb_miss", [Kind.WALK, "TLB_MISS"], ("walk", Kind(3))])
def test_only_some_kinds_are_taken(kinds):
    ledger = Ledger(kinds=kinds)
    ledger.add(records(50))
    assert set(ledger.records["kind"]) == {Kind.WALK, Kind.TLB_MISS}
    assert ledger.count == 10


@pytest.mark.parametrize("line, problem", [
    ("{", "must be an event of a ledger, not '{'"),
    ("[]", "a record must be an object with a known kind"),
    ('{"kind": "NOTHING"}', "a record must be an object with a known kind"),
    ('{"kind": []}', "a record must be an object with a known kind"),
    ('{"kind": "TLBIE"}', "a TLBIE record must have the fields cycle, instruction"),
    ("[" * 100_000, "maximum recursion"),
])
def test_a_damaged_file_is_refused_with_its_line(tmp_path, line, problem):
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(to_json(records(1)[0])) + "\n" + line + "\n")
    with pytest.raises(UserError, match=rf"bad\.jsonl:2: {problem}"):
        read(path)


@pytest.mark.parametrize("field, value", [
    ("cycle", -1), ("cycle", 1 << 64), ("cycle", 1.5), ("cycle", True), ("core", 256),
    ("pc", 5), ("pc", "12"), ("pc", "0x100000000"), ("pc", "0xg"), ("pc", "0x-1"),
    ("cause", "NONSENSE"), ("cause", 3), ("cause", [])])
def test_a_bad_field_is_refused(field, value):
    entry = to_json(records(len(Kind))[2])
    entry[field] = value
    with pytest.raises(ValueError):
        from_json(entry)


def test_files_that_are_no_ledgers_are_refused(tmp_path):
    (tmp_path / "binary").write_bytes(bytes(range(128, 256)))
    with pytest.raises(UserError, match="is not a ledger: it is not ASCII text$"):
        read(tmp_path / "binary")
    with pytest.raises(UserError, match=r"^cannot read '.*missing': No such file"):
        read(tmp_path / "missing")
    with pytest.raises(UserError, match=r"^cannot write '.*': Is a directory$"):
        Ledger(tmp_path)
    with pytest.raises(UserError, match=r"^a kind must be one of EXCEPTION, .*, not 'x'$"):
        Ledger(kinds="walk, x")
    with pytest.raises(UserError, match=r"^keep must not be negative, not -1$"):
        Ledger(keep=-1)


def test_the_documentation_has_every_kind_and_its_fields():
    text = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \|[^|]*\| ([^|]*) \|", text, re.M))
    assert set(rows) == set(Kind.__members__)
    for kind, (fields, _) in FIELDS.items():
        assert re.findall(r"`(\w+)`", rows[kind.name]) == list(fields), kind
    for enum in (Vector, SearchResult, AccessKind, PteBits):
        for member in enum:
            if enum is not Vector or member is not Vector.NONE:
                assert f"`{member.name}`" in text, member


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "polars"])
def test_a_frame_has_names_and_numbers(library):
    pytest.importorskip(library)
    before = records(3 * len(Kind))
    data = read_elf(assemble("_start: nop\n", sections={".text": 0x1000}).elf(), "x")
    symbols = Symbols()
    symbols.add(assemble("_start: nop\n", sections={".text": 0x1000}).elf(), data)
    before["pc"][1] = 0x1008
    table = frame(before, library, symbols)
    columns = {name: table[name].to_pylist() if library == "pyarrow" else table[name].tolist()
               if library == "pandas" else table[name].to_list()
               for name in (table.column_names if library == "pyarrow" else table.columns)}
    for name in set(RECORD.names) - {"kind", "cause", "_pad", "_pad2"}:
        assert columns[name] == before[name].tolist(), name
    assert columns["kind_number"] == before["kind"].tolist()
    assert columns["cause_number"] == before["cause"].tolist()
    for record, kind, cause in zip(before, columns["kind"], columns["cause"], strict=True):
        entry = to_json(record)
        assert kind == entry["kind"]
        named = entry.get("cause") if isinstance(entry.get("cause"), str) else None
        assert cause == named or (named is None and cause != cause)     # pandas: NaN
    assert columns["symbol"][1] == "_start+0x8"


def test_the_frame_of_a_ledger_has_its_records():
    pytest.importorskip("pandas")
    ledger = Ledger(kinds="walk")
    ledger.add(records(40))
    assert set(ledger.frame()["kind"]) == {"WALK"} and len(ledger.frame()) == ledger.count


def test_a_frame_of_an_unknown_library_is_refused():
    with pytest.raises(UserError, match=r"^library must be one of pandas, polars, pyarrow, not"):
        frame(records(1), "excel")
