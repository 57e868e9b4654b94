"""The save file's view of the processor names signals that exist."""

import pytest

from pteg.machine import Machine
from pteg.waveforms.gtkw import GROUPS, arrange
from pteg.waveforms.trace import select


@pytest.fixture(scope="module")
def signals():
    return Machine("g3").model.native.signals


@pytest.mark.parametrize("group, patterns", GROUPS)
def test_every_signal_of_the_view_exists(signals, group, patterns):
    assert [path for path in patterns if path not in signals] == []


def test_the_view_shows_enums_by_name(signals):
    for path in ("mmu.walker.state", "mmu.walker.outcome", "core.lsu.state", "icache.state",
                 "core.lsu.here__op", "core.completion.cause", "mmu.dmmu.port__result",
                 "bus.arbiter.bus__tt", "core.completion.exception__vector"):
        assert signals[path].enum, path


def test_default_traces_hold_each_component_without_copies(signals):
    paths = select(signals)
    components = {path.rpartition(".")[0] for path in paths}
    assert {"core.fetch", "core.dispatch", "core.completion", "core.lsu", "mmu.walker",
            "mmu.immu.tlb", "bus.arbiter"} <= components
    assert not [path for path in paths if "$" in path or path.endswith(".clk")]
    shown, rest = arrange([signals[path] for path in paths])
    assert list(shown) == ["pipeline", "MMU", "walker", "bus"]
    assert sum(map(len, shown.values())) + sum(map(len, rest.values())) == len(paths)
