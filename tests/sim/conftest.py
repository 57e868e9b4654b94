"""What several tests of the command line read."""

import pytest

import pteg


@pytest.fixture(scope="session")
def saved(tmp_path_factory):
    """A folder with a checkpoint, `saved`, and a ledger, `events.jsonl`."""
    folder = tmp_path_factory.mktemp("saved")
    machine = pteg.Machine("g3", cpu="functional", rom="first", ram="1M")
    with machine.ledger(folder / "events.jsonl"):
        machine.run(instructions=200)
    machine.save(folder / "saved")
    return folder
