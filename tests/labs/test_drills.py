"""Drills: their keys are what the pipeline model does."""

import json
import random

import pytest

import pteg
from pteg.cli import main
from pteg.errors import UserError
from pteg.hw.mmu.enums import Translation
from pteg.labs import drills
from pteg.labs.drills import DRILLS, drill, same
from pteg.labs.tlbprobe import measure

SETTINGS = {"translate": drills.translate_setting, "bat": drills.bat_setting,
            "protect": drills.protect_setting}
RAM = 16 << 20
SELF = bytes.fromhex("48000000")    # a branch to itself
BATS = [f"dbat{n}{half}" for n in range(4) for half in "ul"]


@pytest.fixture(scope="module")
def pipeline():
    return pteg.Machine("g3", cpu="pipeline", rom="none", ram="16M")


def check(machine, setting):
    """The pipeline makes the access of an item as its key says."""
    walk, access = setting.walk(), setting.access
    target, fetch = setting.ea & ~3, access == "fetch"
    machine.reset()
    machine.memory.write(int(setting.state["sdr1"][0]) or 0x200000, bytes(0x10000))
    for at, word in setting.memory.items():
        machine.memory.write(at, word.to_bytes(4, "big"))
    code = bytes.fromhex("80640000" if access == "load" else "90640000") + SELF
    machine.memory.write(0x1000, code)
    for vector in (0x300, 0x400):
        machine.memory.write(vector, SELF)
    ok, inside = walk.result is Translation.OK, (walk.pa or 0) < RAM
    if ok and inside:
        machine.memory.write(walk.pa & ~3, SELF)
    with machine.cpu.changed() as state:
        for name in ("sr", "sdr1", *BATS):
            state[name] = setting.state[name]
        state["gpr"][0, 3], state["gpr"][0, 4] = 0x9ABCDEF0, target
        state["pc"] = target if fetch else 0x1000
        state["msr"] = int(setting.state["msr"][0]) & (0x4020 if fetch else 0x4010)
    stop = machine.run(cycles=1200)
    if ok and not inside:
        assert stop == "checkstop", walk    # nothing answers there
    elif not ok:
        assert machine.cpu.pc == (0x400 if fetch else 0x300), walk
        if not fetch:
            assert machine.cpu.spr["DAR"] == target
            assert f"DSISR {machine.cpu.spr['DSISR']:08x}" in walk.exception
    elif fetch:
        assert machine.cpu.pc == target, walk
    elif access == "load":
        assert machine.cpu.gpr[3] == 0x48000000, walk
    else:
        assert machine.memory.read(walk.pa & ~3, 4).hex() == "9abcdef0", walk


@pytest.mark.parametrize("kind", SETTINGS)
def test_keys_equal_the_pipeline(pipeline, kind):
    for seed in range(60):
        check(pipeline, SETTINGS[kind](random.Random(f"{kind} {seed}")))


@pytest.mark.slow
@pytest.mark.parametrize("kind", SETTINGS)
def test_ten_thousand_keys_equal_the_pipeline(pipeline, kind):
    for seed in range(3_400):
        check(pipeline, SETTINGS[kind](random.Random(f"{kind} {seed}")))


@pytest.mark.parametrize("kind", DRILLS)
def test_equal_seeds_make_equal_items_and_others_do_not_repeat(kind):
    items = [drill(kind, seed) for seed in range(50)]
    assert items == [drill(kind, seed) for seed in range(50)]
    assert len({item.question for item in items}) == 50
    # Protection has few answers.
    least = {"translate": 40, "bat": 12, "protect": 3, "tlb": 20}[kind]
    assert len({json.dumps(item.answer) for item in items}) >= least
    for item in items:
        assert item.score(item.answer) == 1 and item.score({}) == 0
        json.dumps(item.as_dict())


def test_each_kind_of_answer_occurs():
    translated = [drill("translate", seed).answer["pa"] for seed in range(60)]
    assert "page fault" in translated and len(set(translated)) > 30
    blocks = {drill("bat", seed).answer["block"] for seed in range(60)}
    assert blocks == {"none", "0", "1", "2", "3"}
    exceptions = {drill("protect", seed).answer["exception"] for seed in range(60)}
    assert exceptions == {"none", "DSI", "ISI"}


def test_the_tlb_drill_is_lru_with_two_ways():
    """Against a model of one set that is written here."""
    rng = random.Random(1)
    for _ in range(30):
        order = [rng.randrange(4) << 18 | rng.choice((5, 6)) << 12 for _ in range(9)]
        sets, marks = {}, ""
        for ea in order:
            ways = sets.setdefault(ea >> 12 & 63, [])
            marks += "H" if ea in ways else "M"
            if ea in ways:
                ways.remove(ea)
            ways.append(ea)
            del ways[:-2]
        assert measure(order) == marks, order


def test_answers_may_be_written_in_several_ways():
    assert same("0x0020_6E80", "00206e80") and same(" Page  fault", "page fault")
    assert not same("", "00000000") and not same("1", "10")
    item = drill("translate", 1)
    half = dict(list(item.answer.items())[:3])
    assert item.score(half) == pytest.approx(0.5)


def test_an_unknown_drill_is_refused():
    with pytest.raises(UserError, match="drill must be one of translate, bat, protect, tlb"):
        drill("multiply", 1)


def test_on_the_command_line(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["drill", "translate", "--seed", "7", "-c"])
    item, printed = drill("translate", 7), capsys.readouterr().out
    assert ended.value.code == 0 and item.question in printed
    assert f"pa = {item.answer['pa']}" in printed and "[PEM 7.6.1.3]" in printed
    with pytest.raises(SystemExit):
        main(["drill", "bat", "--seed", "3", "--count", "2", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [drill("bat", seed).as_dict() for seed in (3, 4)]
