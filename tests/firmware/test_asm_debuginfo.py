"""Source lines: those that GNU as and binutils give."""

import shutil
import subprocess

import pytest

import pteg
from pteg.firmware import images
from pteg.firmware.asm import assemble
from pteg.lines import SourceLines
from pteg.symbols import Symbols

SOURCE = """\
        .macro twice register
        addi    \\register, \\register, 1
        addi    \\register, \\register, 1
        .endm
        .globl  _start
_start: li      r3, 1
        twice   r3                      # a macro's instructions: of this line
        .long   0x60000000
        blr
        .section .more, "ax"
more:   b       more
"""


def tool(name):
    found = shutil.which(f"powerpc-linux-gnu-{name}")
    if found is None:
        pytest.skip(f"powerpc-linux-gnu-{name} is not there")
    return found


def by_binutils(elf, addresses):
    """What addr2line says: (file, line) of each address."""
    answer = subprocess.run([tool("addr2line"), "-e", elf], text=True, check=True,
                            capture_output=True, input="\n".join(map(hex, addresses))).stdout
    found = []
    for text in answer.splitlines():
        file, _, line = text.partition(" ")[0].rpartition(":")
        found.append((file.removeprefix("./"), int(line) if line.isdigit() else None))
    return found


def lines_of(path):
    symbols = Symbols()
    symbols.add_file(path)
    lines = SourceLines(symbols)
    return lines, lambda address: (place := lines.of(address)) and (lines.files[place[0]], place[1])


def test_lines_are_those_of_gnu_as(tmp_path):
    source = tmp_path / "a.s"
    source.write_text(SOURCE)
    ours, theirs, linked = tmp_path / "ours.elf", tmp_path / "a.o", tmp_path / "theirs.elf"
    ours.write_bytes(assemble(source, sections={".text": 0x1000, ".more": 0x2000}).elf())
    subprocess.run([tool("as"), "-g", "-mregnames", "-o", theirs, source], check=True)
    subprocess.run([tool("ld"), "-Ttext=0x1000", "--section-start=.more=0x2000", "-o", linked,
                    theirs], check=True)
    addresses = [0x1000, 0x1004, 0x1008, 0x1010, 0x2000]
    expected = [line for _, line in by_binutils(linked, addresses)]
    assert [line for _, line in by_binutils(ours, addresses)] == expected
    lines, at = lines_of(ours)
    assert [at(address) for address in addresses] == [(str(source), line) for line in expected]
    assert lines.text(0) == SOURCE and at(0x3000) is None and at(0xFFC) is None


def test_every_instruction_of_the_rom_has_the_line_that_binutils_finds(tmp_path):
    program = images.program("first")
    path = tmp_path / "first.elf"
    path.write_bytes(program.elf())
    text = next(section for section in program.sections if section.name == ".text")
    addresses = range(text.start, text.end, 4)
    lines, at = lines_of(path)
    expected = [found if found[1] else None for found in by_binutils(path, addresses)]
    assert [at(address) for address in addresses] == expected
    assert expected.count(None) < 0.1 * len(expected)
    assert lines.text(lines.files.index("rom/mmu.s")).count("\n") > 50


def test_lines_of_a_compiler_are_found(tmp_path):
    """Version 5 tables, folders, an include file."""
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "two.h").write_text(
        "static inline int two(int x)\n{\n  return x * x;\n}\n")
    (tmp_path / "a.c").write_text(
        '#include "part/two.h"\nint value;\nvoid _start(void)\n{\n  value = two(value) + 1;\n'
        "  for (;;)\n    value++;\n}\n")
    subprocess.run([tool("gcc"), "-g", "-O1", "-nostdlib", "-static", "-o", "a.elf", "a.c"],
                   cwd=tmp_path, check=True)
    lines, at = lines_of(tmp_path / "a.elf")
    symbols = Symbols()
    symbols.add_file(tmp_path / "a.elf")
    start = symbols.address("_start")
    addresses = range(start, start + 24, 4)
    assert [at(address) for address in addresses] == by_binutils(tmp_path / "a.elf", addresses)
    assert {file.rpartition("/")[2] for file in lines.files} == {"a.c", "two.h"}


def test_a_damaged_table_gives_no_lines(tmp_path):
    data = bytearray(images.program("first").elf())
    at = data.index(b"start/vectors.s\0.\0") - 8
    data[at:at + 4] = b"\xff\xff\xff\xff"
    path = tmp_path / "bad.elf"
    path.write_bytes(data)
    lines, at = lines_of(path)
    assert lines.files == [] and at(0xFFF00100) is None


def test_a_machine_knows_lines_where_its_rom_lies():
    lines = SourceLines(pteg.Machine("g3", rom="openfirmware").symbols)
    assert "openfirmware/kernel/vectors.s" in lines.files


def test_forth_has_lines_and_what_has_no_file_has_none():
    symbols = pteg.Machine("g3", rom="openfirmware").symbols
    lines = SourceLines(symbols)
    for file, word, text in (("base", "hex", ": hex"), ("cold", "cold", ": cold ")):
        start = symbols.address(word)
        number, line = lines.of(start)
        assert lines.files[number] == f"openfirmware/forth/{file}.fs"
        assert lines.text(number).split("\n")[line - 1].startswith(text)
        # The header of a word, and a word from a text that the build makes.
        assert lines.of(start - 4) is None
    assert lines.of(symbols.address("stdin")) is not None
    assert lines.of(symbols.address("clock-frequency")) is None
