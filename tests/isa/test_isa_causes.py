"""Both models do what the table of causes says of each instruction, under all conditions."""

import itertools

import pytest

from pteg.components.dram import Dram
from pteg.cpu import Limits, Stop
from pteg.functional.cpu import FunctionalCpu
from pteg.hw.isa.causes import MEMORY, MOVES, RULES, Condition, Kind, deciding, kind_of
from pteg.hw.isa.exceptions import Dsisr, Vector
from pteg.hw.isa.instructions import BY_NAME
from pteg.pipeline.cpu import PipelineCpu
from pteg.platform import Platform

DATA = tuple(kind for kind in Kind if kind is not Kind.FETCH)


@pytest.fixture(scope="module", params=[FunctionalCpu, PipelineCpu],
                ids=["functional", "pipeline"])
def cpu(request):
    return request.param(Platform([Dram()]))


@pytest.fixture(scope="module")
def cases(load):
    """Which cases there are."""
    return load("cause_cases")


@pytest.fixture(scope="module")
def check(cpu, cases, load):
    """Executes cases and compares what is left with what is expected."""
    expected = load("cause_expected").expected
    program = load("cause_program").CauseProgram()
    stop, most = load("cause_program").STOP, load("cause_program").MOST

    def run(cpu):
        cpu.prepare()
        assert cpu.run(Limits(address=stop)) is Stop.ADDRESS

    def check(chosen):
        wrong, count = [], 0
        chosen = iter(chosen)
        while part := list(itertools.islice(chosen, most)):
            count += len(part)
            for case, found in zip(part, program.run(cpu, part, run), strict=True):
                wanted = expected(case, program.stub(case))
                if found != wanted:
                    wrong.append((case, found, wanted))
        text = "\n".join(_difference(*one) for one in wrong[:10])
        assert not wrong, f"{len(wrong)} of {count} cases differ:\n{text}"
    return check


def _difference(case, found, wanted):
    names = [name for name in vars(wanted) if getattr(found, name) != getattr(wanted, name)]
    return "\n  ".join([f"{case.row and case.row.name}: {case}", *(
        f"{name}: {_shown(getattr(found, name))}, expected {_shown(getattr(wanted, name))}"
        for name in names)])


def _shown(value):
    return (value.hex() if isinstance(value, bytes) else [hex(one) for one in value]
            if isinstance(value, list) else hex(value))


def test_each_pair_of_conditions(check, cases):
    check(case for kind in DATA for case in cases.pairs(cases.axes(kind)))


def test_each_pair_of_conditions_at_the_end_of_a_page(check, cases):
    check(case for kind in DATA for case in cases.pairs(cases.crossing_axes(kind), cases.reaches))


def test_each_fetch(check, cases):
    check(cases.every(cases.fetch_axes()))


@pytest.mark.slow
@pytest.mark.parametrize("kind", DATA, ids=lambda kind: kind.name.lower())
def test_each_combination(check, cases, kind):
    check(cases.every(cases.axes(kind)))
    check(case for case in cases.every(cases.crossing_axes(kind)) if cases.reaches(case))


def test_qemu_does_the_same(cases, load):
    """QEMU 7.2 as a judge of what it models."""
    expected, program = load("cause_expected").expected, load("cause_program").CauseProgram()
    axes = [cases.axes(kind) | {"watch": ("off",), "cache": ("on",), "little": (False,)}
            for kind in DATA if kind is not Kind.EXTERNAL]
    chosen = [case for one in (*axes, cases.fetch_axes() | {"watch": ("off",), "cache": ("on",)})
              for case in cases.every(one) if modelled_by_qemu(case)]
    assert len(chosen) > 5000
    with load("../functional/qemu").Qemu() as qemu:
        found = program.run_qemu(qemu, chosen)
    for case, theirs in zip(chosen, found, strict=True):
        wanted = expected(case, program.stub(case))
        if case.first and case.first.protects(case.store):
            wanted.pages = theirs.pages     # R is set only if the access is permitted
        if case.row and case.row.name == "dcbi" and wanted.vector == Vector.DSI:
            theirs.dsisr |= Dsisr.STORE     # it is a load there
            wanted.pages = theirs.pages
        if case.row and case.row.name == "icbi" and wanted.vector == Vector.DSI:
            theirs.dar |= wanted.dar & 31   # that of the block
        assert theirs == wanted, _difference(case, theirs, wanted)


def modelled_by_qemu(case):
    """It has no guarded memory, no alignment exceptions but some (with another DSISR), no
    direct-store exceptions but some, fetches from any page unless N = 1, and does not translate for
    a stwcx. that stores nothing."""
    place = case.first
    return not (
        case.kind in (Kind.FLOAT, Kind.MULTIPLE, Kind.RESERVATION) and case.start % 4
        or case.row and case.row.name == "stwcx."
        or place and place.way == "direct" and case.kind in MOVES
        or place and place.wimg and case.kind in (Kind.ZERO, Kind.FETCH)
        or place and case.kind is Kind.FETCH and place.way == "page" and place.protects(False))


def test_each_rule_can_decide(cases):
    """No rule is hidden behind others, and each is among the cases."""
    decided = set()
    for kind in Kind:
        axes = cases.fetch_axes() if kind is Kind.FETCH else cases.axes(kind)
        for case in cases.every(axes | {"row": axes["row"][:1], "start": (-32, -31)}):
            part = case.ea if case.row is None or case.parts() else None
            conditions = case.conditions(part)
            decided |= {(deciding(kind, conditions), kind),
                        (deciding(kind, conditions - {Condition.NOT_IN_TLB}), kind)}
    assert {(rule, kind) for rule in RULES for kind in rule.kinds} <= decided


def test_each_memory_instruction_has_a_kind():
    assert {kind_of(row) for row in MEMORY} == set(DATA)
    for row in MEMORY:
        assert row.privileged == (kind_of(row) in (Kind.INVALIDATE, Kind.TLB)), row.name
    with pytest.raises(ValueError, match="addi is no memory"):
        kind_of(BY_NAME["addi"])
