"""DRAM, ROM and the rules that every device obeys."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.components.device import Device
from pteg.components.dram import Dram
from pteg.components.rom import Rom
from pteg.errors import UserError
from pteg.platform import Platform

DRAM = Platform([Dram(size=0x1000)])
ROM = Platform([Rom(size=0x1000)])


@settings(deadline=None)
@given(st.integers(0, 0xFF8), st.sampled_from([1, 2, 3, 4, 5, 8]), st.integers(0, 2**64 - 1))
def test_dram_keeps_big_endian_numbers_and_touches_nothing_else(address, size, value):
    functions, devices = DRAM.functions(), DRAM.arrays
    memory = DRAM["dram"].memory
    before = memory.tobytes()
    assert functions.bus_write(devices, address, size, np.uint64(value)) == 0
    number = value & (1 << 8 * size) - 1
    assert functions.bus_read(devices, address, size) == (number, 0)
    assert memory.tobytes() == (before[:address] + number.to_bytes(size, "big")
                                + before[address + size:])


@pytest.mark.parametrize("address, size", [(0x1000, 1), (0xFFF, 2), (0xFFFFFFFF, 4), (0x2000, 8)])
def test_addresses_that_nothing_holds_are_errors(address, size):
    assert DRAM.functions().bus_read(DRAM.arrays, address, size) == (0, 1)
    assert DRAM.functions().bus_write(DRAM.arrays, address, size, 0) == 1


def test_rom_is_erased_then_programmed_and_never_written():
    rom = ROM["rom"]
    read, write = ROM.functions().bus_read, ROM.functions().bus_write
    base = 0xFFF00000
    assert read(ROM.arrays, base, 4) == (0xFFFFFFFF, 0)
    rom.program(b"\x12\x34\x56\x78")
    assert write(ROM.arrays, base, 4, 0) == 0
    assert read(ROM.arrays, base, 8) == (0x12345678_00000000, 0)


def test_rom_image_must_fit():
    with pytest.raises(UserError, match="^ROM image must fit in 0x1000 bytes, not 0x1001$"):
        Rom(size=0x1000).program(bytes(0x1001))


@pytest.mark.parametrize("arguments, message", [
    ({"name": "no good"}, "device name must be an identifier, not 'no good'"),
    ({"base": 4}, "base of x must be a 32-bit multiple of 8, not 0x4"),
    ({"size": 12}, "size of x must be a 32-bit multiple of 8, not 0xc"),
    ({"base": 0xFFFFFFF8, "size": 16},
     "x must lie inside the 4 GB of physical addresses, not at 0xfffffff8 with size 0x10"),
    ({"first": 0}, "first of x must be at least 1 bus clock, not 0"),
    ({"size": 40, "burst": True}, "size of x must be a multiple of 32 to answer bursts, not 0x28"),
])
def test_bad_device_parameters_are_refused(arguments, message):
    with pytest.raises(UserError, match=f"^{message}$"):
        Device(**({"name": "x", "base": 0, "size": 8} | arguments))
