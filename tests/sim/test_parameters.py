"""Parameters of the processor: their values, from scripts and the command line, in both models."""

import dataclasses
import json
import random
from types import SimpleNamespace

import pytest
from command import run_pteg

import pteg
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.graph import draw
from pteg.hw.isa.registers import Hid0, Msr
from pteg.hw.parameters import Numbers
from pteg.lockstep import Lockstep, Mismatch
from pteg.lockstep.random_programs import STOP, Options, random_program
from pteg.mutants import MUTANTS
from pteg.parameters import NAMES, MachineParameters, read_parameters
from pteg.platform import Platform

#: The least of all, without what can be left out; and most of it larger than a 750's. Each machine
#: takes some time to compile.
SMALL = {"icache": "1K", "icache_ways": 1, "dcache": "1K", "dcache_ways": 1, "tlb_sets": 4,
         "tlb_replacement": "fifo", "bht": 0, "btic": 0, "completion_queue": 2,
         "gpr_renames": 2, "fpr_renames": 1, "prediction": "off"}
LARGE = {"icache": "64K", "icache_ways": 4, "dcache": "128K", "dcache_ways": 16,
         "tlb_sets": 256, "tlb_ways": 4, "tlb_replacement": "random", "bht": 4096, "btic": 128,
         "completion_queue": 15, "gpr_renames": 16, "fpr_renames": 16}

WRONG = [
    ("icache", "3K", "a power of two from 1K to 256K"),
    ("icache", "512K", "a power of two from 1K to 256K"),
    ("dcache", "much", "a power of two from 1K to 256K"),
    ("dcache", 0, "a power of two from 1K to 256K"),
    ("icache_ways", 3, "a power of two from 1 to 16"),
    ("dcache_ways", "32", "a power of two from 1 to 16"),
    ("l2", "300K", "256K, 512K, 1M or 0"),
    ("tlb_sets", 512, "a power of two from 1 to 256"),
    ("tlb_ways", 16, "a power of two from 1 to 8"),
    ("tlb_replacement", "best", "lru, fifo or random"),
    ("bht", "500", "a power of two from 1 to 64K, or 0 for none"),
    ("btic", 4, "a power of two from 8 to 1K, or 0 for none"),
    ("completion_queue", 1, "a number from 2 to 15"),
    ("gpr_renames", 17, "a number from 2 to 16"),
    ("fpr_renames", 0, "a number from 1 to 16"),
    ("ratio", "11:1", "1:1, 2:1, 2.5:1, 3:1, 3.5:1, 4:1, 4.5:1, 5:1, 5.5:1, 6:1, 6.5:1, 7:1, "
     "7.5:1, 8:1 or 10:1"),
    ("prediction", "maybe", "on or off"),
    ("processors", 5, "a number from 1 to 4"),
    ("processors", 0, "a number from 1 to 4"),
    ("broadcast", "maybe", "on or off"),
    ("quantum", 0, "a number from 1 to 1048576"),
    ("seed", -1, "a number from 0 to 2147483647"),
    ("mutant", "x", f"none, {', '.join(list(MUTANTS)[:-1])} or {list(MUTANTS)[-1]}"),
]


def random_parameters(rng):
    """Some values of some parameters, not too large to compile and run quickly."""
    choices = {
        "icache": [1 << n for n in range(10, 18)], "icache_ways": [1, 2, 4, 8, 16],
        "dcache": [1 << n for n in range(10, 18)], "dcache_ways": [1, 2, 4, 8, 16],
        "l2": [0, 256 << 10], "tlb_sets": [1 << n for n in range(9)], "tlb_ways": [1, 2, 4, 8],
        "tlb_replacement": ["lru", "fifo", "random"], "bht": [0, 1, 64, 2048],
        "btic": [0, 8, 64, 512], "completion_queue": range(2, 16), "gpr_renames": range(2, 17),
        "fpr_renames": range(1, 17), "ratio": ["1:1", "2.5:1", "4:1", "7.5:1"],
        "prediction": [True, False], "processors": [1], "broadcast": [True, False],
        "quantum": [1, 1000], "seed": [0, 7], "mutant": ["none"],
    }
    assert choices.keys() == set(NAMES), "a parameter without a choice here"
    return {name: rng.choice(values) for name, values in choices.items() if rng.random() < 0.7}


