"""The proofs' helpers as fixtures; this folder is not a package."""

import importlib.util
from pathlib import Path

import pytest


def _beside(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def smt():
    """The module tests/proofs/smt.py."""
    return _beside("smt")


@pytest.fixture(scope="session")
def one_block():
    """The module tests/proofs/one_block.py."""
    return _beside("one_block")


@pytest.fixture(scope="session")
def reach():
    """The module tests/proofs/reach.py."""
    return _beside("reach")
