"""Fixtures of the MMU tests."""

import importlib.util
from pathlib import Path

import pytest

from pteg.engine import compile_design
from pteg.hw.mmu.mmu import Mmu


@pytest.fixture(scope="session")
def spec():
    """The module mmu_spec.py: what the manuals say, independent of the hardware description."""
    path = Path(__file__).with_name("mmu_spec.py")
    loader = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(loader)
    loader.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def native():
    """The whole MMU, compiled."""
    return compile_design(Mmu())
