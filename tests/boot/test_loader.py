"""Program files: what is accepted, and one clear line for what is not."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.boot.loader import parse_size, read_elf
from pteg.errors import UserError
from pteg.firmware.asm import assemble

PROGRAM = assemble("""
    .text
_start: nop
    b _start
    .data
    .long 0x12345678
    .bss
    .space 24
""", sections={".text": 0x1000, ".data": 0x2000, ".bss": 0x3000})
ELF = PROGRAM.elf()


def patched(offset, format, *values):
    data = bytearray(ELF)
    struct.pack_into(f">{format}", data, offset, *values)
    return bytes(data)


def loaded(data):
    """Bytes that an image puts into memory, by address."""
    found = {}
    for segment in read_elf(data, "x").segments:
        for i, byte in enumerate(segment.data + bytes(segment.size - len(segment.data))):
            found[segment.address + i] = byte
    return found


def test_segments_and_entry():
    image = read_elf(ELF, "x")
    assert image.entry == 0x1000
    memory = loaded(ELF)
    assert bytes(memory[0x1000 + i] for i in range(8)).hex() == "600000004bfffffc"
    assert bytes(memory[0x2000 + i] for i in range(4)).hex() == "12345678"
    assert [memory[0x3000 + i] for i in range(24)] == [0] * 24


def test_entry_moves_with_its_segment_to_the_physical_address():
    header = struct.unpack_from(">I", ELF, 28)[0]  # e_phoff
    data = bytearray(ELF)
    for n in range(struct.unpack_from(">H", ELF, 44)[0]):
        at = header + 32 * n
        physical = struct.unpack_from(">I", data, at + 12)[0]
        struct.pack_into(">II", data, at + 8, physical + 0xC0000000, physical)
    struct.pack_into(">I", data, 24, 0xC0001000)
    assert read_elf(bytes(data), "x").entry == 0x1000


@pytest.mark.parametrize("data, problem", [
    (b"", "must be an ELF file, not an empty file"),
    (b"#!/bin/sh\n", "must be an ELF file, not a text file"),
    (ELF[:19], "truncated ELF file"),
    (ELF[:30], "truncated ELF file"),
    (ELF[:60], "truncated ELF file: no program headers"),
    *((data, f"must be a 32-bit big-endian ELF executable for PowerPC, not {kind}")
      for data, kind in (
        (patched(4, "B", 2), "a 64-bit big-endian ELF executable for PowerPC"),
        (patched(4, "B", 9), "an ELF file of unknown class"),
        (patched(4, "BBBxxxxxxxxxHH", 2, 1, 1, 0x200, 0x3E00),
         "a 64-bit little-endian ELF executable for x86-64"),
        (patched(18, "H", 3), "a 32-bit big-endian ELF executable for x86"),
        (patched(18, "H", 999), "a 32-bit big-endian ELF executable for machine 999"),
        (patched(16, "H", 1), "a 32-bit big-endian ELF object file for PowerPC"),
        (patched(16, "H", 7), "a 32-bit big-endian ELF file of type 7 for PowerPC"))),
    (patched(44, "H", 0), "ELF file has nothing to load"),
    (patched(42, "H", 8), "program headers are too short"),
    (patched(struct.unpack_from(">I", ELF, 28)[0] + 4, "I", 0x7FFFFFFF),
     "truncated ELF file: segment 0 is not complete"),
    (patched(struct.unpack_from(">I", ELF, 28)[0] + 12, "I", 0xFFFFFFFC),
     "segment 0 must lie inside 32 bits of addresses"),
    (patched(struct.unpack_from(">I", ELF, 28)[0] + 20, "I", 0),
     None),
])
def test_bad_files_are_refused_in_one_line(data, problem):
    if problem is None:  # an empty segment is skipped
        assert 0x1000 not in loaded(data)
        return
    with pytest.raises(UserError, match=f"^a.elf: {problem}$"):
        read_elf(data, "a.elf")


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=8),
       st.integers(0, len(ELF)))
def test_damaged_files_never_crash(changes, length):
    data = bytearray(ELF)
    for offset, value in changes:
        data[offset] = value
    try:
        image = read_elf(bytes(data[:length]), "x")
    except UserError as error:
        assert "\n" not in str(error)
    else:
        for segment in image.segments:
            assert len(segment.data) <= segment.size and segment.address + segment.size <= 1 << 32


@pytest.mark.parametrize("text, value", [
    ("32M", 32 << 20), ("64k", 65536), ("0x1000", 4096), ("4096", 4096), (7, 7), ("1GiB", 1 << 30),
    ("010", 10),
])
def test_sizes(text, value):
    assert parse_size(text) == value


@pytest.mark.parametrize("text", ["", "M", "-1", "1.5M", "32 pages", "0x"])
def test_bad_sizes(text):
    message = f"^ram must be a number of bytes such as 32M, not {text!r}$"
    with pytest.raises(UserError, match=message):
        parse_size(text, "ram")