# Values -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name, value, allowed", WRONG)
def test_a_wrong_value_is_refused_in_one_line_that_tells_the_allowed_ones(name, value, allowed):
    with pytest.raises(UserError) as refused:
        pteg.Machine("g3", **{name: value})
    said = {"512K": "512K", 0: "0"}.get(value, value)
    assert str(refused.value) == f"{name} must be {allowed}, not {said}"


def test_every_parameter_has_a_wrong_value_above_and_is_documented():
    assert {name for name, *_ in WRONG} == set(NAMES)
    for name in NAMES:
        assert f"\n    {name} : " in MachineParameters.__doc__, name


@pytest.mark.parametrize("given", [{"dcache": 1.5}, {"bht": True}, {"prediction": 1},
                                   {"tlb_replacement": None}])
def test_values_of_another_type_are_refused(given):
    (name,) = given
    with pytest.raises(UserError, match=f"^{name} must be "):
        read_parameters(given)


def test_an_unknown_parameter_is_refused_with_those_there_are():
    with pytest.raises(UserError, match="^option of machine g3 must be .*dcache.*, not 'cache'$"):
        pteg.Machine("g3", cache="16K")
    with pytest.raises(UserError, match="^parameter must be one of .*dcache.*, not 'cache'$"):
        Platform([], cache="16K")


