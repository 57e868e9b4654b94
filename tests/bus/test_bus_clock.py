"""The bus has its own clock: edges at every ratio, what happens at them, HID1, the time base."""

import pytest

import pteg
from pteg.engine import compile_design
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.bus.clock import BusClock
from pteg.hw.bus.ratio import DEFAULT, PLL_CFG, Ratio

RATIOS = [Ratio(two) for two in PLL_CFG]


@pytest.mark.parametrize("ratio", RATIOS, ids=str)
def test_edges_are_as_far_apart_as_the_ratio_says(ratio):
    native = compile_design(BusClock(ratio))
    state, edges = native.new_state(), []
    for cycle in range(4 * ratio.two):
        native.settle(state)
        if native.read(state, "edge"):
            edges.append(cycle)
        native.step(state)
    assert len(edges) == 8
    lengths = [after - before for before, after in zip([-1, *edges], edges, strict=False)]
    assert [sum(lengths[n:n + 2]) for n in range(0, 8, 2)] == [ratio.two] * 4
    assert max(lengths) - min(lengths) == ratio.two % 2


@pytest.mark.parametrize("text, two", [("4:1", 8), ("2.5:1", 5), (3, 6), (3.5, 7), ("10", 20)])
def test_ratios_are_read(text, two):
    assert Ratio.read(text) == Ratio(two)
    assert Ratio.read(str(Ratio(two))) == Ratio(two)


@pytest.mark.parametrize("text", ["0", "1.5:1", "9:1", "4:2", "quick", "", "11", "-4", "nan"])
def test_ratios_that_the_pll_cannot_make_are_refused(text):
    with pytest.raises(UserError, match=r"^ratio must be 1:1, 2:1, 2.5:1, .* or 10:1, not "):
        pteg.Machine("g3", ratio=text)


@pytest.mark.parametrize("text", ["5", "0:1", "5:2:3:2", "5-2-2-2", "5:2:2"])
def test_memory_timings_that_are_none_are_refused(text):
    with pytest.raises(UserError, match="^dram must be bus clocks to the beats such as 5:2:2:2"):
        pteg.Machine("g3", dram=text)


def test_boards_have_clocks_and_memories_of_their_own():
    machine = pteg.Machine("g3", board="imac")
    assert str(machine.platform.ratio) == "3.5:1"
    assert (machine.ram.first, machine.ram.next) == (6, 2)
    other = pteg.Machine("g3", board="imac", ratio="3:1", dram="7:1")
    assert str(other.platform.ratio) == "3:1" and (other.ram.first, other.ram.next) == (7, 1)
    with pytest.raises(UserError, match="^board must be one of yosemite, imac, gamecube, not 'x'"):
        pteg.Machine("g3", board="x")


_READ = """
        .org    0x1000
        mfspr   r3, 1009
done:   b       done
"""


@pytest.mark.parametrize("cpu", ["pipeline", "functional"])
@pytest.mark.parametrize("ratio", ["4:1", pytest.param("2.5:1", marks=pytest.mark.slow)])
def test_hid1_and_the_time_base_follow_the_ratio(cpu, ratio):
    program = assemble(_READ, sections={".text": 0})
    machine = pteg.Machine("g3", cpu=cpu, ratio=ratio, rom="none")
    machine.memory.write(0, program.image(0))
    machine.cpu.pc = 0x1000
    machine.run(until=program.symbols["done"], cycles=10_000)
    pll = {"4:1": 0b1010, "2.5:1": 0b0000}[ratio] << 28
    assert machine.cpu.gpr[3] == machine.cpu.spr["HID1"] == pll
    # A tick is four bus clocks.
    begin, ticks = machine.cycle, machine.cpu.tb
    machine.run(cycles=4000)
    per_tick = {"4:1": 16, "2.5:1": 10}[ratio]
    assert abs((machine.cpu.tb - ticks) - (machine.cycle - begin) / per_tick) <= 1


class Edges:
    """The bus in every core cycle of a run."""

    SIGNALS = ("bus_edge", "dram__ts", "dram__aack", "dram__ta", "border_data.core__beat",
               "border_fetch.core__beat")

    def __init__(self, machine):
        from pteg.pipeline.driver import Tap

        self.rows = []
        tracer = machine.model.native.tracer(list(self.SIGNALS))
        self._columns = tracer.offsets
        machine.model.driver.taps.append(Tap(tracer, self))

    def wanted(self, cycle):
        return cycle

    def write(self, cycle, rows):
        self.rows += [tuple(int(row[column]) for column in self._columns) for row in rows]


@pytest.mark.parametrize("ratio", [pytest.param("2.5:1", marks=pytest.mark.slow), "4:1"])
def test_the_bus_changes_at_edges_only_and_each_beat_lasts_one_core_cycle(ratio):
    machine = pteg.Machine("g3", ratio=ratio)
    edges = Edges(machine)
    machine.run(cycles=20_000)
    beats = transfers = 0
    for before, now in zip(edges.rows, edges.rows[1:], strict=False):
        edge, *bus, data, fetch = now
        if not before[0]:
            assert tuple(bus) == before[1:4], "the bus changes after an edge"
        if data or fetch:
            assert edge and data + fetch == 1
            beats += 1
        transfers += edge and bus[2]
    assert transfers > 10 and beats >= transfers


@pytest.mark.parametrize("ratio", [pytest.param("2.5:1", marks=pytest.mark.slow), "4:1"])
def test_a_checkpoint_keeps_the_phase_of_the_bus_clock(ratio, tmp_path):
    def after(steps):
        machine = pteg.Machine("g3", ratio=ratio)
        machine.run(cycles=30_000)
        for step in steps:
            machine.run(cycles=step)
            machine.save(tmp_path / "saved")
            machine = pteg.Machine.restore(tmp_path / "saved")
            assert machine.restored == "exact"
        return machine.cycle, machine.model.snapshot()["words"].tobytes()

    assert after([1, 1, 1, 1, 1]) == after([5])


def test_the_default_is_a_machine_that_existed():
    machine = pteg.Machine("g3")
    assert machine.platform.ratio == DEFAULT == Ratio.read("4:1")
    assert (machine.ram.first, machine.ram.next) == (5, 2)
