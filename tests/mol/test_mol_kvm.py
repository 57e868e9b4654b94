"""KVM-PR's exits, by the kinds of our table."""

from pathlib import Path

import pytest

from pteg.cli.commands import main
from pteg.mol import exits, kvm

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
        main(["mol", *arguments])
    assert end.value.code == 2
    error = capfd.readouterr().err
    assert text in error and error.count("\n") == 1
