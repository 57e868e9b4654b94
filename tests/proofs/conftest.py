"""The proofs' helper as a fixture; this folder is not a package."""

import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def smt():
    """The module tests/proofs/smt.py."""
    spec = importlib.util.spec_from_file_location("smt", Path(__file__).with_name("smt.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
