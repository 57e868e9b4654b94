"""Two processors of the pipeline model and their functional models agree, whatever they share; and
a machine with a fault is found out."""

import importlib.util
import inspect
import random
import sys
import types
from pathlib import Path

import pytest

import pteg
from pteg.engine import compile_design
from pteg.errors import UserError
from pteg.hw.bus import listener
from pteg.hw.cache import lookup
from pteg.hw.core import broadcasts, reservation
from pteg.lockstep import Lockstep, Mismatch
from pteg.lockstep.encoding import as_bytes, branch_to, encode, load_constant, to_spr
from pteg.lockstep.shared import SharedLockstep
from pteg.pipeline.architecture import Architecture
from pteg.pipeline.cpu import PipelineCpu
from pteg.pipeline.driver import Driver, Signals
from pteg.pipeline.system import make_system, unnamed

_spec = importlib.util.spec_from_file_location(
    "pteg_test_shared_runs", Path(__file__).with_name("shared_runs.py"))
runs = sys.modules.get(_spec.name) or importlib.util.module_from_spec(_spec)
if _spec.name not in sys.modules:
    sys.modules[_spec.name] = runs
    _spec.loader.exec_module(runs)
programs, check = runs.programs, runs.check


@pytest.fixture(scope="module")
def machine():
    return runs.new_machine()


def test_random_programs_agree(machine):
    assert sum(check(machine, seed) for seed in range(5)) > 25_000
    counts = machine.stats()["processors"]
    assert min(each["instructions"] for each in counts.values()) > 1000


def test_random_programs_that_change_the_page_table_agree(machine):
    """Each processor maps pages that the others use, with a lock and the sequence of the PEM."""
    assert sum(check(machine, seed, translated=True) for seed in range(2)) > 30_000
    assert min(cpu.spr["SPRG3"] for cpu in machine.cpus) > 10    # page faults


#: Seeds of programs that have shown faults of what follows tlbie: two of them for a page before
#: anything else is dispatched; a search for one instruction that an earlier one took; a folded
#: branch before a fault.
@pytest.mark.parametrize("seed", [18, 24, 34])
def test_accesses_that_wait_follow_a_table_that_changes_often(machine, seed):
    check(machine, seed, translated=True, interrupts=True, **programs.REMAPPING)


def test_a_page_may_be_lost_in_the_middle_of_a_string(machine):
    """After parts of it in the page, and others in the page before."""
    check(machine, 15, translated=True, remap=40, several=60, plain=20, patch=0, call=0)


def test_random_programs_with_interrupts_agree(machine):
    """External ones and those of the decrementers."""
    for seed in range(3):
        check(machine, seed, translated=seed == 2, interrupts=True)
        assert min(cpu.spr["SPRG1"] for cpu in machine.cpus) > 5


def test_a_processor_is_followed_from_its_soft_reset(machine):
    """A pulse of the doorbell's register, before there are caches, takes it to 0x100."""
    program = programs.shared_program(5)
    code = [*load_constant(30, 0x0C00B000), encode("addi", rD=31, rA=0, SIMM=1),
            encode("stw", rS=31, rA=30, d=0x14), encode("addi", rD=31, rA=0, SIMM=0),
            encode("stw", rS=31, rA=30, d=0x14), *load_constant(31, int(programs.HID0)),
            to_spr("HID0", 31), encode("isync")]
    code.append(branch_to(0x7000 + 4 * len(code), program.first[0]))
    program.memory[0x7000] = as_bytes(code)
    program.memory[0x100] = as_bytes([branch_to(0x100, program.first[1])])
    programs.start(machine, program)
    machine.model.set_held(1, True)
    with machine.cpu.changed() as state:
        state["pc"], state["hid0"] = 0x7000, 0
    lockstep = SharedLockstep(machine.model)
    while any(cpu.pc != last for cpu, last in zip(machine.cpus, program.last, strict=True)):
        assert machine.cycle < 1_000_000
        lockstep.run(2000)
    lockstep.compare_memory()


