"""OpenPIC: priorities, levels and edges, nesting, little-endian registers."""

import numpy as np
import pytest
from numba import njit

from pteg.components.openpic import OpenPic
from pteg.errors import UserError

MASK, LEVEL = 1 << 31, 1 << 22
TASK, ACKNOWLEDGE, END = 0x20080, 0x200A0, 0x200B0
SPURIOUS = 0x10E0


drive = OpenPic.drive


@njit
def set_lines(state, levels):
    drive(state, levels)


def swap(value):
    return int.from_bytes(value.to_bytes(4, "little"), "big")


@pytest.fixture
def pic(probe):
    probe = probe(OpenPic())

    class Pic:
        device = probe.device

        def read(self, offset):
            return swap(probe.read(offset, 4))

        def write(self, offset, value):
            probe.write(offset, swap(value), 4)

        def enable(self, n, priority, vector=None, bits=0):
            self.write(0x10000 + 32 * n, bits | priority << 16 | (n if vector is None else vector))
            self.write(0x10010 + 32 * n, 1)

        def lines(self, *active):
            set_lines(probe.device.state, np.uint64(sum(1 << n for n in active)))
            return self.pin

        def acknowledge(self):
            return self.read(ACKNOWLEDGE)

        @property
        def pin(self):
            return probe.pin()

    pic = Pic()
    pic.write(TASK, 0)
    return pic


def test_it_says_what_it_is_and_is_masked_after_reset(pic):
    assert pic.read(0x1000) == 63 << 16 | 2
    assert all(pic.read(0x10000 + 32 * n) == MASK for n in range(64))
    assert pic.lines(*range(64)) == 0


def test_a_level_interrupts_as_long_as_it_is_active(pic):
    pic.enable(37, 8, vector=0x25, bits=LEVEL)
    assert pic.lines(37) == 1 and pic.acknowledge() == 0x25
    assert pic.pin == 0, "its own priority is being served"
    pic.write(END, 0)
    assert pic.pin == 1, "the device still asks"
    assert pic.lines() == 0


def test_an_edge_interrupts_once(pic):
    pic.enable(5, 8)
    assert pic.lines(5) == 1 and pic.acknowledge() == 5
    pic.write(END, 0)
    assert pic.pin == 0
    assert pic.lines() == 0 and pic.lines(5) == 1


def test_an_edge_is_not_lost_while_it_is_masked(pic):
    pic.enable(5, 8, bits=MASK)
    assert pic.lines(5) == 0 and pic.lines() == 0
    pic.enable(5, 8)
    assert pic.pin == 1


def test_a_level_is_not_kept(pic):
    """Neither when it has gone, nor when the input becomes one for edges later."""
    pic.enable(5, 8, bits=LEVEL)
    assert pic.lines(5) == 1 and pic.lines() == 0
    pic.enable(5, 8)
    assert pic.pin == 0 and pic.acknowledge() == 0xFF
    assert pic.lines(5) == 1, "an edge"
    pic.enable(5, 8, bits=LEVEL)
    assert pic.pin == 1 and pic.lines() == 0
    pic.enable(5, 8)
    assert pic.pin == 0, "the edge was forgotten"
    pic.enable(5, 8, bits=MASK | LEVEL)
    pic.lines(5)
    pic.lines()
    pic.enable(5, 8)
    assert pic.pin == 0


def test_activity_lasts_until_the_end_of_service(pic):
    register = 0x10000 + 32 * 5
    pic.enable(5, 8)
    pic.enable(6, 9)
    pic.lines(5)
    assert pic.read(register) & 1 << 30
    pic.acknowledge()
    assert pic.read(register) & 1 << 30, "it is being served"
    pic.lines(5, 6)
    pic.acknowledge()
    pic.write(END, 0)
    assert pic.read(register) & 1 << 30 and not pic.read(register + 32) & 1 << 30
    pic.write(END, 0)
    assert not pic.read(register) & 1 << 30
    pic.write(0x10A0, 10 << 16 | 0x81)
    pic.write(0x20040, 1)
    pic.acknowledge()
    assert pic.read(0x10A0) & 1 << 30
    pic.write(END, 0)
    assert pic.read(0x10A0) == 10 << 16 | 0x81


def test_the_highest_priority_comes_first_and_interrupts_lower_ones(pic):
    for n, priority in ((1, 4), (2, 9), (3, 9)):
        pic.enable(n, priority, bits=LEVEL)
    pic.lines(1)
    assert pic.acknowledge() == 1 and pic.pin == 0
    assert pic.lines(1, 2, 3) == 1 and pic.acknowledge() == 2, "the lower number of two equals"
    assert pic.lines(1, 3) == 0, "3 waits for its equal"
    pic.write(END, 0)
    assert pic.acknowledge() == 3
    pic.lines(1)
    pic.write(END, 0)
    assert pic.pin == 0, "1 is still served"
    pic.write(END, 0)
    assert pic.pin == 1


def test_task_priority_holds_interrupts_back(pic):
    pic.enable(1, 4, bits=LEVEL)
    pic.write(TASK, 4)
    assert pic.lines(1) == 0
    pic.write(TASK, 3)
    assert pic.pin == 1 and pic.read(TASK) == 3


