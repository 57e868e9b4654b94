"""Damaged disks: whatever is on them, a command ends soon, at the prompt, and changes nothing."""

import random

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

KINDS = ("fat12", "fat32", "ext2-1k", "rock-ridge", "joliet", "hfs-plus", "pieces", "pc", "apple")
#: No command may need more; a healthy disk needs a tenth.
MOST_INSTRUCTIONS = 60_000_000
FIRMWARE_END, LOAD_BASE = 0x100000, 0x400000
#: Numbers that programs do not expect.
STRANGE = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF,
           0x80000000, 0xFFFFFF00, 0xFFFFFFFF)


class Victim:
    """A machine whose disk is replaced again and again."""

    def __init__(self, prompt):
        self.prompt = prompt
        self.machine = prompt.machine
        self.disk = prompt.machine.platform["disk"]
        self.memory = prompt.machine.platform["dram"].memory
        prompt("hex")

    def insert(self, data):
        """Make these bytes the disk."""
        self.disk.memory = np.frombuffer(bytearray(data), np.uint8)
        self.disk.reset()

    def check(self, lines):
        """The lines end in time; nothing has changed but the place that files are loaded to."""
        low = self.memory[FIRMWARE_END:LOAD_BASE].copy()
        nvram = self.machine.platform["nvram"].memory.copy()
        disk = self.disk.memory.copy()
        for line in lines:
            self.prompt(line, instructions=MOST_INSTRUCTIONS)
        assert self.prompt("clear 2 3 + . state @ . depth .") == "5 0 0  ok\n"
        assert (self.memory[FIRMWARE_END:LOAD_BASE] == low).all()
        assert (self.machine.platform["nvram"].memory == nvram).all()
        assert (self.disk.memory == disk).all()
        assert self.prompt("heap-start dup @ -2 and 4+ + heap-end u< .") == "-1  ok\n"


@pytest.fixture(scope="module")
def victim(make_prompt, images, tmp_path_factory):
    path = tmp_path_factory.mktemp("disk") / "empty"
    path.write_bytes(bytes(1 << 20))
    return Victim(make_prompt("mac99", disk=path, ram="16M"))


@pytest.fixture(scope="module")
def healthy(images, tmp_path_factory):
    """Images by kind, and the places in them that are not zero: files are."""
    folder = tmp_path_factory.mktemp("healthy")
    tree = folder / "tree"
    (tree / "boot" / "a-long-name-of-a-folder").mkdir(parents=True)
    for number in range(20):
        (tree / "boot" / f"a-long-name-of-file-{number}.bin").write_bytes(bytes(700 * number))
    (tree / "boot" / "a-long-name-of-a-folder" / "file").write_bytes(bytes(100_000))
    (tree / "link").symlink_to("boot/a-long-name-of-a-folder/file")
    made = {}

    def image(kind):
        if kind not in made:
            path = folder / kind
            if kind == "pieces":
                volume = images.hfs_volume(folder / "hfs-plus" if "hfs-plus" in made
                                           else images.make_image(path, "hfs-plus", tree))
                images.written(path, images.fragmented(volume, "file", 40))
            elif kind == "pc":
                part = images.make_image(folder / "part", "fat12", tree, 1 << 20)
                images.disk_of(path, [(part, 4096)], "label: dos\nstart=63, size=100, type=83\n"
                               "start=200, size=6000, type=5\nstart=300, size=100, type=83\n"
                               "start=4096, size=2048, type=6\n")
            elif kind == "apple":
                part = images.make_image(folder / "part2", "fat12", tree, 1 << 20)
                images.disk_of(path, [(part, 64)], images.apple_map(
                    [("Apple_Free", 20, 44), ("Apple_HFS", 64, 2048)]))
            else:
                small = 2 << 20 if kind in ("fat12", "ext2-1k") else None
                images.make_image(path, kind, tree, small)
            data = path.read_bytes()
            made[kind] = data, np.flatnonzero(np.frombuffer(data, np.uint8))
        return made[kind]

    return image


COMMANDS = ("dir hd:,\\", "dir hd:,\\boot",
            "load hd:,\\boot\\a-long-name-of-a-folder\\file", "load hd:,\\boot\\missing")


@st.composite
def damages(draw):
    """Changes of an image: place (of all that are not zero), distance from there, bytes."""
    return draw(st.lists(st.tuples(
        st.floats(0, 1, exclude_max=True), st.integers(-8, 8),
        st.one_of(st.binary(min_size=1, max_size=4),
                  st.builds(lambda number, order: (number & 0xFFFFFFFF).to_bytes(4, order),
                            st.sampled_from(STRANGE), st.sampled_from(["big", "little"])))),
        min_size=1, max_size=12))


def damaged(image, changes, length=1.0):
    data, places = bytearray(image[0]), image[1]
    for place, distance, new in changes:
        at = max(0, min(int(places[int(place * len(places))]) + distance, len(data) - len(new)))
        data[at:at + len(new)] = new
    return data[:max(512, int(len(data) * length) & -512)]


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_disks(victim, healthy, kind):
    image = healthy(kind)
    victim.insert(image[0])
    victim.check(COMMANDS)
    assert "a-long-name-of-file-19.bin" in victim.prompt("dir hd:,\\boot")

    @settings(max_examples=12, deadline=None, database=None, derandomize=True)
    @given(damages(), st.one_of(st.just(1.0), st.floats(0, 1)))
    def damage(changes, length):
        note(kind)
        victim.insert(damaged(image, changes, length))
        victim.check(COMMANDS)

    damage()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_damaged_disks(victim, healthy, kind):
    image = healthy(kind)
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    for _ in range(300):
        changes = [(rng.random(), rng.randint(-8, 8), rng.choice((
            rng.randbytes(rng.randint(1, 4)),
            (rng.choice(STRANGE) & 0xFFFFFFFF).to_bytes(4, rng.choice(("big", "little"))))))
            for _ in range(rng.choice((1, 2, 5, 20, 100)))]
        victim.insert(damaged(image, changes, rng.choice((1.0, 1.0, rng.random()))))
        victim.check(COMMANDS)
