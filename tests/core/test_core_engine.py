"""Every component of the core, and the whole: the engine agrees with Amaranth's simulator."""

import pytest

from pteg.hw.core.access import AccessDecoder
from pteg.hw.core.alu import Alu
from pteg.hw.core.branch import BranchUnit
from pteg.hw.core.completion import Completion
from pteg.hw.core.condition import ConditionRegister
from pteg.hw.core.core import Core
from pteg.hw.core.decode import Decoder
from pteg.hw.core.dispatch import Dispatch
from pteg.hw.core.divide import Divider
from pteg.hw.core.fetch import Fetch
from pteg.hw.core.floating import FloatUnit
from pteg.hw.core.integer import IntegerUnit
from pteg.hw.core.loadstore import LoadStoreUnit
from pteg.hw.core.multiply import Multiplier
from pteg.hw.core.queue import InstructionQueue
from pteg.hw.core.rename import Rename
from pteg.hw.core.special import SpecialRegisters
from pteg.hw.core.station import Station
from pteg.hw.core.system import SystemUnit
from pteg.hw.core.timebase import TimeBase
from pteg.hw.isa.instructions import INSTRUCTIONS
from pteg.hw.isa.registers import SPRS

COMPONENTS = {
    "access": AccessDecoder, "alu": Alu,
    "branch": BranchUnit, "completion": lambda: Completion(units=5),
    "condition": ConditionRegister, "decode": Decoder, "dispatch": Dispatch, "divide": Divider,
    "fetch": Fetch, "fpu": FloatUnit,
    "iu1": lambda: IntegerUnit(multiply=True), "iu2": lambda: IntegerUnit(multiply=False),
    "lsu": LoadStoreUnit, "multiply": Multiplier, "queue": InstructionQueue,
    "rename": lambda: Rename("gpr", width=32, destinations=2, results=5, direct=True),
    "float_rename": lambda: Rename("fpr", width=64, destinations=1, results=2),
    "special": SpecialRegisters, "station": Station,
    "sru": SystemUnit, "timebase": lambda: TimeBase(3),
}


def word(rng):
    row = rng.choice(INSTRUCTIONS)
    return row.match | rng.getrandbits(32) & ~row.mask & 0xFFFFFFFF


def plausible(rng, cycle, values):
    """Instructions that exist, operations of the table, flushes now and then."""
    for path, value in values.items():
        name = path.rpartition(".")[2].rpartition("__")[2]
        if name in ("insn", "rdata"):
            values[path] = word(rng)
        elif name == "op":
            values[path] = rng.choice(INSTRUCTIONS).op
        elif name == "spr":
            values[path] = rng.choice(SPRS).number
        elif name in ("tag", "tag_d", "tag_u", "cq", "tail", "head", "oldest"):
            values[path] = value % 6
        elif name in ("flush", "restart", "external", "error", "fault"):
            values[path] = rng.random() < 0.02


@pytest.mark.parametrize("name", COMPONENTS)
def test_engine_agrees(name, compare_with_amaranth):
    compare_with_amaranth(COMPONENTS[name](), cycles=600, seed=1, stimulus=plausible,
                          reset_rate=0.002)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPONENTS)
def test_engine_agrees_for_long(name, compare_with_amaranth):
    compare_with_amaranth(COMPONENTS[name](), cycles=5000, seed=3, stimulus=plausible,
                          reset_rate=0.001)


@pytest.mark.slow
def test_engine_agrees_on_the_whole(compare_with_amaranth):
    compare_with_amaranth(Core(), cycles=3000, seed=2, stimulus=plausible, reset_rate=0.001)
