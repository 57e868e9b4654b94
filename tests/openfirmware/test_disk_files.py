"""Files on disks: every file system that the ROM knows, against the tools that make them."""

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("images", Path(__file__).parent / "images.py")
images = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(images)

BUFFER = 0x400000


@pytest.fixture
def disk_prompt(make_prompt):
    """A mac99 with a disk at its prompt."""
    def prompt(disk, **options):
        return make_prompt("mac99", disk=disk, **options)
    return prompt


def load(prompt, path, room=BUFFER):
    """A file as the firmware reads it, by `load`."""
    prompt("clear hex 0 value handle : opened open-dev dup to handle 0= abort\" not opened\" ;")
    line = f'" {path}" opened {room:x} " load" handle $call-method . handle close-dev'
    text = prompt(line, instructions=100_000_000)
    assert text.endswith(" ok\n"), text
    return prompt.machine.memory.read(room, int(text.split()[0], 16))


def names(prompt, path):
    """What `dir` lists: {name: size, or None for a folder}."""
    rows = [row.split(None, 1) for row in prompt(f"dir {path}").splitlines()
            if row.strip() and row != " ok"]
    return {name.rstrip("\\"): None if size == "-" else int(size) for size, name in rows
            if name.rstrip("\\") not in (".", "..", "lost+found")}


@pytest.mark.parametrize("kind", images.KINDS)
def test_random_files(disk_prompt, tmp_path, kind):
    seed = 20261128
    print(f"seed {seed}")
    folder = tmp_path / "tree"
    files = images.random_tree(folder, seed, kind)
    prompt = disk_prompt(images.make_image(tmp_path / "disk", kind, folder))
    for path, data in files.items():
        assert load(prompt, f"hd:,{path}") == data, path
    top = {path.split("\\")[1]: None if path.count("\\") > 1 else len(data)
           for path, data in files.items()}
    assert names(prompt, "hd:,\\") == top
