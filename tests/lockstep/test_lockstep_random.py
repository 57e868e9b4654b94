"""Pipeline and functional model agree on random programs, instruction by instruction."""

import importlib.util
import random
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pteg.boot.loader import read_elf
from pteg.components.dram import Dram
from pteg.cpu import Stop
from pteg.firmware.asm import assemble
from pteg.hw.isa.exceptions import Dsisr, Srr1, Vector
from pteg.lockstep import Lockstep, Mismatch
from pteg.lockstep.encoding import encode
from pteg.lockstep.random_programs import (
    BODY,
    LOG,
    LOG_BYTES,
    STOP,
    Options,
    random_program,
)
from pteg.pipeline.cpu import PipelineCpu
from pteg.platform import Platform, Wire
from pteg.symbols import Symbols

_spec = importlib.util.spec_from_file_location(
    "pteg_test_injector", Path(__file__).with_name("injector.py"))
injector = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = injector  # the generated code imports it by this name
_spec.loader.exec_module(injector)


ICE = 0x8000  # HID0[ICE]


@pytest.fixture(scope="module")
def cpu():
    return PipelineCpu(Platform([Dram()]))


@pytest.fixture(scope="module")
def interrupted_cpu():
    return PipelineCpu(Platform([Dram(), injector.Injector()], [Wire("injector")]))


def prepare(cpu, program, symbols=None):
    platform = cpu.platform
    platform.reset()
    memory = platform["dram"].memory
    memory[:] = 0
    for address, data in program.memory.items():
        memory[address:address + len(data)] = np.frombuffer(data, np.uint8)
    cpu.reset()
    state = cpu.get_state()
    state["pc"], state["msr"] = program.pc, program.msr
    cpu.set_state(state)
    return Lockstep(cpu, symbols)


def check(cpu, seed, **options):
    """Run a random program to its end; return how many instructions it has executed."""
    lockstep, stop = follow(cpu, seed, **options)
    assert stop is Stop.ADDRESS
    return lockstep.instructions


def follow(cpu, seed, length=300, interrupts=False, floating=False, breakpoints=False,
           invalid=False, conditions=False, branches=False):
    """Run a random program; return the lockstep and how it ended."""
    choice = random.Random(seed)
    options = Options(length=length, user=choice.random() < 0.4,
                      translation=choice.random() < 0.8, floating=floating,
                      breakpoints=breakpoints, invalid=invalid,
                      conditions=conditions, branches=branches, interrupts=interrupts)
    program = random_program(seed, options)
    prepare(cpu, program)
    state = cpu.get_state()
    state["hid0"] = choice.choice((0, ICE))
    if interrupts:
        cpu.platform["injector"].state["random"] = seed
        state["dec"] = choice.randrange(5000)
    cpu.set_state(state)
    lockstep = Lockstep(cpu)
    try:
        return lockstep, lockstep.run(1_000_000, address=STOP)
    except Mismatch as mismatch:
        raise AssertionError(f"seed {seed}, {options}: {mismatch}") from None


def test_random_programs_agree(cpu):
    assert sum(check(cpu, seed) for seed in range(100, 110)) > 5000


def test_random_programs_agree_when_interrupted(interrupted_cpu):
    """Interrupts come at many different instructions of the bodies."""
    places = {Vector.EXTERNAL: 0, Vector.DECREMENTER: 0}
    for seed in range(200, 215):
        check(interrupted_cpu, seed, interrupts=True)
        log = exceptions(interrupted_cpu)
        for vector in places:
            places[vector] += len(set(log[(log[:, 0] == vector) & (log[:, 1] >= BODY), 1]))
    assert places[Vector.EXTERNAL] > 200 and places[Vector.DECREMENTER] > 3


def test_random_programs_with_floating_point_agree(cpu, interrupted_cpu):
    done = sum(check(cpu, seed, floating=True) for seed in range(300, 310))
    done += sum(check(interrupted_cpu, seed, floating=True, interrupts=True)
                for seed in range(310, 315))
    assert done > 5000


def test_random_programs_with_invalid_forms_agree(cpu, interrupted_cpu):
    done = sum(check(interrupted_cpu if seed % 4 == 0 else cpu, seed, invalid=True,
                     interrupts=seed % 4 == 0, floating=seed % 3 == 0, breakpoints=seed % 5 == 0)
               for seed in range(500, 520))
    assert done > 5000


def test_random_programs_with_breakpoints_agree(cpu, interrupted_cpu):
    stops = {"instruction": 0, "load": 0, "store": 0}
    for seed in range(400, 420):
        model = interrupted_cpu if seed % 4 == 0 else cpu
        check(model, seed, breakpoints=True, interrupts=seed % 4 == 0, floating=seed % 4 == 1)
        log = exceptions(model)
        data = log[(log[:, 0] == Vector.DSI) & (log[:, 3] & Dsisr.DABR != 0)]
        stops["instruction"] += np.sum(log[:, 0] == Vector.INSTRUCTION_BREAKPOINT)
        stops["load"] += np.sum(data[:, 3] & Dsisr.STORE == 0)
        stops["store"] += np.sum(data[:, 3] & Dsisr.STORE != 0)
    assert min(stops.values()) > 3, stops


