"""Both models agree at other ratios of core and bus clock, and when address tenures are retried."""

import importlib.util
import random
from pathlib import Path

import pytest

import pteg
from pteg.components.dram import Dram
from pteg.cpu import Stop
from pteg.hw.isa.registers import Hid0
from pteg.lockstep import Lockstep, Mismatch
from pteg.lockstep.random_programs import STOP, Options, random_program
from pteg.pipeline.cpu import PipelineCpu
from pteg.platform import Platform


def _beside(name):
    spec = importlib.util.spec_from_file_location(
        f"pteg_test_{name}", Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


agent = _beside("agent")
lockstep_random = _beside("test_lockstep_random")


def check(cpu, seeds):
    """Instructions compared in random programs with caches on or off."""
    done = 0
    for seed in seeds:
        choice = random.Random(seed)
        program = random_program(seed, Options(length=300, user=choice.random() < 0.4,
                                               floating=seed % 3 == 0))
        lockstep_random.prepare(cpu, program)
        state = cpu.get_state()
        state["hid0"] = choice.choice((0, Hid0.ICE, Hid0.ICE | Hid0.DCE, Hid0.DCE))
        cpu.set_state(state)
        lockstep = Lockstep(cpu)
        try:
            assert lockstep.run(1_000_000, address=STOP) is Stop.ADDRESS
        except Mismatch as mismatch:
            raise AssertionError(f"seed {seed}: {mismatch}") from None
        done += lockstep.instructions
    return done


@pytest.fixture(scope="module")
def retried():
    return agent.retried_cpu(pteg.Machine("g3", ratio="2.5:1").platform)


def test_random_programs_agree_on_a_bus_with_retries(retried):
    done = retries = 0
    for seed in range(800, 808):
        done += check(retried, [seed])
        retries += retried.native.read(retried.driver.state, "agent.retries")
    assert done > 2500 and retries > 500


@pytest.mark.slow
@pytest.mark.parametrize("ratio", ["2:1", "2.5:1", "4:1", "10:1"])
def test_random_programs_agree_at_every_ratio(ratio):
    assert check(PipelineCpu(Platform([Dram()], ratio=ratio)), range(820, 860)) > 10_000


@pytest.mark.slow
def test_memory_is_never_stale_when_dma_and_processor_are_retried():
    """The DMA engine copies what the processor writes, and the processor reads that."""
    machine = pteg.Machine("g3", ram="1M", dma=True, ratio="2.5:1")
    machine._made["model"] = cpu = agent.retried_cpu(machine.platform)
    copier = _load_copier_test()
    copier.test_a_copy_takes_what_the_cache_has_modified_and_gives_the_cache_what_it_writes(machine)
    assert cpu.native.read(cpu.driver.state, "agent.retries") > 20


def _load_copier_test():
    path = Path(__file__).parents[1] / "components" / "test_copier.py"
    spec = importlib.util.spec_from_file_location("pteg_test_copier", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_random_programs_agree_when_they_are_repeated_beside_a_copy_by_dma(monkeypatch):
    """The long run, but short: a program without interrupts, and one with them."""
    soak = _beside("soak")
    monkeypatch.setattr(soak, "RUNS", 3)
    cpus = soak.models("4:1")
    for cpu, seed in zip(cpus, (3006, 3005), strict=True):
        assert soak.check(cpus, seed) > 1000
        assert cpu.platform["copier"].state["length"] != soak.DATA_BYTES
        assert cpu.platform["dram"].memory[soak.APART].any(), "nothing has been copied"
        assert cpu.native.read(cpu.driver.state, "agent.retries") > 100
