"""The stages of a compilation can be read."""

import random
import re

import pytest
from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from command import run_pteg

from pteg.engine import compile_design
from pteg.engine.dump import dump
from pteg.errors import UserError


class Counter(wiring.Component):
    """Counts up to a limit, and keeps what it reached."""

    enable: In(1)
    limit: In(8)
    full: Out(1)

    def elaborate(self, platform):
        m = Module()
        value = Signal(8)
        m.submodules.log = log = Memory(shape=unsigned(8), depth=4, init=[])
        port = log.write_port()
        m.d.comb += [self.full.eq(value == self.limit), port.addr.eq(value[:2]),
                     port.data.eq(value), port.en.eq(self.enable)]
        with m.If(self.enable):
            m.d.sync += value.eq(value + 1)
            with m.If(self.full):
                m.d.sync += value.eq(0)
        return m


class Pair(wiring.Component):
    """Two counters; the second goes on when the first is full."""

    enable: In(1)
    limit: In(8)
    full: Out(1)

    def elaborate(self, platform):
        m = Module()
        m.submodules.low, m.submodules.high = low, high = Counter(), Counter()
        m.d.comb += [low.enable.eq(self.enable), low.limit.eq(self.limit), self.full.eq(high.full),
                     high.enable.eq(low.full), high.limit.eq(self.limit)]
        return m


def test_the_plan_of_modules_that_share_code_has_their_parameters(share_always):
    native = compile_design(Pair(), cache=False)
    assert lines(native, "plan", signals="high.value") == [
        "; top: step of the rest, 5 lines",
        "%0:1 = limit == low.value",
        "low/parameter 0 <- limit",
        "low/parameter 1 <- enable",
        "high/parameter 0 <- limit",
        "high/parameter 1 <- %0",
        "; top: step, shared by low, high, 5 lines",
        "if parameter 1:",
        "  %1:1 = low.value == parameter 0",
        "  %2:8 = low.value + 1",
        "  %3:8 = %1 ? 0 : %2",
        "  low.value <- %3",
    ]


@pytest.fixture(scope="module")
def counter():
    return compile_design(Counter(), cache=False)


def lines(native, stage, **options):
    """Return a dump without the numbers of operations and the names after them."""
    text = dump(native, stage, **options)
    numbers = {}
    text = re.sub(r"%\d+", lambda m: numbers.setdefault(m[0], f"%{len(numbers)}"), text)
    return [line.split("  ;")[0] for line in text.splitlines()]


def test_a_circuit_is_operations_and_what_becomes_of_the_state(counter):
    assert lines(counter, "ir") == [
        "; top: 6 operations (3 mux, 1 add, 1 eq, 1 slice)",
        "memory log: 4 rows of 8 bits",
        "%0:8 = value + 1",
        "%1:1 = limit == value",
        "%2:8 = %1 ? 0 : %0",
        "%3:8 = enable ? %2 : value",
        "%4:8 = rst ? 0 : %3",
        "%5:2 = value[1:0]",
        "output full = %1",
        "next value:8 = %4",
        "if enable: log[%5] <- value",
    ]


def test_a_plan_has_operations_under_their_conditions(counter):
    assert lines(counter, "plan") == [
        "; top: step, 8 lines",
        "%0:1 = limit == value",
        "full <- %0",
        "if enable:",
        "  %1:8 = value + 1",
        "  %2:8 = %0 ? 0 : %1",
        "  %3:2 = value[1:0]",
        "  value <- %2",
        "  log[%3] <- value",
    ]
    assert "value <- 0" in lines(counter, "plan", function="reset")


def test_signals_choose_what_they_depend_on(counter):
    assert lines(counter, "ir", signals="full") == [
        "; top: 1 operations (1 eq)", "%0:1 = limit == value", "output full = %0"]
    assert not any("log" in line for line in lines(counter, "plan", signals="value"))
    with pytest.raises(UserError, match="no signal .* matches 'velue'"):
        dump(counter, "ir", signals="velue")


@pytest.mark.filterwarnings("ignore")  # Amaranth's, on odd but legal expressions
@pytest.mark.parametrize("seed", range(20))
def test_every_operation_is_defined_before_it_is_used(seed, random_design):
    design = random_design(random.Random(seed).randrange, size=4)
    native = compile_design(design.module, ports=design.ports, cache=False)
    for stage in ("ir", "plan"):
        known = set()
        for line in dump(native, stage).splitlines():
            defined = re.match(r"\s*(%\d+):\d+ = ", line)
            text = line.split("  ;")[0][defined.end() if defined else 0:]
            assert set(re.findall(r"%\d+", text)) <= known, line
            if defined:
                known.add(defined[1])


def test_llvm_is_what_is_compiled(counter):
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(dump(counter, "llvm", function="settle"))
    assert [function.name for function in module.functions] == ["settle"]


def test_the_command_writes_a_stage_of_a_component(tmp_path):
    done = run_pteg("engine", "--component", "pteg.hw.core.divide:Divider", "--dump", "plan",
                    "--signals", "step", "-o", tmp_path / "plan.txt")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "plan.txt").read_text().splitlines()[-1].strip().startswith("step <- ")


@pytest.mark.parametrize(("arguments", "message"), [
    (["--component", "pteg.hw.core.divide:Nothing"], "Nothing"),
    (["--component", "json:dumps"], "--component"),
    (["a.v"], "--top must name the module"),
    (["a.v", "--component", "a:B", "--top", "b"], "give one of them"),
    (["--dump", "llvm", "--signals", "x"], "not from llvm"),
])
def test_wrong_use_is_one_line(arguments, message):
    done = run_pteg("engine", *arguments)
    assert done.returncode == 2 and message in done.stderr
    assert done.stderr.count("\n") == 1 and not done.stdout