def test_random_programs_with_all_conditions_agree(cpu, interrupted_cpu):
    """Each bit that tells the cause of an ISI or DSI is among the exceptions, and alignment."""
    seen = {"ISI": 0, "DSI": 0, "alignment": 0}
    for seed in range(600, 624):
        model = interrupted_cpu if seed % 4 == 0 else cpu
        check(model, seed, conditions=True, interrupts=seed % 4 == 0, floating=seed % 3 == 0,
              breakpoints=seed % 2 == 0)
        log = exceptions(model)
        seen["ISI"] |= union(log[log[:, 0] == Vector.ISI, 2])
        seen["DSI"] |= union(log[log[:, 0] == Vector.DSI, 3])
        seen["alignment"] += np.sum(log[:, 0] == Vector.ALIGNMENT)
    causes = Srr1.PAGE_FAULT | Srr1.NO_EXECUTE | Srr1.PROTECTION
    assert seen["ISI"] & causes == causes
    assert seen["DSI"] == sum(Dsisr)
    assert seen["alignment"] > 20


def union(words):
    return int(np.bitwise_or.reduce(words, initial=0))


def exceptions(model):
    """The log that the handlers of a program have written."""
    memory = model.platform["dram"].memory[LOG:LOG + LOG_BYTES].copy()
    model.overlay(LOG, memory)
    return memory.view(">u4").reshape(-1, 8).astype(np.int64)


def test_random_programs_with_many_branches_agree(cpu, interrupted_cpu):
    """Branches that change LR or CTR, behind unresolved ones; mtlr and mtctr between them."""
    done = sum(check(interrupted_cpu if seed % 4 == 0 else cpu, seed, branches=True,
                     interrupts=seed % 4 == 0, floating=seed % 3 == 0, breakpoints=seed % 5 == 0)
               for seed in range(700, 720))
    assert done > 5000


def test_a_difference_in_a_register_is_reported(cpu):
    lockstep = prepare(cpu, random_program(1, Options(length=20)))
    lockstep.run(10)
    lockstep._state["gpr"][0][17] ^= 1
    with pytest.raises(Mismatch, match=r"(?s)gpr\[17\]: pipeline 0x[0-9a-f]+, functional 0x"):
        lockstep.run(10)


def test_a_difference_in_memory_is_reported(cpu):
    lockstep = prepare(cpu, random_program(1, Options(length=20)))
    lockstep._ram[0x234567] ^= 1
    with pytest.raises(Mismatch, match=r"memory 0x00234567: pipeline"):
        lockstep.run(10)


def test_a_program_is_disassembled_in_the_report(cpu):
    program = random_program(1, Options(length=20))
    program.memory[program.pc] = encode("addi", rD=3, rA=0, SIMM=7).to_bytes(4, "big")
    lockstep = prepare(cpu, program)
    lockstep._state["gpr"][0][9] = 1
    with pytest.raises(Mismatch, match=r"li\s+r3,7"):
        lockstep.run(1)


def test_the_report_names_addresses_and_exceptions(cpu):
    """A virtual address is shown like any other, and so is what an exception has led away from."""
    program = assemble("""
    start:  nop
            .long 0             # a program exception
            .org 0x700
    handler: nop
            b .
    """, sections={".text": 0}).elf()
    symbols, image = Symbols(), read_elf(program, "x")
    symbols.add(program, image)
    memory = {segment.address: segment.data for segment in image.segments}
    lockstep = prepare(cpu, SimpleNamespace(memory=memory, pc=0, msr=0), symbols)
    lockstep.run(2)
    lockstep._state["gpr"][0][9] ^= 1
    with pytest.raises(Mismatch) as found:
        lockstep.run(1)
    listing = str(found.value).partition("last instructions:\n")[2]
    lines = [line.split(maxsplit=1)[1] for line in listing.splitlines()]
    assert lines[0].split() == ["00000000", "nop", "<start>"]
    assert lines[1] == "exception at 0x00000004 <start+0x4>"
    assert lines[2].split() == ["00000704", "b", "0x704", "<handler+0x4>"]


def test_exceptions_without_end_end_a_run(cpu):
    """The first instruction of the handler is illegal."""
    lockstep = prepare(cpu, SimpleNamespace(memory={}, pc=0x700, msr=0))
    lockstep._control["patience"] = 1000
    assert lockstep.run(1) is Stop.STUCK


def test_programs_that_have_found_errors_agree(cpu):
    # A comparison that traps writes its CR field.
    check(cpu, 1795362584, length=2000, floating=True)


@pytest.mark.slow
def test_ten_million_instructions_agree(cpu, interrupted_cpu):
    seed = int(time.time())
    print("first seed", seed)
    done = programs = long = 0
    while done < 10_000_000:
        lockstep, stop = follow(
            interrupted_cpu if seed % 2 else cpu, seed, length=2000, interrupts=bool(seed % 2),
            floating=seed % 4 < 2, breakpoints=seed % 3 == 0, invalid=seed % 5 < 3,
            conditions=seed % 7 < 5)
        done += lockstep.instructions
        # A jump into a loop may find any number in CTR.
        programs, long = programs + 1, long + (stop is not Stop.ADDRESS)
        seed += 1
    assert long < programs / 100
