"""Fixtures of the tests of the hypervisor."""

import importlib.util
from pathlib import Path

import pytest

from pteg.firmware.cbuild import compilers
from pteg.mol import small


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
def small_guests():
    """The module that makes guests out of some instructions."""
    return small
