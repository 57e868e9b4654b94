"""A kernel with CONFIG_SMP on several processors: its own start and the tests of its init."""

import re

import pytest

import pteg
from pteg.hw.mmu.enums import AccessKind
from pteg.mmu.oracle import Step

#: Of the tests that init does, those that a 750 cannot pass, which keeps tlbie and icbi to itself.
NOT_BROADCAST = {"tlb-protect", "tlb-unmap", "tlb-remap", "tlb-cow", "icache-user",
                 "icache-kernel"}


def booted(smp_linux, folder, processors, rounds, watch=False, **options):
    """What the kernel's init has printed, by test: ok, or BAD; the machine; and what an oracle has
    found, if there is one."""
    machine = pteg.Machine("mac99", cpu="functional", rom="none", processors=processors,
                           **options)
    machine.boot_linux(smp_linux.KERNEL, smp_linux.tree(folder, processors),
                       append=f"console=ttyPZ0 -- {rounds}")
    oracle = machine.oracle() if watch else None
    assert machine.run(until="INIT: done", instructions=3_000_000_000) == "console"
    printed = machine.console.read().decode(errors="replace")
    assert f"Brought up 1 node, {processors} CPU" in printed
    return dict(re.findall(r"SMP: ([a-z-]+) (ok|BAD)", printed)), machine, oracle


@pytest.mark.slow
@pytest.mark.parametrize("processors,seed", [(2, 1), (2, 2), (3, 1), (4, 1)])
def test_linux_runs_on_all_processors(smp_linux, tmp_path, processors, seed):
    found, machine, _ = booted(smp_linux, tmp_path, processors, 10, seed=seed)
    assert found.pop("all") == "ok" and len(found) == 19
    assert set(found.values()) == {"ok"}
    assert all(cpu.tb > 1_000_000 for cpu in machine.cpus)


@pytest.mark.slow
def test_without_broadcast_the_tests_of_tlb_and_instruction_cache_fail_and_no_others(smp_linux,
                                                                                      tmp_path):
    found, _, _ = booted(smp_linux, tmp_path, 2, 10, broadcast=False)
    assert {name for name, result in found.items() if result == "BAD"} == NOT_BROADCAST


@pytest.mark.slow
def test_without_broadcast_the_oracle_sees_that_processors_use_what_others_have_changed(smp_linux,
                                                                                        tmp_path):
    """The tests of TLBs stop at loads of old pages, but the last one stores to a page that was
    unmapped. An oracle executes instructions of pages as memory has them, so it hides old user
    code."""
    found, _, oracle = booted(smp_linux, tmp_path, 2, 10, broadcast=False, watch=True)
    assert {name for name, result in found.items() if result == "BAD"} == (
        NOT_BROADCAST - {"icache-user"})
    assert {use.missing for use in oracle.uses} == {Step.THERE}
    assert {use.kind for use in oracle.uses} == {
        AccessKind.FETCH, AccessKind.LOAD, AccessKind.STORE}
    assert {use.processor + use.change.processor for use in oracle.uses} == {1}


@pytest.mark.slow
def test_linux_uses_no_stale_translation_of_another_processor(smp_linux, tmp_path):
    found, _, oracle = booted(smp_linux, tmp_path, 2, 3, watch=True)
    assert found["all"] == "ok"
    assert oracle.uses == [], "\n".join(map(str, oracle.uses[:5]))
