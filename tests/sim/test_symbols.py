"""Names of addresses from loaded programs."""

import pytest

import pteg
from pteg.components.dram import Dram
from pteg.firmware.asm import assemble
from pteg.platform import Platform
from pteg.symbols import Symbols


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.elf"
    path.write_bytes(assemble("""
_start: nop
        nop
second: nop
""", sections={".text": 0x1000}).elf())
    return path


def test_an_address_is_named_after_the_symbol_below_it(program):
    symbols = Symbols()
    assert symbols.name(0x1000) is None
    symbols.add(program)
    assert [symbols.name(a) for a in (0xFFC, 0x1000, 0x1004, 0x1008)] == [
        None, "_start", "_start+0x4", "second"]
    assert symbols.name(0x1008 + 0xFFFC) == "second+0xfffc"
    assert symbols.name(0x1008 + 0x10000) is None, "too far to be inside"
    assert symbols.describe(0x100C) == "0x0000100c <second+0x4>"
    assert symbols.describe(0x500) == "0x00000500"


def test_a_machine_knows_the_symbols_of_what_it_loads(program):
    machine = pteg.Machine(Platform([Dram(size=0x10000)]))
    machine.load(program)
    assert machine.symbols.name(0x1008) == "second"
    machine.load(program.read_bytes())      # bytes have no name to ask later


def test_a_file_without_symbols_names_nothing(tmp_path):
    (tmp_path / "x").write_bytes(b"nothing")
    symbols = Symbols()
    symbols.add(tmp_path / "x")
    assert symbols.describe(0x1000) == "0x00001000"
