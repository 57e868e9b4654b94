"""How fast a report answers, in headless Chromium: milliseconds of each interaction with each pane.

The report has 20,000 cycles of the boot of Open Firmware, and 100,000 events. Those are the ledger
of a functional boot, repeated as often as needed, with cycles from 0 to the end of the window. What
is told is the median and the worst one.
"""

import shutil
import statistics
import tempfile
from pathlib import Path
from unittest.mock import patch

import numpy as np
from playwright.sync_api import sync_playwright

import pteg
from pteg.ledger import Ledger

CYCLES, START = 20_000, 250_000
EVENTS, BOOT = 100_000, 3_000_000
#: Moves of the cursor in each pane.
MOVES = 40
#: Milliseconds within which an interaction is to be over.
LIMIT = 100

INTERACTIONS = """
async (moves) => {
  const { data, view, all } = report, found = {};
  let seed = 1;
  const random = (n) => (seed = seed * 48271 % 2147483647) % n;
  const timed = (name, act) => {
    const begin = performance.now();
    act();
    if (view.frame) { cancelAnimationFrame(view.frame); view.draw(); }
    (found[name] ??= []).push(performance.now() - begin);
  };
  for (const { button } of all) {
    timed(`${button.textContent}: first`, () => button.click());
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (let n = 0; n < moves; n++)
      timed(button.textContent, () => view.go(data.start + random(data.count)));
  }
  for (let n = 0; n < 6; n++) timed("zoom out", () => view.zoom(0.5));
  for (let n = 0; n < 6; n++) timed("zoom in", () => view.zoom(2));
  const search = document.getElementById("search");
  for (const text of ["fff0", "stw", "exception", "tlb", ""])
    timed("search", () => { search.value = text; search.dispatchEvent(new Event("input")); });
  return found;
}
"""


def events():
    """Records of a boot."""
    machine, ledger = pteg.Machine("g3", cpu="functional", rom="openfirmware"), Ledger()
    machine.model.ledger(ledger.add)
    machine.run(instructions=BOOT)
    records = np.resize(ledger.records, EVENTS)
    records["cycle"] = np.linspace(0, START + CYCLES, EVENTS)
    return records


def report(folder):
    """Make the report; returns its path."""
    records, machine = events(), pteg.Machine("g3", rom="openfirmware")
    path = Path(folder) / "boot.html"
    with (patch.object(Ledger, "records", property(lambda ledger: records)),
          machine.report(path, window=(START, START + CYCLES))):
        machine.run(cycles=START + CYCLES)
    return path


def main():
    """Print a table."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = report(folder)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 850})
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-ready]")
        cycles, events = page.evaluate("[report.data.count, report.data.events.cycle.length]")
        found = page.evaluate(INTERACTIONS, MOVES)
        browser.close()
    print(f"{cycles:,} cycles, {events:,} events; limit {LIMIT} ms")
    print(f"{'interaction':<22} {'median ms':>10} {'worst ms':>10}")
    for name, times in found.items():
        print(f"{name:<22} {statistics.median(times):>10.1f} {max(times):>10.1f}")


if __name__ == "__main__":
    main()
