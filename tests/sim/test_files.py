"""Input files of the wrong kind: one line that names the file, what it is, and what is wanted."""

import bz2
import gzip
import lzma
import os
import re
import socket

import pytest

import pteg
from pteg.checkpoint import container
from pteg.cli.terminal import ConsoleLink
from pteg.components.ata_disk import AtaDisk
from pteg.files import kind_of, read_file
from pteg.firmware.asm import assemble
from pteg.symbols import Symbols

ELF = assemble("_start: b _start\n", sections={".text": 0x1000}).elf()
TEXT = b"_start: b _start\n" * 100
#: Contents, and what they are.
KINDS = {
    b"": "an empty file",
    TEXT: "a text file",
    "Größe\r\n".encode(): "a text file",
    b"\xef\xbb\xbf  <!DOCTYPE HTML>\n<title>404</title>\n": "an HTML page",
    b"\n<html><body>Not Found</body></html>": "an HTML page",
    b"/dts-v1/;\n/ { };\n": "the source of a device tree (.dts)",
    gzip.compress(ELF): "a file compressed with gzip",
    bz2.compress(ELF): "a file compressed with bzip2",
    lzma.compress(ELF): "a file compressed with xz",
    b"\x27\x05\x19\x56" + bytes(60): "a U-Boot image (uImage)",
    b"\xd0\x0d\xfe\xed" + bytes(60): "a flattened device tree (.dtb)",
    b"QFI\xfb" + bytes(508): "a qcow2 disk image",
    b"MZ" + bytes(60): "a program for Windows or UEFI",
    ELF: "a 32-bit big-endian ELF executable for PowerPC",
    ELF[:10]: "a truncated ELF file",
    b"\0" + TEXT: "other data",
    bytes(0x200): "other data",
    b"caf\xe9\n": "other data",
    os.urandom(4) + b"\0": "other data",
}


@pytest.mark.parametrize("data, kind", KINDS.items(), ids=range(len(KINDS)))
def test_the_first_bytes_tell_what_a_file_is(data, kind):
    assert kind_of(data) == kind


#: Each use of a file, and what it has to be. (The device tree is read before the kernel.)
USES = {
    "ROM": (lambda path: pteg.Machine(cpu="functional", rom=path),
            "a ROM image, as an ELF file or raw bytes"),
    "program": (lambda path: pteg.Machine(cpu="functional").load(path), "an ELF file"),
    "for firmware": (lambda path: pteg.Machine("mac99", cpu="functional").preload(path),
                     "an ELF file"),
    "device tree": (lambda path: pteg.Machine(cpu="functional").boot_linux("", path),
                    "a flattened device tree (.dtb)"),
    "symbols": (lambda path: Symbols().add_file(path), "an ELF file"),
    "checkpoint": (pteg.Machine.restore, "a checkpoint of pteg"),
    "disk": (lambda path: AtaDisk().attach(path), "a disk"),
    "input": (lambda path: ConsoleLink(pteg.Machine(cpu="functional").console, path), "text"),
}


def refused(use, path):
    with pytest.raises(pteg.UserError) as caught:
        USES[use][0](path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("use", USES)
def test_what_is_no_regular_file_is_named(tmp_path, use):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as entry:
        entry.bind(str(tmp_path / "socket"))
    for name, kind in (("folder", "a directory"), ("fifo", "a FIFO"), ("socket", "a socket")):
        assert refused(use, tmp_path / name) == (
            f"{tmp_path / name}: must be a regular file, not {kind}")
    assert refused(use, "/dev/zero") == (
        "/dev/zero: must be a regular file, not a character device")


@pytest.mark.parametrize("use", [use for use in USES if use != "ROM"])
def test_a_missing_file_is_named(tmp_path, use):
    assert refused(use, tmp_path / "none") == f"{tmp_path}/none: No such file or directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
@pytest.mark.parametrize("use", USES)
def test_a_file_that_may_not_be_read_is_named(tmp_path, use):
    (tmp_path / "x").write_bytes(ELF)
    (tmp_path / "x").chmod(0)
    assert refused(use, tmp_path / "x") == f"{tmp_path}/x: Permission denied"


WRONG = {"ROM": (b"", TEXT, gzip.compress(ELF), b"\x27\x05\x19\x56" + bytes(60)),
         "disk": (b"QFI\xfb" + bytes(508),)}


@pytest.mark.parametrize("use", [use for use in USES if use != "input"])
def test_a_file_of_another_kind_is_named_and_what_is_wanted(tmp_path, use):
    path = tmp_path / "x"
    for data in WRONG.get(use, [data for data in KINDS if data[:4] not in (ELF[:4],
                                                                         b"\xd0\x0d\xfe\xed")]):
        path.write_bytes(data)
        line = refused(use, path)
        assert re.fullmatch(
            f"{re.escape(str(path))}: (a disk )?must be .*, not {re.escape(kind_of(data))}", line)
        assert USES[use][1] in line


@pytest.mark.parametrize("use", ["program", "for firmware", "symbols", "ROM"])
def test_a_program_for_something_else_is_named(tmp_path, use):
    (tmp_path / "x").write_bytes(b"\x7fELF\2\1\1" + bytes(9) + b"\2\0\x3e\0" + bytes(44))
    assert refused(use, tmp_path / "x") == (
        f"{tmp_path}/x: must be a 32-bit big-endian ELF executable for PowerPC, "
        "not a 64-bit little-endian ELF executable for x86-64")


def test_a_checkpoint_is_no_kernel_and_a_device_tree_no_checkpoint(tmp_path):
    container.write(tmp_path / "x", {}, {})
    assert refused("program", tmp_path / "x").endswith("ELF file, not a checkpoint of pteg")
    (tmp_path / "y").write_bytes(b"\xd0\x0d\xfe\xed")
    assert refused("checkpoint", tmp_path / "y").endswith("not a flattened device tree (.dtb)")


@pytest.mark.parametrize("data", [b"\x60\0\0\0", bytes(100), ELF])
def test_a_rom_of_raw_bytes_or_in_an_elf_file_is_taken(tmp_path, data):
    if data == ELF:
        data = assemble("_start: b _start\n", sections={".text": 0xFFF00100}).elf()
    (tmp_path / "rom").write_bytes(data)
    pteg.Machine(cpu="functional", rom=tmp_path / "rom")


def test_a_file_that_no_memory_can_hold_is_not_read(tmp_path):
    with open(tmp_path / "x", "wb") as file:
        file.truncate((4 << 30) + 1)
    with pytest.raises(pteg.UserError, match=r"x: must have at most 4 GB, not 4294967297 bytes$"):
        read_file(tmp_path / "x")
