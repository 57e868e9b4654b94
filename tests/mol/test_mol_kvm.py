"""KVM-PR's exits, by the kinds of our table; its policies, and ours that are like them."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pteg.cli.commands import execute
from pteg.mmu.table import HashTable
from pteg.mol import exits, kvm
from pteg.mol.hostb import KVM_POLICIES, HostB
from pteg.mol.occupancy import contexts_of

LINUX = Path(__file__).parents[3] / "shared" / "linux"
#: Instructions of exits that always take as many, as counted from a ledger by another program.
INSTRUCTIONS = {"mfmsr": 827, "mfspr sprg0": 793, "mtspr sprg0": 785, "mtspr srr0": 777,
                "mfsr": 835, "mtmsr, EE changes": 893, "mtmsr, DR off": 1063, "mtmsr, DR on": 1072,
                "mtsr, new": 1024, "rfi": 863, "sc": 999, "tw": 1034, "alignment": 1039,
                "mtdec": 1376, "mtspr dbat1u": 1291, "hypercall": 1761, "KVM's hypercall": 661,
                "page fault of the guest": 2504}


@pytest.fixture(scope="module")
def costs():
    if not (LINUX / "vmlinux-kvm").exists():
        pytest.skip("kernel is not there: vmlinux-kvm")
    return kvm.measure(LINUX / "vmlinux-kvm", LINUX / "gamecube.dtb", 4, "functional")


def test_each_kind_of_the_table_is_found(costs):
    assert set(exits.KVM) <= set(costs)
    assert costs["mtsr, new"][0] > 2000             # the guest loads more segments than KVM has


@pytest.mark.parametrize("kind", INSTRUCTIONS)
def test_instructions_of_an_exit(costs, kind):
    assert costs[kind][1] == INSTRUCTIONS[kind]


@pytest.mark.parametrize("arguments, text", [
    (["exits", "--kvm", "vmlinux"], "--kvm and --dtb are given together"),
    (["exits", "--repeat", "3"], "repeat must be an even number from 2 on, not 3"),
    (["exits", "--kvm", "vmlinux", "--dtb", "nowhere.dtb"], "nowhere.dtb"),
    (["linux", "vmlinux", "--dtb", "nowhere.dtb"], "vmlinux"),
])
def test_bad_arguments_are_refused_in_a_line(arguments, text, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        execute(["mol", *arguments])
    assert end.value.code == 2
    error = capfd.readouterr().err
    assert text in error and error.count("\n") == 1


# -- The same guest under KVM-PR and under our policies: 2,100 new segments ------------------------

#: Values for segment 10, one after the other; VSIDs that KVM-PR has for a guest; its first space.
FIRST_VALUE, SEGMENTS, POOL, FIRST_SPACE = 0x20004000, 2100, 2048, 2
#: Pages of the guest's own hash table, which it clears before it writes SDR1: we flush then.
TABLE = range(0x40000, 0x50000, 0x1000)
DEVICES = 0x0E000000


def number(vsid):
    """Its place among those that a guest has got."""
    return int(contexts_of(np.int64(vsid & 0xFFFFFF))) - FIRST_SPACE * 16


def entries(machine):
    return [entry for entry in HashTable(machine.cpu.spr["SDR1"], machine.memory.read)
            if 0 <= number(entry.vsid) < POOL]


@pytest.fixture(scope="module")
def theirs():
    """Numbers of the VSIDs of segment 10, and the entries before the first of them."""
    if not (LINUX / "vmlinux-kvm").exists():
        pytest.skip("kernel is not there: vmlinux-kvm")
    machine = kvm.boot(LINUX / "vmlinux-kvm", LINUX / "gamecube.dtb", "console=ttyS0,115200 -- 4",
                       kvm.ENTERS, cpu="functional")
    found, before = [], []
    for _, value, segment in kvm.segments_loaded(machine):
        if value - FIRST_VALUE == len(found):
            before = before or entries(machine)
            found.append(number(segment))
    return found, before


@pytest.fixture(scope="module")
def ours(reference_guest):
    session = HostB(reference_guest(4), options=KVM_POLICIES)
    machine, loaded = session.machine, session.machine.symbols.address("segment_loaded")
    found, before, segment = [], [], None
    while machine.run(instructions=12_000_000, until=loaded) == "address":
        if segment is not None:
            found.append(number(session.variable("xSR", 16 + segment)))     # of the supervisor
        segment = machine.cpu.gpr[4]
        if session.variable("xSEGR", segment) - FIRST_VALUE != len(found):
            segment = None
        else:
            before = before or entries(machine)
        machine.step()
    return found, before


def test_vsids_come_in_the_order_of_kvms(theirs, ours):
    """One after the other to the last one, then from the first one on: the page of the code gets
    the next. We begin again some VSIDs sooner."""
    for numbers, first, margin in ((theirs[0], 0, 0), (ours[0], 1, 8)):
        assert len(numbers) == SEGMENTS
        jumps = [(a, b) for a, b in pairwise(numbers) if b != a + 1]
        (last, again), (before, behind) = jumps
        assert POOL - 1 - margin <= last < POOL and again == before == first
        assert behind == first + 2


def test_entries_are_where_kvms_are(theirs, ours):
    """In secondary groups, and of the same pages."""
    pages = []
    for _, before in (theirs, ours):
        assert len(before) >= 20 and all(entry.h for entry in before)
        pages.append({entry.ea & 0x0FFFF000 for entry in before})
    assert pages[1] - {DEVICES} <= pages[0]
    assert pages[0] - pages[1] <= set(TABLE)