def test_nothing_to_acknowledge_is_spurious(pic):
    assert pic.acknowledge() == 0xFF
    pic.write(SPURIOUS, 0x40)
    pic.enable(1, 4, bits=LEVEL)
    pic.lines(1)
    pic.lines()
    assert pic.acknowledge() == 0x40 and pic.read(SPURIOUS) == 0x40


def test_other_destinations_are_not_for_us(pic):
    pic.enable(1, 4, bits=LEVEL)
    pic.write(0x10010 + 32, 2)
    assert pic.lines(1) == 0 and pic.read(0x10010 + 32) == 2


def test_interprocessor_interrupts_can_be_sent_to_oneself(pic):
    pic.write(0x10A0 + 16, 10 << 16 | 0x81)
    pic.write(0x20050, 2)
    assert pic.pin == 0, "nobody is meant"
    pic.write(0x20050, 1)
    assert pic.pin == 1 and pic.acknowledge() == 0x81
    pic.write(END, 0)
    assert pic.pin == 0


def test_activity_shows_and_reset_masks_everything(pic):
    pic.enable(1, 4, bits=LEVEL)
    pic.lines(1)
    assert pic.read(0x10020) == 1 << 30 | LEVEL | 4 << 16 | 1
    pic.write(0x1020, 1 << 31)
    assert pic.pin == 0 and pic.read(0x10020) == MASK and pic.read(0x1020) == 0
    assert pic.read(TASK) == 15


def test_registers_have_32_bits(probe):
    probe = probe(OpenPic())
    probe.write(0x20080, 0, 1)
    probe.write(0x20080, 0, 2)
    assert probe.read(0x20080, 2) == 0 and probe.read(0x20080, 4) == 0x0F000000


def test_impossible_states_are_refused(pic):
    pic.device.state["serving"] = 1 << 16
    with pytest.raises(UserError, match="^openpic cannot be in this state$"):
        pic.device.check()


@pytest.fixture
def two(probe):
    """An OpenPIC of two processors: `read(offset, p)` reads as processor `p`."""
    probe = probe(OpenPic(processors=2))

    class Two:
        device = probe.device

        def read(self, offset, p=0):
            probe.device.state["granted"] = p
            return swap(probe.read(offset, 4))

        def write(self, offset, value, p=0):
            probe.device.state["granted"] = p
            probe.write(offset, swap(value), 4)

        def pins(self):
            return probe.pin("irq"), probe.pin("irq1")

    pic = Two()
    for p in range(2):
        pic.write(0x20080 + 0x1000 * p, 0)
    return pic


def test_two_processors_have_registers_of_their_own_and_an_alias_for_them(two):
    assert two.read(0x1000) >> 8 & 0x1F == 1
    two.write(0x80, 5, p=1)
    assert (two.read(TASK), two.read(TASK + 0x1000)) == (0, 5)
    assert (two.read(0x80, p=0), two.read(0x80, p=1)) == (0, 5)
    assert (two.read(0x90, p=0), two.read(0x90, p=1)) == (0, 1)
    assert two.read(TASK + 0x2000) == 0     # there is no third one


def test_an_inter_processor_interrupt_goes_to_each_of_its_destinations(two):
    two.write(0x10B0, 10 << 16 | 77)        # IPI 1
    two.write(0x20050, 2)                   # from processor 0 to processor 1
    assert two.pins() == (0, 1)
    assert two.read(ACKNOWLEDGE) == 0xFF    # not for processor 0
    assert two.read(ACKNOWLEDGE + 0x1000) == 77 and two.pins() == (0, 0)
    two.write(END + 0x1000, 0)
    two.write(0x21050, 3)                   # to both, also from a processor to itself
    assert two.pins() == (1, 1)
    assert two.read(ACKNOWLEDGE + 0x1000) == 77 and two.pins() == (1, 0)
    assert two.read(ACKNOWLEDGE) == 77 and two.pins() == (0, 0)


def test_an_input_with_two_destinations_goes_to_one_processor_only(two):
    two.write(0x10000, LEVEL | 4 << 16 | 33)
    two.write(0x10010, 3)
    set_lines(two.device.state, np.uint64(1))
    assert two.pins() == (1, 0)
    two.write(TASK, 4)                      # processor 0 does not take it now
    assert two.pins() == (0, 1)
    assert two.read(ACKNOWLEDGE + 0x1000) == 33
    two.write(TASK, 0)                      # it is being served
    assert two.pins() == (0, 0)
    two.write(END + 0x1000, 0)              # and still active
    assert two.pins() == (1, 0)
    two.write(0x10010, 2)
    assert two.pins() == (0, 1)


def test_priorities_of_two_processors_are_independent(two):
    for n, destination in ((0, 1), (1, 2)):
        two.write(0x10000 + 32 * n, LEVEL | 4 + n << 16 | 40 + n)
        two.write(0x10010 + 32 * n, destination)
    set_lines(two.device.state, np.uint64(3))
    assert two.pins() == (1, 1)
    assert (two.read(0xA0, p=0), two.read(0xA0, p=1)) == (40, 41)
    two.write(0xB0, 0, p=1)
    assert two.pins() == (0, 1)
