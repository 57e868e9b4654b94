"""A machine at OpenBIOS' prompt, with a disk."""

import os
import shutil
import struct
import subprocess

import numpy as np

import pteg

PROMPT = "\n0 > "
#: First sector of the disk's partition.
PARTITION = 64


def contents(folder):
    """Of the disk's partition: an ext2 file system with one file, if there is a tool for it."""
    size, mke2fs = 4 << 20, shutil.which("mke2fs", path=f"{os.environ['PATH']}:/sbin:/usr/sbin")
    if mke2fs is None:
        return np.random.default_rng(5).bytes(size)
    files, image = folder / "files", folder / "partition.img"
    files.mkdir()
    (files / "hello.txt").write_text("hello from a disk\n")
    image.write_bytes(bytes(size))
    subprocess.run([mke2fs, "-q", "-t", "ext2", "-d", files, image], check=True)
    return image.read_bytes()


def partitioned(partition):
    """A disk with a PC partition table."""
    table = struct.pack("<BBBBBBBBII", 0x80, 0, 1, 0, 0x83, 0, 0, 0, PARTITION,
                        len(partition) // 512)
    sector = bytes(446) + table + bytes(48) + b"\x55\xAA"
    return sector + bytes((PARTITION - 1) * 512) + partition


def boot(openbios, folder):
    """Boot and save a checkpoint at the prompt. Its path, what was printed, the disk's file."""
    disk, path = folder / "disk.img", folder / "prompt.ckpt"
    disk.write_bytes(partitioned(contents(folder)))
    machine = pteg.Machine("mac99", cpu="functional", rom=openbios)
    machine.attach_disk(disk)
    assert machine.run(until=PROMPT, instructions=400_000_000) == "console"
    machine.save(path)
    return path, machine.console.read(), disk
