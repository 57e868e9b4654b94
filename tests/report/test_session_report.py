"""The report of a session of MOL: exits, worlds, and the guest's translation beside MOL's."""

import numpy as np
import pytest

from pteg.errors import UserError
from pteg.mol.measure import run
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


def test_the_guests_way_and_the_shadow_lead_to_the_same_byte(page, show, session):
    """In each translation of the guest that succeeds; without a shadow entry it fails."""
    window = show(session[1])
    window.get_by_role("tab", name="Storeys", exact=True).click()
    found = window.evaluate("""() => {
        const { pane } = report.all.find(({ button }) => button.textContent === "Storeys");
        return pane.ours.map((i) => pane.at(i, report.data.translations.cycle[i]));
    }""")
    results = {result: [one for one in found if one["result"] == result]
               for result in {one["result"] for one in found}}
    assert len(results["OK"]) > 20 and results["PAGE_FAULT"]
    for one in results["OK"]:
        # The shadow may have gone from the table while the TLB still has it.
        assert one["shadow"] is None or one["shadow"]["pa"] == one["real"], one
        assert one["host"] == one["real"], one
    assert all(one["shadow"] is None for one in results["PAGE_FAULT"])
    assert sum(one["shadow"] is not None for one in results["OK"]) > 20


def test_the_flame_is_a_pane(show, session, page):
    window = show(session[1])
    window.get_by_role("tab", name="Exits", exact=True).click()
    panel = window.get_by_role("tabpanel", name="Exits", exact=True)
    assert panel.is_visible() and panel.locator(".list > div").count() > 3
    panel.locator(".list > div").nth(2).click()
    assert int(window.get_by_label("Cycle", exact=True).input_value()) == page.data["session"][
        "exits"]["cycle"][2]
    box = panel.locator("canvas").bounding_box()
    panel.locator("canvas").click(position={"x": box["width"] / 2, "y": 60})
    cycle = int(window.get_by_label("Cycle", exact=True).input_value())
    assert np.isin(cycle, page.data["session"]["exits"]["cycle"])


def test_a_report_needs_cycles(tmp_path):
    with pytest.raises(UserError, match="pipeline"):
        run("first-touch", report=tmp_path / "run.html")
    assert not list(tmp_path.iterdir())
