"""Disk images made by tools that are not ours, and trees of random files for them."""

import random
import shutil
import struct
import subprocess

import pytest

SECTOR = 512
#: Kinds of file system with short names only.
_PLAIN = ("iso", "hfs")


def run(*command, given=""):
    """Run a tool, or skip the test if this machine has not got it. `given` is its input."""
    if not shutil.which(command[0], path="/usr/sbin:/sbin:/usr/bin:/bin"):
        pytest.skip(f"{command[0]} is not installed: nobody else can make this image")
    subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True,
                   input=given,
                   env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "MTOOLS_SKIP_CHECK": "1"})


def output(*command):
    """What a tool prints, as `run` runs it."""
    if not shutil.which(command[0], path="/usr/sbin:/sbin:/usr/bin:/bin"):
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run([str(word) for word in command], check=True, capture_output=True,
                          text=True, env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"}).stdout


def random_tree(folder, seed, kind, most=150_000):
    """Make random files below a folder; returns {path: bytes}."""
    rng = random.Random(seed)
    sizes = [0, 1, 511, 512, 513, 4096, 65_536, most]
    sizes += [rng.randrange(most) for _ in range(4)]
    files = {}
    for number, size in enumerate(sizes):
        if kind in _PLAIN:
            names = [f"DIR{rng.randrange(3)}" for _ in range(rng.randrange(3))] + [f"F{number}.BIN"]
        else:
            names = [f"a folder {rng.randrange(3)}".replace(" ", "-")
                     for _ in range(rng.randrange(4))]
            names += [f"a-long-name-of-file-{number}." + rng.choice(["bin", "Text", "x" * 60])]
        path = folder.joinpath(*names)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = rng.randbytes(size)
        path.write_bytes(data)
        files["\\" + "\\".join(names)] = data
    return files


def make_image(path, kind, folder, size=None):
    """Put the files below a folder into a file system of a kind."""
    if kind.startswith("fat"):
        with open(path, "wb") as file:
            file.truncate(size or {"fat12": 4 << 20, "fat16": 20 << 20, "fat32": 40 << 20}[kind])
        few = ("-s", "1") if kind == "fat32" else ()
        run("mkfs.fat", "-F", kind[3:], *few, path)
        for entry in sorted(folder.iterdir()):
            run("mcopy", "-s", "-i", path, entry, "::")
    elif kind.startswith("ext"):
        block = {"ext2-1k": 1024, "ext2-4k": 4096, "ext3": 1024, "ext4-1k": 1024,
                 "ext4-4k": 4096}[kind]
        run("mke2fs", "-q", "-t", kind[:4], "-b", block, "-d", folder, path,
            f"{(size or 8 << 20) >> 10}k")
    elif kind == "hfs":
        hfs_files(path, folder)
    elif kind == "hfs-plus":
        run("xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", "-input-charset",
            "utf-8", "-o", path, folder)
    else:
        options = {"rock-ridge": ["-R"], "joliet": ["-J", "-joliet-long"], "iso": []}[kind]
        run("genisoimage", "-quiet", *options, "-input-charset", "utf-8", "-o", path, folder)
    pad(path)
    return path


def hfs_files(path, folder):
    """An HFS volume with the files below a folder, by hfsutils."""
    with open(path, "wb") as file:
        file.truncate(4 << 20)
    run("hformat", "-f", path, "0")
    run("hmount", path)
    for entry in sorted(folder.rglob("*")):
        place = ":" + str(entry.relative_to(folder)).replace("/", ":")
        if entry.is_dir():
            run("hmkdir", place)
        else:
            run("hcopy", "-r", entry, place)
    run("humount", path)


def written(path, data):
    """A new file whose last sector is filled up."""
    path.write_bytes(data)
    pad(path)
    return path


def tool_reads(image, path):
    """A file of an image as GRUB's file systems read it; None if they are not installed."""
    if not shutil.which("grub-fstest"):
        return None
    return subprocess.run(["grub-fstest", str(image), "cat", f"(loop0){path}"],
                          capture_output=True, check=True).stdout


def pad(path):
    """Fill the last sector."""
    with open(path, "r+b") as file:
        size = file.seek(0, 2)
        file.truncate(-(-size // SECTOR) * SECTOR)


def apple_map(partitions, sector=SECTOR):
    """An Apple partition map: the disk's first blocks. `partitions` are (type, first, length)."""
    rows = [("Apple_partition_map", 1, 63), *partitions]
    blocks = [struct.pack(">2sHI", b"ER", sector, 0)]
    blocks += [struct.pack(">2sHIII32s32s", b"PM", 0, len(rows), first, length, b"name",
                           kind.encode()) for kind, first, length in rows]
    return b"".join(block.ljust(sector, b"\0") for block in blocks)


def disk_of(path, parts, table):
    """A disk of file systems, each at a sector: `parts` are (image, first sector).

    `table` is the script of sfdisk, or the bytes of the disk's first sectors.
    """
    end = max(first * SECTOR + image.stat().st_size for image, first in parts)
    with open(path, "wb") as file:
        file.truncate((end + (1 << 20)) & -(1 << 20))
        if isinstance(table, bytes):
            file.write(table)
    if isinstance(table, str):
        run("sfdisk", "-q", "--no-reread", path, given=table)
    with open(path, "r+b") as file:
        for image, first in parts:
            file.seek(first * SECTOR)
            file.write(image.read_bytes())
    return path


# ---- HFS Plus volumes that xorriso does not make

def hfs_volume(image):
    """The bytes of the HFS Plus volume in an image that xorriso has made."""
    data = image.read_bytes()
    at = next(at for at in range(0, len(data), SECTOR) if data[at:at + 4] == b"H+\0\4")
    block, total = struct.unpack(">II", data[at + 40:at + 48])
    return bytearray(data[at - 1024:at - 1024 + block * total].ljust(block * total, b"\0"))


def hfs_wrapper(volume):
    """The volume inside an HFS volume that holds nothing else (TN1150, HFS Wrapper)."""
    first, block = 40, 4096
    header = bytearray(SECTOR)
    struct.pack_into(">2s", header, 0, b"BD")
    struct.pack_into(">H", header, 18, len(volume) // block + 4)        # allocation blocks
    struct.pack_into(">I", header, 20, block)
    struct.pack_into(">H", header, 28, first)                           # where they begin
    struct.pack_into(">2sHH", header, 124, b"H+", 3, len(volume) // block + 1)
    return (bytes(1024) + header).ljust(first * SECTOR + 3 * block, b"\0") + volume + bytes(block)


def fragmented(volume, name, pieces):
    """The same volume with a file in many pieces, which lie in the opposite order.

    All but eight of them are in the extents file, which gets blocks of its own at the end.
    """
    volume = bytearray(volume)
    block, total = struct.unpack(">II", volume[1024 + 40:1024 + 48])
    key = name.encode("utf-16-be")
    at = next(at for at in range(0, len(volume), 2) if volume[at:at + len(key)] == key
              and volume[at + len(key):at + len(key) + 2] == b"\0\2") + len(key)
    number, = struct.unpack(">I", volume[at + 8:at + 12])
    first, count = struct.unpack(">II", volume[at + 104:at + 112])
    step = -(-count // pieces)
    parts = [(start, min(step, count - start)) for start in range(0, count, step)]
    old, place, extents = bytes(volume), first, {}
    for start, length in reversed(parts):
        extents[start] = (place, length)
        volume[place * block:(place + length) * block] = \
            old[(first + start) * block:(first + start + length) * block]
        place += length
    starts = sorted(extents)
    groups = [(starts[i], b"".join(struct.pack(">II", *extents[start])
                                   for start in starts[i:i + 8]).ljust(64, b"\0"))
              for i in range(0, len(starts), 8)]
    volume[at + 104:at + 168] = groups[0][1]
    tree = _extents_tree(number, groups[1:], block)
    struct.pack_into(">QII", volume, 1024 + 192, len(tree), block, len(tree) // block)
    volume[1024 + 208:1024 + 272] = struct.pack(">II", total, len(tree) // block).ljust(64, b"\0")
    struct.pack_into(">I", volume, 1024 + 44, total + len(tree) // block)
    return volume + tree


def _extents_tree(number, groups, size):
    """The extents file: a header node, an index node, leaves."""
    def node(kind, height, records, following=0):
        data = struct.pack(">IIbBHH", following, 0, kind, height, len(records), 0)
        offsets = []
        for record in records:
            offsets.append(len(data))
            data += record
        offsets.append(len(data))
        return data.ljust(size - 2 * len(offsets), b"\0") + struct.pack(
            f">{len(offsets)}H", *reversed(offsets))

    def key(start):
        return struct.pack(">HBBII", 10, 0, 0, number, start)

    most = (size - 32) // 80
    leaves = [groups[i:i + most] for i in range(0, len(groups), most)] or [[]]
    nodes = [node(0, 2, [key(leaf[0][0]) + struct.pack(">I", index + 2)
                         for index, leaf in enumerate(leaves) if leaf])]
    nodes += [node(-1, 1, [key(start) + data for start, data in leaf],
                   index + 3 if index + 1 < len(leaves) else 0)
              for index, leaf in enumerate(leaves)]
    header = struct.pack(">HIIIIHHIIHIBBI", 2, 1, len(groups), 2, 1 + len(leaves), size, 10,
                         1 + len(nodes), 0, 0, size, 0, 0, 0).ljust(106, b"\0")
    return node(1, 0, [header, bytes(128), bytes(size - 14 - 106 - 128 - 8)]) + b"".join(nodes)
