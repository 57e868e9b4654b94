"""The report of a session of MOL: exits, worlds, registers, and the guest's translation beside
MOL's.
"""

import struct

import numpy as np
import pytest
from window import cursor

from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.mol.measure import measure, run
from pteg.mol.register_ledger import Verdict
from pteg.mol.scenarios import SCENARIOS
from pteg.mol.scenarios.scenario import HostScenario
from pteg.mol.scenarios.sessions import counting
from pteg.pipeline.switches import Moment
from pteg.worlds import GUESTS


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A scenario's result and its report."""
    path = tmp_path_factory.mktemp("session") / "run.html"
    return run("first-touch", "pipeline", report=path), path


@pytest.fixture(scope="module")
def page(session, read_report):
    return read_report(session[1])


def test_exits_are_those_of_the_result(session, page):
    exits, expected = page.data["session"]["exits"], session[0]["exits"]
    cycles = exits["cycles"].reshape(-1, len(exits["phases"]))
    assert set(exits["kinds"]) == set(expected)
    for number, kind in enumerate(exits["kinds"]):
        mine = exits["kind"] == number
        assert mine.sum() == expected[kind]["count"]
        assert cycles[mine].sum() == expected[kind]["all_cycles"]
    assert page.data["session"]["worlds"] == {
        world: row["cycles"] for world, row in session[0]["worlds"].items()}


def test_instructions_have_the_names_of_their_world(page):
    """The guest's code and the host's lie at the same addresses."""
    passages = page.data["passages"]
    named = {world: {label.partition("<")[2].rstrip(">").partition("+")[0]
                     for label, owner in zip(passages["labels"], passages["world"], strict=True)
                     if owner == world}
             for world in set(passages["world"].tolist())}
    guests = set().union(*(named[world] for world in GUESTS if world in named))
    others = set().union(*(names for world, names in named.items() if world not in GUESTS))
    shared = {"", "_start"}     # every program has that one
    assert "mac_entry" in others and guests - shared and not guests & others - shared
    worlds = page.data["worlds"]
    assert set(worlds["values"].tolist()) & set(GUESTS)


def ways(window):
    """Of each translation of the guest: what the pane shows in its cycle, by result."""
    window.get_by_role("tab", name="Storeys", exact=True).click()
    found = window.evaluate("""() => {
        const { pane } = report.all.find(({ button }) => button.textContent === "Storeys");
        return pane.ours.map((i) => pane.at(i, report.data.translations.cycle[i]));
    }""")
    return {result: [one for one in found if one["result"] == result]
            for result in {one["result"] for one in found}}


def check_ways(results):
    """In each translation of the guest that succeeds; without a shadow entry it fails."""
    assert len(results["OK"]) > 20 and results["PAGE_FAULT"]
    for one in results["OK"]:
        # The shadow may have gone from the table while the TLB still has it.
        assert one["shadow"] is None or one["shadow"]["pa"] == one["real"], one
        assert one["host"] == one["real"], one
    assert all(one["shadow"] is None for one in results["PAGE_FAULT"])
    assert sum(one["shadow"] is not None for one in results["OK"]) > 20


def test_the_guests_way_and_the_shadow_lead_to_the_same_byte(page, show, session):
    check_ways(ways(show(session[1])))


@pytest.mark.slow
def test_so_they_do_for_a_process_of_an_operating_system(show, tmp_path):
    scenario = HostScenario("count", 0, "ii", "A guest that counts",
                            lambda: {"count": counting("C", 3)}, ("insmod mol", "mol count 2"))
    path = tmp_path / "run.html"
    measure(scenario.session("pipeline"), scenario, report=path)
    window = show(path)
    check_ways(ways(window))
    assert not any(window.evaluate("""() => report.all.find(
        ({ button }) => button.textContent === "Registers").pane.all.leaks"""))


class Ledger:
    """The register ledger of a page, by exits."""

    def __init__(self, page):
        ledger = page.data["session"]["ledger"]
        self.cycle = ledger["cycle"].reshape(-1, len(Moment)).astype(int)
        self.value = ledger["value"].reshape(len(self.cycle), len(Moment), -1)
        self.registers, self.sides = ledger["registers"], {
            side: (ledger[side], ledger[f"{side}_verdict"].reshape(len(self.cycle), -1))
            for side in ("guest", "host")}

    def leaked(self, side):
        names, verdicts = self.sides[side]
        return {names[n] for n in np.flatnonzero((verdicts == Verdict.LEAKED).any(0))}


def test_the_ledger_has_the_registers_as_the_machine_has_them(page):
    """At the moments of some exits, in another run."""
    ledger = Ledger(page)
    again = SCENARIOS["first-touch"].session("pipeline")
    again.run(1_000_000, until=again.entry)
    moments = np.argwhere(ledger.cycle)
    assert len(moments) > 80
    for row, moment in moments[::7]:
        again.machine.run(cycles=int(ledger.cycle[row, moment]) - again.machine.cycle)
        state = again.machine.model.get_state()
        for name, value in zip(ledger.registers, ledger.value[row, moment], strict=True):
            bank = next((bank for bank in ("gpr", "fpr", "sr")
                         if name.removeprefix(bank).isdigit()), None)
            real = state[bank][0, int(name.removeprefix(bank))] if bank else state[name][0]
            assert value == real, (row, moment, name)


