"""Disk images made by tools that are not ours, and trees of random files for them."""

import random
import shutil
import struct
import subprocess

import pytest

SECTOR = 512
#: File systems that a tree of files can be put into.
KINDS = ("fat12", "fat16", "fat32", "ext2-1k", "ext2-4k", "ext3", "rock-ridge", "joliet", "iso",
         "hfs-plus")
#: Long names and folders as the kind keeps them.
_PLAIN = ("iso",)


def run(*command):
    """Run a tool, or skip the test if this machine has not got it."""
    if not shutil.which(command[0], path="/usr/sbin:/sbin:/usr/bin:/bin"):
        pytest.skip(f"{command[0]} is not installed: nobody else can make this image")
    subprocess.run([str(word) for word in command], check=True, capture_output=True,
                   env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "MTOOLS_SKIP_CHECK": "1"})


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
        block = {"ext2-1k": 1024, "ext2-4k": 4096, "ext3": 1024}[kind]
        run("mke2fs", "-q", "-t", kind[:4], "-b", block, "-d", folder, path,
            f"{(size or 8 << 20) >> 10}k")
    elif kind == "hfs-plus":
        run("xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", "-o", path, folder)
    else:
        options = {"rock-ridge": ["-R"], "joliet": ["-J", "-joliet-long"], "iso": []}[kind]
        run("genisoimage", "-quiet", *options, "-o", path, folder)
    pad(path)
    return path


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
        script = path.with_suffix(".sfdisk")
        script.write_text(table)
        run("sh", "-c", f"sfdisk -q --no-reread {path} < {script}")
    with open(path, "r+b") as file:
        for image, first in parts:
            file.seek(first * SECTOR)
            file.write(image.read_bytes())
    return path
