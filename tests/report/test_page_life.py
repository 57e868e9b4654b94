"""The life of a page in a report: what is stale is what the oracle finds."""

from pathlib import Path

import numpy as np
import pytest

import pteg
from pteg.firmware.asm import assemble
from pteg.mmu.oracle import Step

SOURCE = Path(__file__).parents[1] / "mmu" / "pte_update.s"
EA, VSID = 0x40003000, 0x123


def machine_with(*omitted):
    program = assemble(SOURCE, defines={f"OMIT_{step.name}": 1 for step in omitted},
                       sections={".vectors": 0x300, ".text": 0x1000})
    machine = pteg.Machine("g3", rom="none", ram="4M")
    machine.load(program.elf())
    machine.cpu.pc, machine.cpu.msr = program.symbols["start"], 0
    return machine, program.symbols["done"]


def life(window):
    window.get_by_role("tab", name="Page life", exact=True).click()
    return window.evaluate(
        "key => report.all.find(({ button }) => button.textContent === 'Page life')"
        ".pane.life(key)", f"{VSID} {EA >> 12 & 0xFFFF}")


@pytest.mark.parametrize("omitted", [(), (Step.TLBIE,)], ids=["correct", "without tlbie"])
def test_stale_uses_are_those_of_the_oracle(show, tmp_path, omitted):
    watched, done = machine_with(*omitted)
    oracle = watched.oracle()
    watched.run(until=done, instructions=20_000)
    machine, done = machine_with(*omitted)
    with machine.report(tmp_path / "run.html", window=(0, 20_000)):
        machine.run(until=done, instructions=20_000)
    assert machine.cycle == watched.cycle
    found = life(show(tmp_path / "run.html"))
    stale = [use["cycle"] for use in found["uses"] if use["stale"]]
    assert len(found["uses"]) > 20
    assert bool(stale) == bool(oracle.uses) == bool(omitted)
    if omitted:     # the oracle tells of each TLB entry once, when the access completes
        assert 0 <= oracle.uses[0].cycle - stale[0] < 100
        assert found["pte"][-1]["pa"] is not None
    else:
        assert len(found["tlb"][1]) > 10
        assert [act["text"] for act in found["acts"]].count("tlbie") > 6


def test_stores_past_the_cache_change_the_page_table_too(read_report, tmp_path):
    """The caches are off: the load/store unit writes on the bus by itself."""
    machine, done = machine_with()
    seen = {}
    with machine.report(tmp_path / "run.html", last=100):
        for _ in range(100):
            machine.run(cycles=97)
            seen[machine.cycle] = np.frombuffer(machine.memory.read(0x200000, 0x10000), ">u4")
    page = read_report(tmp_path / "run.html")
    assert len(page.data["table"]["changes"]["cycle"]) > 15
    for cycle, memory in seen.items():
        assert np.count_nonzero(page.table(cycle) != memory) <= 1, cycle
    assert sum((page.table(cycle) == memory).all() for cycle, memory in seen.items()) > 90
