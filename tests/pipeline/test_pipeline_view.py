"""What a waveform shows first names signals that the machine has, and suits the trigger."""

import pytest

from pteg.machine import Machine
from pteg.pipeline.completing import CompletingTexts
from pteg.pipeline.places import Processor, System
from pteg.pipeline.view import view
from pteg.waveforms.gtkw import arrange
from pteg.waveforms.trace import select

#: Rows of the list that a screen has room for.
ROWS = 33


@pytest.fixture(scope="module", params=[("g3", {}), ("g3", {"dma": True, "l2": "256K"}),
                                        ("mac99", {})], ids=["g3", "g3-dma-l2", "mac99"])
def machine(request):
    preset, options = request.param
    return Machine(preset, **options)


def test_every_signal_of_the_view_exists(machine):
    known = {*machine.model.native.signals, *CompletingTexts.paths(Processor(""))}
    groups = dict(view(System(""), machine.platform).groups)
    absent = {path for paths in groups.values() for path in paths} - known
    l2 = {"l2.operation.state", "l2.requests.pa"}
    optional = set() if machine.platform.parameters.l2 else l2
    if machine.platform.master is None:
        optional |= {f"request__{name}" for name in ("valid", "addr", "done")}
    assert absent == optional
    assert max(map(len, groups.values())) <= ROWS


def test_the_bus_group_has_every_device(machine):
    bus = dict(view(System(""), machine.platform).groups)["bus"]
    assert {f"{device.name}__ts" for device in machine.platform.devices} <= set(bus)


@pytest.mark.parametrize("trigger, first", [
    (set(), "pipeline"), ({"core.iu1.unit__valid"}, "pipeline"),
    ({"mmu.walker.state"}, "table search"), ({"mmu.dmmu.port__ea", "core.lsu.state"},
                                             "table search"),
    ({"core.completion.exception__valid"}, "exception"), ({"interrupt"}, "exception"),
    ({"core.lsu.held.op"}, "load and store"), ({"dcache.operation.state"}, "load and store"),
    ({"core.fetch.pc"}, "fetch"), ({"core.branch.wrong"}, "fetch"),
    ({"bus.arbiter.bus__tea"}, "bus"), ({"uart__ts"}, "bus")])
def test_the_first_group_is_what_the_trigger_is_about(trigger, first):
    platform = Machine("g3").platform
    groups = view(System(""), platform, trigger).groups
    assert groups[0][0] == first
    assert len(groups) == len(dict(groups)) == len(view(System(""), platform).groups)


def test_paths_have_the_prefix_of_the_design():
    groups = view(System("board"), Machine("g3").platform).groups
    assert all(path.startswith("board.") for _, paths in groups for path in paths)


def test_default_traces_hold_each_component_without_copies():
    machine = Machine("g3")
    signals = machine.model.native.signals
    paths = select(signals)
    components = {path.rpartition(".")[0] for path in paths}
    assert {"core.fetch", "core.dispatch", "core.completion", "core.lsu", "mmu.walker",
            "mmu.immu.tlb", "bus.arbiter"} <= components
    assert not [path for path in paths if "$" in path or path.endswith(".clk")]
    shown, rest = arrange([signals[path] for path in paths],
                          view(System(""), machine.platform).groups)
    found = {signal.path for members in shown.values() for signal in members}
    assert found | set(leaves(rest)) == set(paths)
    assert not found & set(leaves(rest))


def leaves(tree):
    for part in tree.values():
        if isinstance(part, dict):
            yield from leaves(part)
        else:
            yield part.path
