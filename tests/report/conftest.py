"""What the tests of reports share: a report's contents as Python sees them, and a browser."""

import base64
import json
import re
import shutil
import zlib

import numpy as np
import pytest

_TYPES = {"Uint8": "u1", "Int8": "i1", "Uint16": "u2", "Uint32": "u4", "Int32": "i4",
          "BigUint64": "u8"}


class Page:
    """What is in a report's file."""

    def __init__(self, path):
        self.text = path.read_text(encoding="utf-8")
        self._block = self._unpack("block")
        self.data = self._arrays(json.loads(self._unpack("data")))
        self.signals = {signal["path"]: signal for signal in self.data["signals"]}

    def _unpack(self, name):
        packed = re.search(rf'id="{name}">([^<]*)</script>', self.text)[1]
        return zlib.decompress(base64.b64decode(packed))

    def _arrays(self, value):
        if isinstance(value, list):
            return [self._arrays(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"at", "n", "t"}:
            return np.frombuffer(self._block, _TYPES[value["t"]], value["n"], value["at"])
        return {name: self._arrays(item) for name, item in value.items()}

    def value(self, path, cycle):
        signal = self.signals[path]
        at = np.searchsorted(signal["cycles"], cycle - self.data["start"], side="right") - 1
        return int(signal["values"][at])

    def table(self, cycle):
        """The page table before a cycle."""
        table = self.data["table"]
        words, changes = table["before"].copy(), table["changes"]
        for row in np.flatnonzero(changes["cycle"] < cycle):
            words[(int(changes["address"][row]) - table["base"]) // 4] = changes["value"][row]
        return words

    def tlb(self, cycle):
        """The valid TLB entries before a cycle: {(side, set, way): (vsid, ea, pa)}."""
        tlb = self.data["tlb"]
        found = {tuple(entry[:3]): tuple(entry[3:6]) for entry in tlb["before"]}
        changes = tlb["changes"]
        for row in np.flatnonzero(changes["cycle"] < cycle):
            ea, way = int(changes["ea"][row]), int(changes["way"][row])
            index, entry = (ea >> 12) % tlb["sets"], int(changes["entry"][row])
            if way < 0:
                found = {key: value for key, value in found.items() if key[1] != index}
            else:
                found[int(changes["side"][row]), index, way] = (
                    entry >> 27, ea & 0x0FFFF000, (entry >> 7 & 0xFFFFF) << 12)
        return found

    def cache(self, number, cycle):
        """The valid blocks of a cache before a cycle: {slot: (address, state)}."""
        cache, changes = self.data["caches"]["caches"][number], self.data["caches"]["changes"]
        state, address = cache["state"].copy(), cache["address"].copy()
        for row in np.flatnonzero((changes["cycle"] < cycle) & (changes["cache"] == number)):
            slot = changes["slot"][row]
            state[slot], address[slot] = changes["state"][row], changes["address"][row]
        return {slot: (int(address[slot]), int(state[slot]))
                for slot in np.flatnonzero(state).tolist()}


@pytest.fixture(scope="session")
def read_report():
    """The function that reads a report's file."""
    return Page


@pytest.fixture(scope="session")
def browser():
    """Chromium without a screen; the test is skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not there")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


#: The viewer draws in the browser's next frame. Here it draws before the click, the key or the call
#: that asked for it returns: no test has to wait for a frame, or can forget to.
DRAW_AT_ONCE = """
globalThis.requestAnimationFrame = (draw) => (queueMicrotask(() => draw(performance.now())), 1);
"""


@pytest.fixture
def show(browser):
    """The function that opens a report. In the end, the console must not have complained."""
    problems, windows = [], []

    def opened(path):
        window = browser.new_page(viewport={"width": 1400, "height": 850})
        windows.append(window)
        window.add_init_script(DRAW_AT_ONCE)
        window.on("console", lambda message: problems.append(message.text)
                  if message.type in ("error", "warning") else None)
        window.on("pageerror", lambda error: problems.append(str(error)))
        window.goto(path.as_uri())
        window.wait_for_selector("body[data-ready]")
        return window

    yield opened
    for window in windows:
        window.close()
    assert not problems
