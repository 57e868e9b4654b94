"""Fixtures of the tests of the hypervisor."""

import importlib.util
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from pteg.firmware.cbuild import compilers
from pteg.mol import small
from pteg.mol.guest import Guest
from pteg.mol.hostb import HostB


def load(name):
    path = Path(__file__).parent / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session", autouse=True)
def a_compiler():
    if not compilers():
        pytest.skip("no C compiler for PowerPC: pip install 'pteg[cc]'")


@pytest.fixture(scope="session")
def differential():
    """The module that compares a guest with the bare machine; see differential.py."""
    return load("differential")


@pytest.fixture(scope="session")
def mmu_guest():
    """The function that makes a random guest for the MMU; see mmu_programs.py."""
    return load("mmu_programs").mmu_guest


@pytest.fixture(scope="session")
def whole():
    """The function that looks at HostB, and says what is wrong; see whole.py."""
    return load("whole").problems


@pytest.fixture(scope="session")
def hostile():
    """The function that makes a hostile guest from a seed; see test_mol_hostile.py."""
    return load("test_mol_hostile").hostile


@pytest.fixture(scope="session")
def small_guests():
    """The module that makes guests out of some instructions."""
    return small


@pytest.fixture(scope="session")
def agree(differential):
    """A function that runs a guest, compares it with the bare machine, and returns the session."""
    def run(guest, limit=100_000, **session):
        found, hosted = differential.compare(guest, limit=limit, **session)
        assert not found
        return hosted
    return run


@pytest.fixture(scope="session")
def hosted():
    """A function that runs a guest to its stop, and returns the session."""
    def run(guest, limit=3_000_000, **session):
        session = HostB(guest, **session)
        assert session.run(limit) == "address"
        return session
    return run


@pytest.fixture(scope="session")
def finished():
    """A function that runs a guest until it has ended the session, which is returned."""
    def run(guest, limit=3_000_000, **session):
        session = HostB(guest, **session)
        assert session.run(limit, until=session.ended) == "address"
        return session
    return run


@pytest.fixture(scope="session")
def reference_guest(tmp_path_factory):
    """A function that returns the guest that was written for KVM-PR, with so many turns of each
    loop."""
    source = Path(__file__).parents[3] / "shared" / "linux" / "guest.S"
    prefix = "powerpc-linux-gnu-"
    if not source.exists() or not shutil.which(prefix + "gcc"):
        pytest.skip("guest is not there: guest.S, or powerpc-linux-gnu-gcc")
    names = [tmp_path_factory.mktemp("guest") / name for name in ("guest.o", "guest.elf", "guest")]
    for command in (["gcc", "-mregnames", "-mcpu=750", "-c", source, "-o", names[0]],
                    ["ld", "-z", "max-page-size=4096", "-Ttext=0", "-e", "_start", names[0],
                     "-o", names[1]],
                    ["objcopy", "-O", "binary", names[1], names[2]]):
        subprocess.run([prefix + command[0], *command[1:]], check=True)
    return lambda turns: Guest({0: names[2].read_bytes(), 0x3000: struct.pack(">I", turns)},
                               entry=0x1000, stop=0, size=1 << 20)
