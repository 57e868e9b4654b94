"""Enumerations are shown by name, in fields of structs too."""

import enum
import importlib
import pkgutil

import pytest
from amaranth.hdl import ShapeCastable
from amaranth.lib import data

import pteg.hw
from pteg.machine import Machine


@pytest.fixture(scope="module")
def signals():
    return Machine("g3").model.native.signals


def test_every_signal_has_a_name(signals):
    """Amaranth takes it from the assignment, and gives `$signal` where it finds none."""
    assert [path for path in signals if path.rpartition(".")[2].startswith("$")] == []


def structs():
    """Every struct of the hardware description."""
    for module in pkgutil.walk_packages(pteg.hw.__path__, "pteg.hw."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, type) and issubclass(value, data.Struct) and (
                    value.__module__ == module.name):
                yield f"{module.name}.{name}", data.Layout.cast(value)


def test_enumerations_in_structs_keep_the_names_of_their_values():
    nameless = [f"{name}.{field}" for name, layout in structs() for field, at in layout
                if isinstance(at.shape, type) and issubclass(at.shape, enum.Enum)
                and not isinstance(at.shape, ShapeCastable)]
    assert len(list(structs())) > 15 and nameless == []


@pytest.mark.parametrize("path, member", [
    ("core.lsu.held.op", "LWZ"), ("core.iu1.station.op", "ADD"),
    ("dcache.operation.held.client", "WALKER"), ("core.dispatch.slot0.cause", "ILLEGAL"),
    ("core.queue.iq0.fault", "PAGE_FAULT"), ("core.fpu.pipeline.operation.kind", "ARITHMETIC")])
def test_fields_of_structs_have_names_of_values(signals, path, member):
    assert member in signals[path].enum.values()


def test_signals_have_names_of_values(signals):
    for path in ("mmu.walker.state", "mmu.walker.outcome", "core.lsu.state", "icache.state",
                 "core.lsu.stations.unit__op", "core.completion.cause", "mmu.dmmu.port__result",
                 "bus.arbiter.bus__tt", "core.completion.exception__vector"):
        assert signals[path].enum, path
