"""Plugin for pytest: machines for tests, and what they leave behind when they fail.

* The fixture `machine` is a g3 with an empty ROM. `@pytest.mark.machine("mac99", cpu="functional")`
  gives the arguments of `pteg.Machine` instead; on a class or a module, for all of its tests.
* The fixture `ledger` has the events of this machine (`pteg.ledger.Ledger`).
* `pytest --traces FOLDER` keeps a waveform of the last cycles of each failing test, named after it.
* `pteg.testing` has assertions on events and cycles.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:   # pytest loads this module in every project: it must cost nothing
    from pteg.ledger import Ledger
    from pteg.machine import Machine

__all__ = ["machine", "ledger"]

_FAILED = pytest.StashKey[bool]()
#: Cycles of a failing test's waveform, unless `--trace-cycles` says otherwise.
CYCLES = 2000
#: Longest name of a waveform, without its ending.
LONGEST = 150


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("pteg", "machines of pteg")
    group.addoption("--traces", metavar="FOLDER",
                    help="keep a waveform of the machine for each failing test in this folder")
    group.addoption("--trace-cycles", metavar="N", type=int, default=CYCLES,
                    help=f"the last so many cycles of each waveform (default {CYCLES})")


def pytest_configure(config: Any) -> None:
    config.addinivalue_line(
        "markers", "machine(preset, **options): arguments of pteg.Machine for the fixture machine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Any:
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture
def machine(request: Any) -> "Iterator[Machine]":
    """A machine of the test's own, as its marker `machine` says."""
    from pteg.machine import Machine

    mark = request.node.get_closest_marker("machine")
    arguments = mark.args if mark else ()
    options = {"rom": "none", **(mark.kwargs if mark else {})}
    made = Machine(*arguments, **options)
    folder = request.config.getoption("--traces")
    if folder is None or made.cpu_name != "pipeline":
        yield made
        return
    # Where pytest was started: a test may go to another folder.
    place = request.config.invocation_params.dir / folder
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{_file_name(request.node.nodeid)}.vcd"
    with ExitStack() as stack:
        stack.enter_context(made.trace(path, last=request.config.getoption("--trace-cycles")))
        yield made
    if request.node.stash.get(_FAILED, False):
        request.node.add_report_section("teardown", "pteg", f"waveform: {path}")
    else:
        path.unlink(missing_ok=True)
        for suffix in (".gtkw", ".sucl"):
            path.with_suffix(suffix).unlink(missing_ok=True)


@pytest.fixture
def ledger(machine: "Machine") -> "Iterator[Ledger]":
    """The events of the fixture `machine`, in memory."""
    from pteg.ledger import Ledger

    found = Ledger(symbols=machine.symbols)
    machine.model.ledger(found.add)
    yield found
    machine.model.ledger(None)


def _file_name(test: str) -> str:
    """`tests/test_x.py::test_y[1-2]` as the name of a file; other tests have other names."""
    name = re.sub(r"\.py::|[/:[]+", "-", test).removesuffix("]")
    safe = re.sub(r"[^\w.-]+", "-", name)
    if safe == name and len(safe) <= LONGEST:
        return safe
    return f"{safe[:LONGEST].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
