"""Drills: their keys are what the pipeline model does."""

import json
import random

import pytest

import pteg
from pteg.cli.commands import execute
from pteg.errors import UserError
from pteg.firmware.asm import assemble_word
from pteg.labs import drills
from pteg.labs.drills import DRILLS, drill, same
from pteg.labs.tlbprobe import measure
from pteg.mmu.walk import groups

SETTINGS = {"translate": drills.translate_setting, "bat": drills.bat_setting,
            "protect": drills.protect_setting}
RAM = 16 << 20
SELF = bytes.fromhex("48000000")    # a branch to itself
ISYNC = assemble_word("isync")
BATS = [f"dbat{n}{half}" for n in range(4) for half in "ul"]
#: Reasons, as DSISR has them; in SRR1 of a fetch there are the first three (PEM 6.4.3, 6.4.4).
CAUSES = {"page fault": 1 << 30, "no execute": 1 << 28, "protection": 1 << 27,
          "direct store": 1 << 26}
STORE = 1 << 25


@pytest.fixture(scope="module")
def pipeline():
    return pteg.Machine("g3", cpu="pipeline", rom="none", ram="16M")


def write_table(machine, words):
    """The page table, which has these words and is empty elsewhere."""
    table = bytearray(0x10000)
    for at, word in words.items():
        table[at - drills.TABLE:at - drills.TABLE + 4] = word.to_bytes(4, "big")
    machine.memory.write(drills.TABLE, bytes(table))


def accessed(machine, setting, pa):
    """The pipeline makes the access of an item. Returns the reason of an exception, "nowhere" if
    nothing answers there, or "ok", if the access has reached the physical address `pa`."""
    access, target, fetch = setting.access, setting.ea & ~3, setting.access == "fetch"
    machine.reset()
    write_table(machine, setting.memory)
    code = bytes.fromhex("80640000" if access == "load" else "90640000") + SELF
    machine.memory.write(0x1000, code)
    for vector in (0x300, 0x400):
        machine.memory.write(vector, SELF)
    inside = pa is not None and pa < RAM
    if inside:
        machine.memory.write(pa & ~3, SELF)
    with machine.cpu.changed() as state:
        for name in ("sr", "sdr1", *BATS):
            state[name] = setting.state[name]
        state["gpr"][0, 3], state["gpr"][0, 4] = 0x9ABCDEF0, target
        state["pc"] = target if fetch else 0x1000
        state["msr"] = int(setting.state["msr"][0]) & (0x4020 if fetch else 0x4010)
    stop = machine.run(cycles=1200)
    reached = machine.memory.read(pa & ~3, 4) if inside else b""
    if inside:
        machine.memory.write(pa & ~3, bytes(4))
    if stop == "checkstop":
        return "nowhere"
    if machine.cpu.pc in (0x300, 0x400):
        assert fetch == (machine.cpu.pc == 0x400)
        assert fetch or machine.cpu.spr["DAR"] == target
        cause = machine.cpu.spr["SRR1"] & 0x58000000 if fetch else machine.cpu.spr["DSISR"]
        assert fetch or bool(cause & STORE) == (access == "store")
        return next(name for name, bit in CAUSES.items() if cause & ~STORE == bit)
    if fetch:
        assert machine.cpu.pc == target
    elif access == "load":
        assert machine.cpu.gpr[3] == 0x48000000
    else:
        assert reached.hex() == "9abcdef0"
    return "ok"


def reaches(machine, setting, place):
    """The access goes where the key says: to an address, or to an exception."""
    pa = None if place in CAUSES else int(place, 16)
    wanted = place if pa is None else "ok" if pa < RAM else "nowhere"
    assert accessed(machine, setting, pa) == wanted


def check_translate(machine, setting, key):
    reaches(machine, setting, key["pa"])
    # A PTE that is made of the other fields is found, wherever it is.
    high = 1 << 31 | int(key["vsid"], 16) << 7 | int(key["api"], 16)
    assert int(key["primary"], 16) == drills.TABLE | (int(key["hash"], 16) & 0x3FF) << 6
    for group, h in ((key["primary"], 0), (key["secondary"], 0x40)):
        setting.memory.clear()
        setting.put(int(group, 16), high | h, 0x00700192)
        reaches(machine, setting, f"{0x00700000 | setting.ea & 0xFFF:08x}")


def check_bat(machine, setting, key):
    reaches(machine, setting, key["pa"])
    if key["block"] != "none":
        setting.state[f"dbat{key['block']}u"] = 0
        reaches(machine, setting, "direct store")


def check_protect(machine, setting, key):
    assert accessed(machine, setting, setting.walk().pa) == key["result"]
    handlers = {0x300: "DSI", 0x400: "ISI"}
    assert handlers.get(machine.cpu.pc, "none") == key["exception"]


CHECKS = {"translate": check_translate, "bat": check_bat, "protect": check_protect}


def check_tlb(machine, seed):
    """Loads at the addresses of the question miss or hit in the pipeline as the key says."""
    item = drill("tlb", seed)
    addresses = [int(word, 16) for word in item.question.split(":\n")[1].split("\n")[0].split()]
    machine.reset()
    entries = {}
    for ea in addresses:
        group, _ = groups(ea, 0, drills.TABLE)
        entries |= {group: 1 << 31 | ea >> 22, group + 4: 0x00700192}
    write_table(machine, entries)
    # Each load ends before the next one begins.
    words = [word for number, _ in enumerate(addresses)
             for word in (0x80600000 | 10 + number << 16, ISYNC)]
    machine.memory.write(0x1000, b"".join(word.to_bytes(4, "big") for word in words) + SELF)
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["sdr1"], state["sr"] = 0x1000, 0x10, drills.TABLE, 0
        state["gpr"][0, 10:10 + len(addresses)] = addresses
    marks, before = "", 0
    for number, _ in enumerate(addresses, 1):
        assert machine.run(until=0x1000 + 8 * number, cycles=1000) == "address"
        count = machine.stats()["mmu"]["data"]["tlb_misses"]
        marks, before = marks + ("M" if count > before else "H"), count
    assert item.answer == {"misses": str(before), "order": marks}


def check(machine, kind, seed):
    if kind == "tlb":
        check_tlb(machine, seed)
    else:
        setting = SETTINGS[kind](random.Random(f"{kind} {seed}"))
        CHECKS[kind](machine, setting, drill(kind, seed).answer)


@pytest.mark.parametrize("kind", DRILLS)
def test_keys_equal_the_pipeline(pipeline, kind):
    for seed in range(60):
        check(pipeline, kind, seed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DRILLS)
def test_ten_thousand_keys_equal_the_pipeline(pipeline, kind):
    """Of all kinds together."""
    for seed in range(2_500):
        check(pipeline, kind, seed)


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
        execute(["drill", "translate", "--seed", "7", "-c"])
    item, printed = drill("translate", 7), capsys.readouterr().out
    assert ended.value.code == 0 and item.question in printed
    assert f"pa = {item.answer['pa']}" in printed and "[PEM 7.6.1.3]" in printed
    with pytest.raises(SystemExit):
        execute(["drill", "bat", "--seed", "3", "--count", "2", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [drill("bat", seed).as_dict() for seed in (3, 4)]
