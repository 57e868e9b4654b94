"""Helper files of these tests, which are in no package."""

import importlib.util
import sys
from pathlib import Path

import pytest


def _load(name):
    path = Path(__file__).with_name(name)
    spec = importlib.util.spec_from_file_location(f"functional_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def load():
    """Import a helper by its file name."""
    return _load
