"""The instruction at completion, as text in a waveform."""

import pytest
import pywellen

from pteg.errors import UserError
from pteg.machine import Machine
from pteg.pipeline.driver import Tap
from pteg.pipeline.stages import PipelineStages
from pteg.waveforms.pipeline import Fate
from pteg.waveforms.window import Window

CQ = "core.completion.cq0, core.completion.cq1"


def texts(path, *cycles):
    """CQ0 and CQ1 in some cycles."""
    found = {var.name: var.signal for var in pywellen.Waveform(str(path)).all_vars()}
    return [tuple(found[name].value_at(5000 * cycle + 1) for name in ("cq0", "cq1"))
            for cycle in cycles]


def completed(path, begin, end):
    """Texts of the instructions that leave the queue at its head, one after the other."""
    found = {var.full_name: var.signal for var in pywellen.Waveform(str(path)).all_vars()}
    for cycle in range(begin, end):
        def at(name, cycle=cycle):
            return found[f"top.core.completion.{name}"].value_at(5000 * cycle + 1)

        if at("complete"):
            yield at("cq0")
        if at("both"):
            yield at("cq1")


class Retired:
    """A log of the instructions that the pipeline log finds to be retired."""

    def __init__(self):
        self.labels = []

    def write(self, passage):
        if passage.fate is Fate.RETIRED:
            self.labels.append(passage.label)

    def close(self):
        pass


def test_completed_instructions_are_those_of_the_pipeline_log(tmp_path):
    machine = Machine("g3", rom="first")
    cpu, log = machine.model, Retired()
    stages = PipelineStages(cpu.native, cpu.places, log, Window(), machine.symbols.disassembled)
    cpu.driver.taps.append(Tap(stages.tracer, stages))
    with machine.trace(tmp_path / "a.vcd", "core.completion.*"):
        machine.run(cycles=80_000)
    stages.close()
    seen = list(completed(tmp_path / "a.vcd", 0, 80_000))
    assert len(seen) > 1000 and log.labels[:len(seen)] == seen
    assert "mtsprg 0,r3" in " ".join(seen)              # exceptions have been taken
    assert any("<" in text for text in seen)


def test_a_window_begins_with_the_instructions_that_are_in_flight(tmp_path):
    cycles = range(1500, 1520)
    for name, window in (("whole", None), ("part", (1500, 1520))):
        machine = Machine("g3", rom="first")
        with machine.trace(tmp_path / f"{name}.vcd", CQ, window=window):
            machine.run(cycles=1600)
    found = texts(tmp_path / "part.vcd", *cycles)
    assert found == texts(tmp_path / "whole.vcd", *cycles)
    assert not [pair for pair in found if "?" in pair]


def test_what_entered_before_the_trace_is_not_known(tmp_path):
    machine = Machine("g3", rom="first")
    while not machine.model.native.read(machine.model.driver.state, "core.completion.count"):
        machine.run(cycles=1)
    begin = machine.cycle
    with machine.trace(tmp_path / "a.vcd", CQ):
        machine.run(cycles=50)
    assert texts(tmp_path / "a.vcd", begin)[0][0] == "?"
    assert "?" not in texts(tmp_path / "a.vcd", begin + 49)[0]


def test_only_the_texts_that_are_selected_are_there(tmp_path):
    machine = Machine("g3", rom="first")
    with machine.trace(tmp_path / "a.vcd", "core.completion.cq0"):
        machine.run(cycles=10)
    with machine.trace(tmp_path / "b.vcd", "core.completion.pc"):
        machine.run(cycles=10)
    with machine.trace(tmp_path / "c.vcd", "core.completion.*", pure=True):
        machine.run(cycles=10)
    names = [{var.full_name for var in pywellen.Waveform(str(tmp_path / f"{name}.vcd")).all_vars()}
             for name in "abc"]
    assert names[0] == {"top.clk", "top.core.completion.cq0"}
    assert names[1] == {"top.clk", "top.core.completion.pc"}
    assert "top.core.completion.pc" in names[2] and "top.core.completion.cq0" not in names[2]


def test_a_text_is_no_condition(tmp_path):
    with pytest.raises(UserError, match="no signal"):
        Machine("g3").trace(tmp_path / "a.vcd", trigger="core.completion.cq0 == 5")
