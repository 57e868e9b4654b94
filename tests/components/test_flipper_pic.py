"""The interrupt controller: levels, latches, mask."""

import pytest
from numba import njit

from pteg.components.flipper_pic import FlipperPic
from pteg.platform import Platform, Wire

ICR, IMR = 0x0C003000, 0x0C003004


drive = FlipperPic.drive


@njit
def set_lines(state, levels):
    drive(state, levels)


@pytest.fixture
def pic():
    platform = Platform([FlipperPic()], [Wire("pic")])
    functions = platform.functions()

    class Pic:
        def read(self, address, size=4):
            return functions.bus_read(platform.arrays, address, size)[0]

        def write(self, address, value, size=4):
            assert functions.bus_write(platform.arrays, address, size, value) == 0

        def lines(self, levels):
            set_lines(platform["pic"].state, levels)
            return self.pin

        @property
        def pin(self):
            return int(platform["pic"].state["irq"][0])

    return Pic()


def test_an_input_interrupts_only_through_the_mask(pic):
    assert pic.lines(1 << 6) == 0
    pic.write(IMR, 1 << 6)
    assert pic.pin == 1 and pic.read(ICR) == 1 << 6
    pic.write(IMR, 1 << 5)
    assert pic.pin == 0 and pic.read(IMR) == 1 << 5


def test_acknowledging_a_level_that_is_still_there_changes_nothing(pic):
    pic.write(IMR, 1 << 6)
    pic.lines(1 << 6)
    pic.write(ICR, 1 << 6)
    assert pic.pin == 1 and pic.read(ICR) == 1 << 6
    assert pic.lines(0) == 0 and pic.read(ICR) == 0


def test_an_edge_stays_until_it_is_acknowledged(pic):
    pic.write(IMR, 0b10)
    assert pic.lines(0b10) == 1
    assert pic.lines(0) == 1 and pic.read(ICR) == 0b10
    pic.write(ICR, 0b10)
    assert pic.pin == 0 and pic.read(ICR) == 0
    assert pic.lines(0b10) == 1
    pic.write(ICR, 0b10)
    assert pic.lines(0b10) == 0, "a level that stays is no new edge"


def test_parts_of_registers_can_be_accessed(pic):
    pic.write(IMR + 3, 0x40, size=1)
    pic.write(IMR, 0x1234, size=2)
    assert pic.read(IMR) == 0x12340040
    assert pic.read(IMR + 2, size=2) == 0x0040
    pic.lines(0x80)
    assert pic.read(ICR, size=8) == 0x00000080_12340040


def test_other_registers_read_as_zero(pic):
    pic.write(ICR + 0x24, 0xFFFFFFFF)
    assert pic.read(ICR + 0x24) == 0 and pic.read(IMR) == 0