def test_a_difference_in_memory_names_processor_cycle_and_instruction(machine):
    program = programs.shared_program(3)
    programs.start(machine, program)
    lockstep = SharedLockstep(machine.model, machine.symbols)
    lockstep.run(500)
    lockstep._replay.ram.bytes[programs.DATA:programs.DATA + 0x8000] ^= 1
    with pytest.raises(Mismatch, match=r"(?s)models of processor [01] disagree after \d+ of its "
                       r"instructions, cycle \d+:\n  load of \d bytes at 0x0004\w+: pipeline "
                       r"0x\w+, memory 0x\w+\nlast instructions:.* 0001\w+  \w+"):
        lockstep.run(5000)


def test_a_difference_in_a_register_names_the_processor(machine):
    programs.start(machine, programs.shared_program(4))
    lockstep = SharedLockstep(machine.model)
    lockstep.run(500)
    lockstep._replay.states[1]["gpr"][2] ^= 1
    with pytest.raises(Mismatch, match=r"(?s)processor 1 disagree.*gpr\[2\]: pipeline 0x\w+, func"):
        lockstep.run(100)


def test_what_follows_one_processor_refuses_two(machine):
    with pytest.raises(UserError, match="processors"):
        Lockstep(machine.model)
    with pytest.raises(UserError, match="processors must be 1 with an oracle and cpu='pipeline'"):
        machine.oracle()


#: A text of the hardware, what it becomes, and who uses the class: a block that is modified is not
#: pushed; a block stays in the cache from which another processor has taken it; a reservation
#: outlives another processor's store; a processor is deaf to tlbie, or to icbi.
FAULTS = {
    "no push": (lookup, "found & self.modified & (asked.op != DataOp.INVALIDATE)",
                "found & self.modified & (asked.op != DataOp.INVALIDATE) & ~snoop",
                "pteg.hw.cache.data.DataLookup", "load of|memory 0x"),
    "two owners": (lookup, "stays = asked.op == DataOp.CLEAN",
                   "stays = (asked.op == DataOp.CLEAN) | snoop",
                   "pteg.hw.cache.data.DataLookup", "load of|memory 0x"),
    "no kill": (reservation, "self.foreign & (self.foreign_line == line)", "0",
                "pteg.hw.core.loadstore.Reservation", "has stored, although processor"),
    "no tlbie": (broadcasts, "self.own_invalidate.valid | told.tlbie", "self.own_invalidate.valid",
                 "pteg.hw.core.core.Broadcasts", "the functional model|table searches"),
    "no icbi": (listener, "told.icbi.eq(passes & icbi)",
                "told.icbi.eq(passes & icbi & ~self.foreign)", "pteg.hw.system.Listener",
                "instruction at 0x000380.*since the icbi"),
}


def faulty_model(monkeypatch, platform, module, text, wrong, place):
    """A pipeline model whose hardware has a fault."""
    cpu = PipelineCpu(platform)     # first: what it compiles without a fault is kept for others
    source = inspect.getsource(module)
    assert source.count(text) == 1
    changed = types.ModuleType(module.__name__)
    exec(compile(source.replace(text, wrong), module.__file__, "exec"), changed.__dict__)
    monkeypatch.setattr(place, getattr(changed, place.rpartition(".")[2]))
    cpu.native = compile_design(make_system(platform), unnamed=unnamed(platform), cycle=True)
    cpu.architectures = [Architecture(cpu.native, each) for each in cpu.processors]
    cpu.driver = Driver(platform, cpu.native, Signals.of(*cpu.processors))
    return cpu


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_machine_is_found_out(monkeypatch, name):
    *fault, found = FAULTS[name]
    machine = pteg.Machine("g3", rom="none", processors=2, ram="1M")
    machine._made["model"] = faulty_model(monkeypatch, machine.platform, *fault)
    with pytest.raises(Mismatch, match=found):
        for seed in range(20):
            check(machine, seed, translated=name == "no tlbie")


@pytest.mark.slow
def test_twenty_million_instructions_agree(machine):
    """soak_shared.py does the same in pieces."""
    seed, done = random.randrange(1 << 30), 0
    print("first seed", seed)
    while done < 20_000_000:
        done += runs.check_long(machine, seed)
        seed += 1
