"""Names of addresses from loaded programs, and where they are shown."""

import struct

import pytest

import pteg
from pteg.boot.loader import read_elf, read_symbols
from pteg.components.dram import Dram
from pteg.firmware.asm import assemble
from pteg.platform import Platform
from pteg.symbols import Symbols


@pytest.fixture(scope="module")
def program():
    return assemble("""
constant = 0x1004
_start: nop
        nop
second: nop
""", sections={".text": 0x1000}).elf()


def of(data, moved=0):
    symbols = Symbols()
    symbols.add(data, read_elf(data, "x").moved(moved))
    return symbols


def test_an_address_is_named_after_the_symbol_below_it(program):
    assert Symbols().name(0x1000) is None
    symbols = of(program)
    assert [symbols.name(a) for a in (0xFFC, 0x1000, 0x1004, 0x1008)] == [
        None, "_start", "_start+0x4", "second"]
    assert symbols.name(0x1008 + 0xFFFC) == "second+0xfffc"
    assert symbols.name(0x1008 + 0x10000) is None, "too far to be inside"
    assert symbols.describe(0x100C) == "0x0000100c <second+0x4>"
    assert symbols.describe(0x500) == "0x00000500"


def test_a_name_has_an_address(program):
    symbols = of(program)
    assert symbols.address("second") == 0x1008
    assert symbols.address("constant") is None and symbols.address("third") is None


def test_a_program_that_is_loaded_elsewhere_is_named_at_both_places(program):
    symbols = of(program, moved=0x100000)
    assert [symbols.name(a) for a in (0x1004, 0x101004)] == ["_start+0x4"] * 2
    assert symbols.address("_start") == 0x1000


def test_a_program_that_is_overwritten_is_forgotten(program):
    symbols = of(program)
    other = assemble("other: nop\n", sections={".text": 0x1004}).elf()
    symbols.add(other, read_elf(other, "x"))
    assert symbols.address("_start") is None and symbols.name(0x1008) == "other+0x4"
    symbols.add(program, read_elf(program, "x").moved(0x100))
    assert symbols.name(0x1000) == "_start" and symbols.name(0x1004) == "other"


def test_an_instruction_is_shown_with_its_name(program):
    symbols = Symbols()
    before = symbols.instruction(0x1004, 0x38630001)
    symbols.add(program, read_elf(program, "x"))
    after = symbols.instruction(0x1004, 0x38630001)
    assert before.split() == ["00001004", "addi", "r3,r3,1"]
    assert after.split() == [*before.split(), "<_start+0x4>"]


@pytest.mark.parametrize("given", ["bytes", "path", "ROM", "beside"])
def test_a_machine_knows_the_symbols_of_what_it_loads(program, tmp_path, given):
    path = tmp_path / "program.elf"
    path.write_bytes(program)
    machine = pteg.Machine(Platform([Dram(size=0x10000)])) if given != "ROM" else (
        pteg.Machine("g3", rom="first"))
    if given == "beside":
        machine.symbols.add_file(path)
    elif given != "ROM":
        machine.load(program if given == "bytes" else path)
    assert machine.symbols.address("second" if given != "ROM" else "putc") is not None


def test_a_file_without_symbols_names_nothing(program):
    stripped = bytearray(program)
    struct.pack_into(">I", stripped, 32, 0)     # e_shoff
    struct.pack_into(">H", stripped, 48, 0)     # e_shnum
    assert read_symbols(bytes(stripped)) == read_symbols(b"") == []
    assert of(bytes(stripped)).describe(0x1000) == "0x00001000"


def test_a_file_with_endless_names_costs_no_memory():
    """Every symbol's name is the rest of the file."""
    rows = struct.pack(">IIIBBH", 1, 0, 0, 0, 0, 1) * 20_000
    sections = [(0,) * 10, (0, 2, 0, 0, 52 + 120, len(rows), 2, 0, 0, 16),
                (0, 3, 0, 0, 52, 120 + len(rows), 0, 0, 0, 0)]
    header = struct.pack(">16sHHIIIIIHHHHHH", b"\x7fELF\1\2", 2, 20, 1, 0, 0, 52, 0, 52, 32, 0,
                         40, 3, 0)
    data = header + b"".join(struct.pack(">10I", *section) for section in sections) + rows
    names = [name for name, _ in read_symbols(data.replace(b"\0", b"A"))]
    assert sum(map(len, names)) < 1 << 23
