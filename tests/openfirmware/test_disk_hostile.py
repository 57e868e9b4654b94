"""Damaged disks: whatever is on them, a command ends soon, at the prompt, and changes nothing."""

import random
import struct

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

KINDS = ("fat12", "fat32", "ext2-1k", "rock-ridge", "joliet", "hfs-plus", "pieces", "pc", "apple",
         "ext4-1k", "guid", "hfs")
#: No command may need more; a healthy disk needs a tenth.
MOST_INSTRUCTIONS = 20_000_000
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
    for number in range(40):
        (tree / "boot" / f"a-long-name-of-file-{number}.bin").write_bytes(bytes(300 * number))
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
            elif kind == "guid":
                part = images.make_image(folder / "part3", "fat12", tree, 1 << 20)
                images.disk_of(path, [(part, 4096)], "label: gpt\nstart=2048, size=100\n"
                               "start=4096, size=2048\n")
            elif kind == "apple":
                part = images.make_image(folder / "part2", "fat12", tree, 1 << 20)
                images.disk_of(path, [(part, 64)], images.apple_map(
                    [("Apple_Free", 20, 44), ("Apple_HFS", 64, 2048)]))
            else:
                small = 2 << 20 if kind in ("fat12", "ext2-1k", "ext4-1k") else None
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
    assert "a-long-name-of-file-39.bin" in victim.prompt("dir hd:,\\boot")

    @settings(max_examples=6, deadline=None, database=None, derandomize=True)
    @given(damages(), st.one_of(st.just(1.0), st.floats(0, 1)))
    def damage(changes, length):
        note(kind)
        victim.insert(damaged(image, changes, length))
        victim.check(COMMANDS)

    damage()


DAMAGED = "the file system or partition table is damaged."


def fat_entry(data, cluster, value=None):
    """An entry of the first FAT of a FAT12 volume; or write it."""
    sector, reserved = struct.unpack("<HxH", data[11:16])
    at = sector * reserved + cluster * 3 // 2
    pair = int.from_bytes(data[at:at + 2], "little")
    if value is None:
        return pair >> 4 if cluster & 1 else pair & 0xFFF
    pair = pair & 15 | value << 4 if cluster & 1 else pair & 0xF000 | value
    data[at:at + 2] = pair.to_bytes(2, "little")


def test_chains_of_fat_that_are_circles(victim, healthy):
    clean = healthy("fat12")[0]
    at = clean.index(b"BOOT       \x10")
    folder = int.from_bytes(clean[at + 26:at + 28], "little")
    chain = [folder]
    while fat_entry(clean, chain[-1]) < 0xFF8:
        chain.append(fat_entry(clean, chain[-1]))
    assert len(chain) > 1               # all but the last are full
    data = bytearray(clean)
    fat_entry(data, chain[-2], chain[0])
    victim.insert(data)
    assert victim.prompt.error("load hd:,\\boot\\missing").endswith(DAMAGED)
    victim.check(COMMANDS)
    # The file is longer than the circle.
    at = clean.index(b"FILE       ")
    first = int.from_bytes(clean[at + 26:at + 28], "little")
    for length in (1, 2, 3, 7):
        data, last = bytearray(clean), first
        for _ in range(length - 1):
            last = fat_entry(clean, last)
        fat_entry(data, last, first)
        victim.insert(data)
        assert victim.prompt.error(COMMANDS[2]).endswith(DAMAGED), length


def catalog_nodes(data):
    """Places of the nodes of an HFS Plus catalog in an image, and the header's place."""
    at = next(at for at in range(0, len(data), 512) if data[at:at + 4] == b"H+\0\4") - 1024
    block, = struct.unpack(">I", data[at + 1064:at + 1068])
    first, = struct.unpack(">I", data[at + 1024 + 288:at + 1024 + 292])
    header = at + first * block
    size, = struct.unpack(">H", data[header + 32:header + 34])
    total, = struct.unpack(">I", data[header + 36:header + 40])
    return header, [header + number * size for number in range(total)]


def test_trees_of_hfs_plus_that_are_circles(victim, healthy):
    clean = healthy("hfs-plus")[0]
    header, nodes = catalog_nodes(clean)
    leaves = [number for number, at in enumerate(nodes) if clean[at + 8] == 0xFF]
    assert len(leaves) > 3
    for target in leaves:               # every leaf is followed by this one
        data = bytearray(clean)
        for number in leaves:
            struct.pack_into(">I", data, nodes[number], target)
        victim.insert(data)
        victim.check(COMMANDS)
    data = bytearray(clean)
    for number in leaves[:-1]:
        struct.pack_into(">I", data, nodes[number], number)
    victim.insert(data)
    assert victim.prompt.error("dir hd:,\\boot").endswith(DAMAGED)
    # An index node whose children are itself.
    root, = struct.unpack(">I", clean[header + 16:header + 20])
    data = bytearray(clean)
    at = nodes[root]
    assert data[at + 8] == 0, "an index node"
    size = nodes[1] - nodes[0]
    for index in range(int.from_bytes(data[at + 10:at + 12], "big")):
        record = at + int.from_bytes(data[at + size - 2 * index - 2:at + size - 2 * index], "big")
        key = int.from_bytes(data[record:record + 2], "big")
        struct.pack_into(">I", data, record + 2 + key, root)
    victim.insert(data)
    assert victim.prompt.error("dir hd:,\\").endswith(DAMAGED)
    victim.check(COMMANDS)


def test_extents_beyond_the_disk(victim, healthy):
    for kind, place in (("hfs-plus", 288), ("hfs-plus", 208)):
        clean = healthy(kind)[0]
        at = next(at for at in range(0, len(clean), 512) if clean[at:at + 4] == b"H+\0\4")
        for first in (0x7FFFFFFF, 0x10000, 0xFFFFFFFF):
            data = bytearray(clean)
            struct.pack_into(">I", data, at + place, first)
            victim.insert(data)
            victim.check(COMMANDS)
    clean = healthy("ext2-1k")[0]
    data = bytearray(clean)
    table, = struct.unpack("<I", data[2048 + 8:2048 + 12])
    size, = struct.unpack("<H", data[1024 + 88:1024 + 90])
    for pointer in (0x7FFFFFFF, 2048, 0xFFFFFFFF):
        struct.pack_into("<I", data, table * 1024 + size + 40, pointer)     # the root's first block
        victim.insert(data)
        assert victim.prompt.error("dir hd:,\\").endswith(DAMAGED)
        victim.check(COMMANDS)


def test_extended_partitions_that_are_a_circle(victim, healthy):
    clean = healthy("pc")[0]
    place = 200 * 512
    assert clean[place + 510:place + 512] == b"\x55\xaa"
    data = bytearray(clean)
    data[place + 462:place + 478] = struct.pack("<8BII", 0, 0, 0, 0, 5, 0, 0, 0, 0, 1000)
    victim.insert(data)
    assert victim.prompt("dir hd:").splitlines()[-2].split()[0] in "78"
    victim.check(COMMANDS)


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
