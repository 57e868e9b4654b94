"""What tests of the engine share."""

import pytest

from pteg.engine import shared
from pteg.engine.frontend import twins


@pytest.fixture
def share_always(monkeypatch):
    """Let modules share code even where it does not pay."""
    monkeypatch.setattr(twins, "MIN_STORED", 1)
    for name, limit in (("MIN_OPERATIONS", 0), ("MAX_CODE", 1e9), ("MAX_WORK", 1e9)):
        monkeypatch.setattr(shared, name, limit)
