"""The report: its data are those of the machine, and a browser shows them."""

import random
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from command import run_pteg
from window import cursor

import pteg
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import L2cr
from pteg.mmu.walk import groups

ROM = "openfirmware"
TRIGGER = "mmu.walker.updated_r and mmu.walker.side == DATA"
BEFORE, AFTER = 2000, 1500
VIEWER = Path(str(files("pteg.report") / "viewer"))


def blocks(machine, directory):
    """The same of a first-level cache, from the memories of its directory."""
    native, state = machine.model.native, machine.model.driver.state

    def row(path, index):
        return int(state[native.memories[path].base + index])

    ways, sets = native.memories[directory.valids].width, native.memories[directory.valids].depth
    written = int(native.read(state, directory.written))
    return {index * ways + way: ((row(directory.tag(way), index) * sets + index) * 32,
                                 1 + (row(directory.modifieds, index) >> way & 1))
            for index in range(sets) for way in range(ways)
            if written >> index & row(directory.valids, index) >> way & 1}


def sectors(machine):
    """The same of the L2."""
    native, state, tags = (machine.model.native, machine.model.driver.state,
                           machine.model.places.l2.tags)

    def row(path, index):
        return int(state[native.memories[path].base + index])

    shape = native.memories[tags.marks("valid", 0)]
    return {(index * 2 + way) * shape.width + sector: (
                ((row(tags.tag(way), index) * shape.depth + index) * shape.width + sector) * 32,
                1 + (row(tags.marks("modified", way), index) >> sector & 1))
            for index in range(shape.depth) for way in (0, 1) for sector in range(shape.width)
            if row(tags.marks("valid", way), index) >> sector & 1}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of the Open Firmware around its first table search that sets R."""
    path = tmp_path_factory.mktemp("report") / "run.html"
    machine = pteg.Machine("g3", rom=ROM)
    with machine.report(path, trigger=TRIGGER, before=BEFORE, after=AFTER) as recording:
        machine.run(cycles=275_000)
    assert recording.unreached is None
    return path, recording.triggered[0], machine


@pytest.fixture(scope="module")
def page(report, read_report):
    return read_report(report[0])


def test_the_window_is_what_surrounds_the_trigger(page, report):
    assert page.data["start"] == report[1] - BEFORE
    assert page.data["count"] == BEFORE + AFTER
    assert page.value("mmu.walker.updated_r", report[1]) == 1


def test_the_file_needs_nothing_else(page):
    head = page.text.partition('<script type="application/octet-stream"')[0]
    assert not re.search(r"\b(src|href)=|@import|url\(", head)
    assert "@" + "VIEWER@" not in page.text and "@" + "DATA@" not in page.text


@pytest.mark.parametrize("each", [125, pytest.param(1, marks=pytest.mark.slow)])
def test_values_are_those_of_the_machine_at_many_cycles(page, each):
    """A second machine is run to cycles of the window, and asked; at one of `each`, also for page
    table, TLBs and caches."""
    machine, seed = pteg.Machine("g3", rom=ROM), 2
    print("seed", seed)
    cycles = sorted(random.Random(seed).sample(
        range(page.data["start"], page.data["start"] + page.data["count"]), 2000))
    for cycle in cycles:
        machine.run(cycles=cycle - machine.cycle)
        assert page.value("core.completion.pc", cycle) == machine.cpu.pc, cycle
        assert page.value("core.completion.instructions", cycle) == machine.instructions, cycle
        assert page.value("core.special.msr", cycle) == machine.cpu.msr, cycle
        if cycle in cycles[::each]:
            table = machine.mmu.hash_table()
            memory = np.frombuffer(machine.memory.read(table.base, table.size), ">u4")
            # A store can be between the store queue and the cache.
            assert np.count_nonzero(page.table(cycle + 1) != memory) <= 2, cycle
            assert page.tlb(cycle) == {
                (entry.side.value, entry.set, entry.way): (entry.vsid, entry.ea, entry.pa)
                for entry in machine.mmu.tlb()}, cycle
            places = machine.model.places
            assert page.cache(0, cycle) == blocks(machine, places.icache.directory), cycle
            assert page.cache(1, cycle) == blocks(machine, places.dcache.directory), cycle


@pytest.mark.slow
def test_the_second_level_is_followed_too(read_report, tmp_path):
    """It fills, is cast out into, and is invalidated."""
    machine = pteg.Machine("g3", rom=ROM, l2="256K")
    on = L2cr.L2E.mask | L2cr.L2SIZ.put(1) | L2cr.L2CLK.put(1)
    machine.cpu.spr["L2CR"] = on
    machine.run(cycles=20_000)
    seen = {}
    with machine.report(tmp_path / "l2.html", last=500):
        for _ in range(12):
            machine.run(cycles=9_973)
            seen[machine.cycle] = sectors(machine)
        code = assemble("mtspr 1017,r3\nb .", sections={".text": 0xF000}).image()
        machine.memory.write(0xF000, code)
        machine.cpu.pc, machine.cpu.msr = 0xF000, 0
        machine.cpu.gpr[3] = on & ~L2cr.L2E.mask | L2cr.L2I.mask
        machine.run(cycles=1_500)
        seen[machine.cycle] = sectors(machine)
    page = read_report(tmp_path / "l2.html")
    assert page.data["caches"]["caches"][2]["sectors"] == 2
    for cycle, expected in seen.items():
        assert page.cache(2, cycle) == expected, cycle
    *filled, emptied = map(len, seen.values())
    assert max(filled) > 300 and emptied < filled[-1]
    assert {1, 2} == {state for contents in seen.values() for _, state in contents.values()}


def test_the_page_table_ends_as_memory_has_it(page, report):
    machine = report[2]
    table = machine.mmu.hash_table()
    memory = np.frombuffer(machine.memory.read(table.base, table.size), ">u4")
    assert (page.table(1 << 32) == memory).all() and memory.any()
    assert len(page.data["table"]["changes"]["cycle"]) > 4


def test_translations_go_where_the_mmu_sends_them(page, report):
    """The tables only grow in this window: at the end `machine.mmu.walk` gives the same."""
    machine, found = report[2], page.data["translations"]
    checked = 0
    for row in range(len(found["cycle"])):
        assert page.data["start"] <= found["cycle"][row] < page.data["start"] + page.data["count"]
        if not found["relocate"][row]:
            assert found["pa"][row] == found["ea"][row]
        elif page.data["enums"]["result"][str(found["result"][row])] == "OK":
            kind = page.data["enums"]["kind"][str(found["kind"][row])].lower()
            walk = machine.mmu.walk(int(found["ea"][row]), kind if kind != "touch" else "load",
                                    user=bool(found["user"][row]))
            assert walk.pa == found["pa"][row], hex(walk.ea)
            checked += 1
    assert checked > 40


def test_searches_examine_what_the_hash_selects(page):
    searches, slots = page.data["searches"], page.data["slots"]
    assert len(searches["begin"]) > 3
    assert {0, 1} <= set(searches["outcome"].tolist())     # page faults, and what is found
    for row in range(len(searches["begin"])):
        ea, vsid = int(searches["ea"][row]), int(searches["vsid"][row])
        first, count = int(searches["first"][row]), int(searches["count"][row])
        ptegs = groups(ea, vsid, int(searches["sdr1"][row]))
        expected = [group + 8 * slot for group in ptegs for slot in range(8)][:count]
        assert slots["address"][first:first + count].tolist() == expected
        for slot in range(first, first + count):
            words = page.table(int(slots["cycle"][slot]))
            at = (int(slots["address"][slot]) - page.data["table"]["base"]) // 4
            assert (words[at], words[at + 1]) == (slots["high"][slot], slots["low"][slot])


def test_instructions_have_their_source_lines(page):
    """Each line of the kernel's source has the mnemonic of its instruction, or is a macro's."""
    source, labels = page.data["source"], page.data["passages"]["labels"]
    same = known = 0
    for label, file, number in zip(labels, source["file"], source["line"], strict=True):
        if file >= 0:
            known += 1
            text = source["files"][file]["text"].split("\n")[number - 1]
            same += label.split()[1].rstrip("+-") in text.split("#")[0].split()
    assert known > 40 and same > 0.4 * known


def test_instructions_have_their_stages(page, report):
    passages = page.data["passages"]
    retired = page.data["fates"].index("retired"), page.data["fates"].index("folded")
    start, count = page.data["start"], page.data["count"]
    inside = (page.value("core.completion.instructions", start + count - 1)
              - page.value("core.completion.instructions", start))
    shown = int(np.isin(passages["fate"][:-1], retired).sum())
    assert inside * 0.9 < shown <= inside + 12 and inside > 100
    assert (passages["end"][:-1] >= passages["begin"][:-1]).all()


def test_the_pipeline_has_what_is_in_the_completion_queue(page):
    """In every cycle, as soon as all that was in it before the window has left."""
    passages, count = page.data["passages"], page.data["count"]
    spans = len(passages["span_stage"])
    dispatched = np.full(len(passages["begin"]) - 1, count)
    owners = np.repeat(np.arange(len(dispatched)), np.diff(passages["first"]))
    inside = passages["span_stage"] == page.data["stages"].index("D")
    assert len(owners) == spans and inside.any()
    dispatched[owners[inside]] = passages["span_end"][inside]
    change = np.zeros(2 * count, int)
    np.add.at(change, dispatched, 1)
    np.add.at(change, np.maximum(dispatched, passages["end"][:-1]), -1)
    shown = np.cumsum(change)[:count]
    signal = page.signals["core.completion.count"]
    held = np.repeat(signal["values"], np.diff([*signal["cycles"], count])).astype(int)
    first = int(np.flatnonzero(held == 0)[0])
    assert first < count / 4 and set(held[first:]) == set(range(7))
    assert (shown[first:-1] == held[first:-1]).all()


def test_a_trigger_that_never_comes_is_one_clear_line(tmp_path):
    machine = pteg.Machine("g3", rom="first")
    recording = machine.report(tmp_path / "no.html", trigger="mmu.walker.updated_c")
    machine.run(cycles=500)
    with pytest.raises(pteg.UserError, match="no.html: trigger 'mmu.walker.updated_c' was never"):
        recording.close()
    assert not (tmp_path / "no.html").exists()


@pytest.mark.parametrize("option, text", [("--trigger=walk()", "trigger 'walk()'"),
                                          ("--window=1000:2000", "window 1000:2000")])
def test_a_report_of_what_the_run_did_not_reach_is_exit_code_1(tmp_path, option, text):
    path = tmp_path / "no.html"
    done = run_pteg("run", "-q", "--rom", "first", "--cycles", 200, "--report", path, option)
    assert (done.returncode, done.stderr) == (1, f"pteg: {path}: {text} was never reached\n")
    assert not path.exists()


def test_a_report_is_of_the_pipeline_and_not_endless(tmp_path):
    with pytest.raises(pteg.UserError, match="pipeline"):
        pteg.Machine("g3", cpu="functional", rom="first").report(tmp_path / "a.html")
    with pytest.raises(pteg.UserError, match="at most"):
        pteg.Machine("g3", rom="first").report(tmp_path / "a.html", window=(0, 1 << 20))
    with pytest.raises(pteg.UserError, match="^processors must be 1 with a report, not 2$"):
        pteg.Machine("g3", rom="first", processors=2).report(tmp_path / "a.html")
    assert not list(tmp_path.iterdir())


def test_the_command_shows_what_follows_a_checkpoint(read_report, tmp_path):
    machine = pteg.Machine("g3", cpu="functional", rom="first")
    machine.run(instructions=2000)
    machine.save(tmp_path / "a.ckpt")
    subprocess.run([sys.executable, "-m", "pteg", "report", "a.ckpt", "-o", "a.html", "--cycles",
                    "400"], cwd=tmp_path, check=True, capture_output=True)
    page = read_report(tmp_path / "a.html")
    restored = pteg.Machine.restore(tmp_path / "a.ckpt", cpu="pipeline")
    assert (page.data["start"], page.data["count"]) == (restored.cycle, 400)
    # The built-in ROM has its names and its sources again.
    assert all("<" in label for label in page.data["passages"]["labels"])
    files = page.data["source"]["files"]
    assert files and all(file["name"].startswith("start/") and file["text"] for file in files)


@pytest.mark.parametrize("cycles", [0, 50_001])
def test_a_report_of_too_few_or_too_many_cycles_is_refused(tmp_path, cycles):
    done = run_pteg("report", tmp_path / "a.ckpt", "-o", tmp_path / "a.html", "--cycles", cycles)
    assert done.returncode == 2
    assert done.stderr == f"pteg: --cycles must be 1 to 50,000, not {cycles:,}\n"


def test_a_browser_shows_every_pane_and_one_cursor_moves_them(report, page, show, tmp_path):
    window = show(report[0])
    names = window.get_by_role("tab").all_inner_texts()
    assert names == ["Pipeline", "Waveforms", "Statistics", "Summary", "Translation", "Page table",
                     "TLBs", "Page life", "Caches", "Events", "Code", "Components"]
    for name in names:
        window.get_by_role("tab", name=name, exact=True).click()
        panel = window.get_by_role("tabpanel", name=name, exact=True)
        assert panel.is_visible()
        if name == "Components":
            window.wait_for_timeout(1500)
        if name not in ("Summary", "Statistics"):
            before = panel.screenshot()
            window.locator("#overview").press("Home")
            first = panel.screenshot()
            window.locator("#overview").press("t")
            window.locator("#overview").press("Shift+ArrowRight")
            assert len({before, first, panel.screenshot()}) > 1, name
    # The source follows the cursor.
    window.get_by_role("tab", name="Code", exact=True).click()
    source = page.data["source"]
    row = int(np.flatnonzero(source["file"] >= 0)[0])
    passages = page.data["passages"]
    begin = page.data["start"] + int(passages["end"][list(passages["label"]).index(row)]) - 1
    window.evaluate("cycle => report.view.go(cycle)", begin)
    shown = window.get_by_role("region", name="Source", exact=True)
    assert shown.locator(".now, .flight").count() > 0
    window.locator("#overview").press("Home")
    window.locator("#overview").press("t")
    window.locator("#overview").press("Shift+ArrowRight")
    cycle = cursor(window)
    later = [begin for begin in page.data["searches"]["begin"] if begin > page.data["start"]]
    assert cycle == later[0] + 10
    # The viewer's values are those of the file.
    asked = [[path, page.data["start"] + n] for path in page.data["shown"][:40]
             for n in range(0, page.data["count"], 61)]
    values = window.evaluate(
        "asked => asked.map(([p, c]) => String(report.data.value(p, c)))", asked)
    for (path, when), value in zip(asked, values, strict=True):
        assert int(value) == page.value(path, when), (path, when)
    window.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    search = window.get_by_label("Search", exact=True)
    search.fill("stw")
    window.wait_for_function("document.getElementById('found').textContent.endsWith(' cycles')")
    labels = np.array(["stw" in label for label in passages["labels"]])
    begins = passages["begin"][:-1][labels[passages["label"][:-1]]]
    expected = np.unique(begins) + page.data["start"]
    assert window.locator("#found").text_content() == f"{len(expected)} cycles"
    search.press("Enter")
    assert cursor(window) in expected
    assert window.locator("canvas:not([aria-label]), input:not([id])").count() == 0


def go(window, cycle):
    """Move the cursor, and let the panes be drawn."""
    window.evaluate("cycle => { report.view.go(cycle); report.view.draw(); }", cycle)


def steps(window):
    """The translation at the cursor: {step: its text, without white space}."""
    window.get_by_role("tab", name="Translation", exact=True).click()
    return window.evaluate(
        "() => Object.fromEntries([...document.querySelectorAll('.step')].map(step =>"
        " [...step.children].map(part => part.innerText)).map(([name, text]) =>"
        " [name, text.replace(/\\s+/g, '')]))")


def test_tlbs_caches_and_page_table_of_the_viewer_are_those_of_the_file(report, page, show):
    """Which another test compares with the machine. The cursor goes forward and back."""
    window, rng = show(report[0]), random.Random(3)
    changes = page.data["tlb"]["changes"]["cycle"].tolist()
    cycles = [*changes[:3], *(cycle + 1 for cycle in changes[:3]), *rng.sample(
        range(page.data["start"], page.data["start"] + page.data["count"]), 25)]
    rng.shuffle(cycles)
    seen = window.evaluate("""cycles => cycles.map(cycle => {
        const { data, all } = report, tlb = [];
        const caches = all.find(({ button }) => button.textContent === 'Caches').pane.contents;
        for (const side of [0, 1]) for (let set = 0; set < data.tlb.sets; set++)
          for (let way = 0; way < data.tlb.ways; way++) {
            const entry = data.tlbEntry(side, set, way, cycle);
            if (entry) tlb.push([side, set, way, entry.vsid, entry.ea, entry.pa]);
          }
        return [tlb, caches.at(cycle).map(({ state, address }) => [...state].flatMap(
          (value, slot) => value ? [[slot, address[slot], value]] : [])),
          Array.from({ length: data.table.size / 4 }, (_, n) => data.word(n, cycle))];
    })""", cycles)
    entries = set()
    for cycle, (tlb, caches, words) in zip(cycles, seen, strict=True):
        assert {tuple(row[:3]): tuple(row[3:]) for row in tlb} == page.tlb(cycle), cycle
        assert (np.array(words) == page.table(cycle)).all(), cycle
        for number, blocks in enumerate(caches):
            assert {row[0]: (row[1], row[2]) for row in blocks} == page.cache(number, cycle), cycle
        entries.add(len(tlb))
    assert len(entries) > 2 and len(caches) == 2


def test_the_events_follow_the_cursor(report, page, show):
    window, events = show(report[0]), page.data["events"]
    window.get_by_role("tab", name="Events", exact=True).click()
    inside = np.flatnonzero((events["cycle"] >= page.data["start"])
                            & (events["cycle"] < page.data["start"] + page.data["count"]))
    assert len(inside) > 10 and inside[0] > 100
    for row in inside[::4].tolist():
        go(window, int(events["cycle"][row]))
        # At once: the lines are made anew when the list scrolls.
        marked = window.evaluate(
            "() => [...document.querySelectorAll('#right .now')].filter(line => line.offsetParent)"
            ".map(line => [line.textContent, line.getBoundingClientRect().y])")
        assert len(marked) == 1 and 0 < marked[0][1] < 830
        assert int(marked[0][0].split()[0]) == events["cycle"][row]


def test_the_steps_of_a_search_are_those_of_the_machine(report, page, show):
    """A second machine is run to the end of each search, and asked."""
    window, searches = show(report[0]), page.data["searches"]
    machine = pteg.Machine("g3", rom=ROM)
    assert cursor(window) == report[1]
    found = 0
    for row in range(len(searches["end"])):
        end = int(searches["end"][row])
        go(window, end)
        machine.run(cycles=end + 1 - machine.cycle)
        walk = machine.mmu.walk(int(searches["ea"][row]), page.data["enums"]["kind"][
            str(searches["kind"][row])].lower())
        shown = steps(window)
        assert shown[f"SR{walk.ea >> 28}"] == f"VSID{walk.segment.vsid:06x}"
        page_index = walk.ea >> 12 & 0xFFFF
        assert f"=hash{walk.segment.vsid & 0x7FFFF ^ page_index:019b}" in shown["hash"]
        if searches["outcome"][row] == 0:
            assert shown["result"] == "NOT_FOUND" and walk.pte is None
            continue
        found += 1
        key = walk.segment.kp if walk.user else walk.segment.ks
        assert shown["protection"] == f"key{key:d}PP{walk.pte.pp:02b}readandwrite"
        assert shown["PTE"].startswith(
            f"{walk.pte.address:08x}RPN{walk.pte.pa >> 12:05x}R0C0WIMG{walk.pte.wimg:04b}")
        assert shown["PTE"].endswith("setsRandC") and walk.pte.r and walk.pte.c
        assert shown["PA"] == f"RPN{walk.pa >> 12:05x}offset{walk.pa & 0xfff:03x}"
        assert window.locator(".list > .flight:visible").count() <= 2
        rows = window.get_by_role("region", name="Translations of the window").locator("div > div")
        cycles = [int(text.split()[0]) for text in rows.all_inner_texts()]
        assert min(cycles) <= end <= max(cycles)
    assert found > 1
    # Of a translation: what the segment register says.
    table = page.data["translations"]
    row = int(np.flatnonzero(table["by_tlb"])[-1])
    go(window, int(table["cycle"][row]))
    window.get_by_role("region", name="Translations of the window").locator(
        ".now, .flight").filter(has_text=f"{table['ea'][row]:08x}").click()
    segment = machine.mmu.segments()[0]
    assert steps(window)["SR0"] == (f"T0Ks{segment.ks:d}Kp{segment.kp:d}N{segment.n:d}"
                                    f"VSID{segment.vsid:06x}")


def test_a_window_may_cut_a_search(report, page, read_report, show, tmp_path):
    """What was read before the window is not made up; a search that goes on is there, too."""
    searches, slots = page.data["searches"], page.data["slots"]
    row = int(np.flatnonzero(searches["r_cycle"])[0])
    begin, end = int(searches["begin"][row]), int(searches["end"][row])
    last = int(slots["cycle"][searches["first"][row] + searches["count"][row] - 1])
    assert begin < last < end
    machine = pteg.Machine("g3", rom=ROM)
    for name, first, stop in (("end", last + 1, end + 10), ("begin", begin - 10, last + 1)):
        with machine.report(tmp_path / f"{name}.html", window=(first, stop)):
            machine.run(cycles=stop + 10 - machine.cycle)
        machine = pteg.Machine("g3", rom=ROM)
    window = show(tmp_path / "end.html")
    go(window, end)
    shown = steps(window)
    assert shown["PTE"] == f"{searches['found_at'][row]:08x},readbeforethewindow"
    assert "PA" not in shown
    cut = read_report(tmp_path / "begin.html").data["searches"]
    assert (cut["begin"][-1], cut["end"][-1]) == (begin, last + 1)
    window = show(tmp_path / "begin.html")
    go(window, last)
    assert steps(window)[""] == "thesearchgoeson"
    assert "past the window" in window.locator("h2:visible").first.inner_text()


def test_the_bundle_is_what_its_sources_give(tmp_path):
    if shutil.which("npm") is None:
        pytest.skip("npm is not there")
    folder = tmp_path / "viewer"
    shutil.copytree(VIEWER, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "viewer.js").unlink()
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, text=True,
                          capture_output=True, timeout=300)
    if done.returncode:
        pytest.skip("the packages are not to be had: " + done.stderr.strip()[-200:])
    subprocess.run(["npm", "run", "build"], cwd=folder, check=True, capture_output=True,
                   timeout=120)
    assert (folder / "viewer.js").read_bytes() == (VIEWER / "viewer.js").read_bytes()