def test_numbers_and_texts_mean_the_same():
    texts = read_parameters({"dcache": "16K", "bht": "0x100", "prediction": "off"})
    assert texts == MachineParameters(dcache=16384, bht=256, prediction=False)
    assert texts.changed() == {"dcache": 16384, "bht": 256, "prediction": False}
    assert MachineParameters().changed() == {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        texts.bht = 512


def test_numbers_are_whole_and_between_their_limits():
    allowed = Numbers(2, 15)
    assert [value for value in range(20) if value in allowed] == list(range(2, 16))
    assert str(allowed) == "a number from 2 to 15"


# The command line, the graph ----------------------------------------------------------------------

@pytest.mark.parametrize("command", ["run", "gdb", "graph"])
@pytest.mark.parametrize("name, value, allowed", WRONG[:1] + WRONG[-1:])
def test_the_command_line_refuses_a_wrong_value_with_exit_code_2(command, name, value, allowed):
    done = run_pteg(command, f"--{name.replace('_', '-')}", value)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == f"pteg: {name} must be {allowed}, not {value}\n"


@pytest.mark.parametrize("command", ["run", "gdb", "graph"])
def test_the_help_lists_every_parameter_in_a_group_of_its_own(command):
    text = run_pteg(command, "--help").stdout
    _, found, group = text.partition("Parameters of the processor")
    assert found
    for name in NAMES:
        assert f"--{name.replace('_', '-')} " in group, name


def test_the_graph_and_its_drawing_show_the_sizes():
    machine = pteg.Machine("g3", cpu="functional", dcache="16K", dcache_ways=4, tlb_sets=16,
                           bht=256)
    graph = machine.graph
    nodes, made = graph.nodes, SimpleNamespace(graph=graph)
    assert (nodes["processor.dcache"]["sets"], nodes["processor.dcache"]["ways"]) == (128, 4)
    assert nodes["processor.mmu.dmmu.tlb"]["sets"] == 16
    assert graph.graph["parameters"]["dcache"] == 16384
    assert "dcache: DataCache 128 sets, 4 ways" in draw(made, "text", depth=1)
    drawn = json.loads(draw(made, "json"))
    assert drawn["graph"]["parameters"]["bht"] == 256
    assert any(node["id"] == "processor.core.history" and node["entries"] == 256
               for node in drawn["nodes"])


def test_the_report_has_every_parameter():
    done = run_pteg("run", "--quiet", "--cpu", "functional", "--cycles", 1000, "--json", "-",
                        "--dcache", "16K", "--prediction", "off")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["parameters"]
    assert found.keys() == set(NAMES)
    assert (found["dcache"], found["icache"], found["prediction"]) == (16384, 32768, False)


# Machines -----------------------------------------------------------------------------------------

SMALL_AND_LARGE = [pytest.param(SMALL, id="small"),
                   pytest.param(LARGE, id="large", marks=pytest.mark.slow)]


def run_first_rom(cpu, parameters):
    machine = pteg.Machine("g3", cpu=cpu, rom="first", **parameters)
    assert machine.run(until="ready", cycles=2_000_000) == "console"
    return machine


@pytest.mark.parametrize("parameters", SMALL_AND_LARGE)
def test_the_first_rom_passes_on_other_machines_and_both_models_search_as_often(parameters):
    hardware, functional = (run_first_rom(cpu, parameters) for cpu in ("pipeline", "functional"))
    assert hardware.console.read() == functional.console.read()
    searches = [machine.stats()["mmu"]["table_searches"] for machine in (hardware, functional)]
    assert searches[0]["count"] == searches[1]["count"]
    for side in (0, 1):
        assert sorted(hardware.model.tlb(side)) == sorted(functional.model.tlb(side))


def lockstep(parameters, seeds):
    machine = pteg.Machine("g3", rom="none", ram="32M", **parameters)
    done = 0
    for seed in seeds:
        program = random_program(seed, Options(length=200))
        machine.reset()
        machine.platform.ram.memory[:] = 0
        for address, data in program.memory.items():
            machine.memory.write(address, data)
        with machine.cpu.changed() as state:
            state["pc"], state["msr"] = program.pc, program.msr
            state["hid0"] = Hid0.ICE | Hid0.DCE | Hid0.BTIC | Hid0.BHT
        check = Lockstep(machine.model)
        try:
            assert check.run(1_000_000, address=STOP) == "address"
        except Mismatch as mismatch:
            raise AssertionError(f"{parameters}, seed {seed}: {mismatch}") from None
        done += check.instructions
    assert done > 100 * len(seeds)


@pytest.mark.parametrize("parameters", SMALL_AND_LARGE)
def test_random_programs_agree_on_other_machines(parameters):
    lockstep(parameters, range(3000, 3004))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_random_programs_agree_on_random_machines(seed):
    parameters = random_parameters(random.Random(seed))
    print(f"seed {seed}: {parameters}")
    machine = run_first_rom("pipeline", parameters)
    other = run_first_rom("functional", parameters)
    assert machine.console.read() == other.console.read()
    lockstep(parameters, range(4000, 4006))


# tlbie --------------------------------------------------------------------------------------------

TLBIE = "_start: tlbie r3\n tlbsync\n sync\n blr\n"


@pytest.mark.parametrize("cpu", ["pipeline", "functional"])
@pytest.mark.parametrize("parameters", [SMALL, {}], ids=["small", "750"])
def test_tlbie_clears_the_pages_whose_lowest_bits_are_the_same(cpu, parameters):
    machine = pteg.Machine("g3", cpu=cpu, rom="none", **parameters)
    sets = machine.platform.parameters.tlb_sets
    # A page table of 64 KB at 1 MB; 8 pages, mapped to themselves, in pairs of the same set; code
    # with translation off.
    pages = [0x200 + n * sets // 4 for n in range(8)]
    for page in pages:
        group = 0x10_0000 + (page & 0x3FF) * 64
        slot = next(at for at in range(group, group + 64, 8)
                    if machine.memory.read_word(at) == 0)
        machine.memory.write(slot, (0x8000_0000).to_bytes(4, "big")
                             + (page << 12 | 2).to_bytes(4, "big"))
    loads = "".join(f" lis r4,{page >> 4:#x}\n ori r4,r4,{(page & 15) << 12:#x}\n lwz r5,0(r4)\n"
                    for page in pages)
    code = assemble(f"touch: {loads} blr\n{TLBIE}", sections={".text": 0x1000})
    machine.load(code.elf())
    machine.cpu.spr["SDR1"] = 0x10_0000
    symbols = machine.symbols

    def call(name, msr=0, r3=0):
        with machine.cpu.changed() as state:
            state["pc"], state["lr"], state["msr"] = symbols.address(name), 0x800, msr
            state["gpr"][0, 3] = r3
        assert machine.run(until=0x800, cycles=100_000) == "address"

    def held():
        return {page for _, _, _, page, _ in machine.model.tlb(1)}

    call("touch", int(Msr.DR))
    assert held() == set(pages)
    call("_start", r3=pages[1] << 12 | 0xFC0)
    assert held() == {page for page in pages if page % sets != pages[1] % sets}
    call("touch", int(Msr.DR))
    assert held() == set(pages)
