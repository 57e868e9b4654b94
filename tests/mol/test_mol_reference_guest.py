"""A guest that was written for KVM-PR passes its own tests under MOL too."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pteg.mol.guest import Guest
from pteg.mol.hostb import KVM_POLICIES, Flag, HostB, Option

SOURCE = Path(__file__).parents[3] / "shared" / "linux" / "guest.S"
PREFIX = "powerpc-linux-gnu-"
PARAMETERS, REPEAT = 0x3000, 10


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    if not SOURCE.exists() or not shutil.which(PREFIX + "gcc"):
        pytest.skip("guest is not there: guest.S, or powerpc-linux-gnu-gcc")
    names = [tmp_path_factory.mktemp("guest") / name for name in ("guest.o", "guest.elf", "guest")]
    for command in (["gcc", "-mregnames", "-mcpu=750", "-c", SOURCE, "-o", names[0]],
                    ["ld", "-z", "max-page-size=4096", "-Ttext=0", "-e", "_start", names[0],
                     "-o", names[1]],
                    ["objcopy", "-O", "binary", names[1], names[2]]):
        subprocess.run([PREFIX + command[0], *command[1:]], check=True)
    return Guest({0: names[2].read_bytes(), PARAMETERS: struct.pack(">I", REPEAT)}, entry=0x1000,
                 stop=0, size=1 << 20)


@pytest.mark.parametrize("session", [
    {}, {"options": {Option.PRIVATE_HASH: 1}}, {"options": {Option.TLBIE_FLUSHES: 1}},
    {"options": KVM_POLICIES},
    {"tick": 3000, "flags": Flag.EVICT_AT_TICK},
    pytest.param({"cpu": "pipeline"}, marks=pytest.mark.slow)], ids=str)
def test_its_tests_pass(reference, session):
    """Faults, BATs, segments, changed entries, every exception, user mode, steps, a halt."""
    host = HostB(reference, **session)
    assert host.run(12_000_000, until=host.ended) == "address"
    failed, pvr, pte = struct.unpack(">3I", host.read(PARAMETERS + 4, 12))
    assert failed == 0
    assert pvr == host.machine.cpu.spr["PVR"] and pte & 0xFFF == 0x182
    assert b"GUEST: done" in host.machine.console.read()