def test_nothing_leaks_in_a_switch(page):
    """Both sides have their own again, although the switches have used most of it."""
    ledger = Ledger(page)
    assert not ledger.leaked("guest") and not ledger.leaked("host")
    names, verdicts = ledger.sides["guest"]
    used = {names[n] for n in np.flatnonzero((verdicts == Verdict.RESTORED).any(0))}
    assert {*(f"gpr{n}" for n in range(8)), "cr", "lr", "ctr"} <= used


def test_what_the_switch_forgets_is_leaked(tmp_path, read_report):
    """Without one instruction each, the guest gets a register of the host, and the host one of
    MOL."""
    scenario = SCENARIOS["first-touch"]
    session = scenario.session("pipeline")
    memory, symbols = session.machine.memory, session.machine.symbols
    begin, end = symbols.address("mac_entry"), symbols.address("exit_to_user")
    code = list(struct.unpack(f">{(end - begin) // 4}I", memory.read(begin, end - begin)))
    offset = session.places().offsets["xGPR"] + 4 * 11
    for text in (f"lwz r11, {offset}(r1)", "mtsprg 3, r9"):
        (word,) = struct.unpack(">I", assemble(text, sections={".text": 0}).image(0))
        assert code.count(word) == 1
        code[code.index(word)] = 0x60000000
    memory.write(begin, struct.pack(f">{len(code)}I", *code))
    measure(session, scenario, report=tmp_path / "run.html")
    ledger = Ledger(read_report(tmp_path / "run.html"))
    assert ledger.leaked("guest") == {"gpr11"} and ledger.leaked("host") == {"sprg3"}


def test_the_ledger_is_a_pane(show, session, page):
    window = show(session[1])
    window.get_by_role("tab", name="Registers", exact=True).click()
    panel = window.get_by_role("tabpanel", name="Registers", exact=True)
    asked = np.flatnonzero(Ledger(page).cycle[:, Moment.OTHERS])
    for row in (0, int(asked[0]), int(asked[-1])):
        left, others = Ledger(page).cycle[row, [Moment.LEFT, Moment.OTHERS]].tolist()
        window.evaluate("cycle => report.view.go(cycle)", left)
        window.wait_for_function("text => document.body.innerText.includes(text)",
                                 arg=f"Exit {row + 1} of")
        assert ("sprg3" in panel.inner_text()) == bool(others)
    saved = int(panel.locator("td button").first.evaluate(
        "button => (button.click(), button.innerText)").replace(",", ""))
    assert cursor(window) == saved


#: Roles of what is used, and of what is shown.
NAMED = {"button", "tab", "textbox", "searchbox", "slider", "image", "img", "region", "tabpanel",
         "tablist", "spinbutton", "combobox"}


def test_all_that_is_used_or_shown_has_a_name(show, session):
    """As a screen reader gets it, in every pane."""
    window = show(session[1])
    reader, seen = window.context.new_cdp_session(window), set()
    for tab in window.get_by_role("tab").all():
        tab.click()
        for node in reader.send("Accessibility.getFullAXTree")["nodes"]:
            role = node.get("role", {}).get("value")
            if not node["ignored"] and role in NAMED:
                assert node.get("name", {}).get("value"), (tab.inner_text(), role)
                seen.add(role)
    assert {"button", "tab", "slider", "region", "tabpanel", "searchbox"} <= seen


@pytest.mark.slow
def test_printing_has_all_panes(show, session, tmp_path):
    window = show(session[1])
    panels, tabs = window.locator("[role=tabpanel]"), window.get_by_role("tab").all_inner_texts()
    assert len(tabs) == panels.count() > 12
    window.emulate_media(media="print")
    window.evaluate("dispatchEvent(new Event('beforeprint'))")
    for panel in panels.all():
        assert panel.is_visible() and panel.bounding_box()["height"] > 60, panel
    # A canvas that nobody has painted has one colour.
    assert all(window.evaluate("""() => [...document.querySelectorAll("[role=tabpanel] canvas")]
        .filter((one) => !one.closest(".plots")).map((one) => new Set(new Uint32Array(
            one.getContext("2d").getImageData(0, 0, one.width, one.height).data.buffer)).size > 1)
        """))
    window.evaluate("dispatchEvent(new Event('afterprint'))")
    assert sum(panel.is_visible() for panel in panels.all()) >= 2
    window.pdf(path=tmp_path / "report.pdf")
    pages = (tmp_path / "report.pdf").read_bytes().count(b"/Type /Page\n")
    assert pages >= len(tabs) // 2
    window.emulate_media(media="screen")
    assert sum(panel.is_visible() for panel in panels.all()) == 2


def test_the_flame_is_a_pane(show, session, page):
    window = show(session[1])
    window.get_by_role("tab", name="Exits", exact=True).click()
    panel = window.get_by_role("tabpanel", name="Exits", exact=True)
    assert panel.is_visible() and panel.locator(".list > div").count() > 3
    panel.locator(".list > div").nth(2).click()
    assert cursor(window) == page.data["session"]["exits"]["cycle"][2]
    box = panel.locator("canvas").bounding_box()
    panel.locator("canvas").click(position={"x": box["width"] / 2, "y": 60})
    assert np.isin(cursor(window), page.data["session"]["exits"]["cycle"])


def test_a_report_needs_cycles(tmp_path):
    with pytest.raises(UserError, match="pipeline"):
        run("first-touch", report=tmp_path / "run.html")
    assert not list(tmp_path.iterdir())
