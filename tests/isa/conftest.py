"""Helper files of these tests, which are in no package."""

import importlib.util
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def load():
    """Import a helper by its path from here; other helpers can then import it by its name."""
    def load(place):
        path = Path(__file__).parent / f"{place}.py"
        if path.stem not in sys.modules:
            spec = importlib.util.spec_from_file_location(path.stem, path)
            sys.modules[path.stem] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[path.stem])
        return sys.modules[path.stem]
    return load
