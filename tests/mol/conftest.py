"""Fixtures of the tests of the hypervisor."""

import importlib.util
from pathlib import Path

import pytest

from pteg.firmware.cbuild import compilers
from pteg.mol import small
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
