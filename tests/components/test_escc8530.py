"""8530 serial port: registers behind a pointer, characters, interrupts of both channels."""

import pytest

from pteg.components.escc8530 import Escc8530
from pteg.errors import UserError

# Offsets on the bus
B_CONTROL, B_DATA, A_CONTROL, A_DATA = 0x00, 0x10, 0x20, 0x30
RX_AVAILABLE, TX_EMPTY = 0x01, 0x04


@pytest.fixture
def escc(probe):
    probe = probe(Escc8530())

    class Escc:
        port = probe.device
        probe_ = probe
        tick = staticmethod(probe.tick)
        read, write = staticmethod(probe.read), staticmethod(probe.write)

        def get(self, register, control=A_CONTROL):
            if register:
                probe.write(control, register & 7 | (8 if register > 7 else 0))
            return probe.read(control)

        def put(self, register, value, control=A_CONTROL):
            if register:
                probe.write(control, register & 7 | (8 if register > 7 else 0))
            probe.write(control, value)

        def pins(self):
            return probe.pin("irq_a"), probe.pin("irq_b")

    escc = Escc()
    for control in (A_CONTROL, B_CONTROL):
        escc.put(3, 0xC1, control)      # receiver on, 8 bits
        escc.put(5, 0x68, control)      # transmitter on
    return escc


def test_characters_go_to_the_console_and_come_from_it(escc):
    escc.write(A_DATA, ord("H"))
    escc.tick(1)
    escc.write(A_DATA, ord("i"))
    escc.tick(1)
    assert escc.port.receive() == b"Hi"
    escc.port.send(b"ok")
    escc.tick(3)
    assert escc.get(0) & RX_AVAILABLE and escc.read(A_DATA) == ord("o")
    escc.tick(2)
    assert escc.read(A_DATA) == ord("k")
    escc.tick(2)
    assert not escc.get(0) & RX_AVAILABLE


def test_the_pointer_returns_to_register_0(escc):
    escc.put(12, 0x34)
    assert escc.get(12) == 0x34
    assert escc.read(A_CONTROL) & TX_EMPTY
    escc.put(15, 0x52)
    assert escc.get(15) == 0x52 and escc.read(A_CONTROL) & TX_EMPTY


def test_data_can_be_reached_through_register_8(escc):
    escc.put(8, ord("x"))
    escc.tick(1)
    assert escc.port.receive() == b"x"


def test_nothing_is_sent_or_received_while_it_is_off(escc):
    escc.put(5, 0x60)
    escc.put(3, 0xC0)
    escc.write(A_DATA, ord("x"))
    escc.port.send(b"y")
    escc.tick(10)
    assert escc.port.receive() == b"" and not escc.get(0) & (RX_AVAILABLE | TX_EMPTY)
    escc.put(5, 0x68)
    escc.put(3, 0xC1)
    escc.tick(2)
    assert escc.port.receive() == b"x" and escc.read(A_DATA) == ord("y")


def test_receive_interrupts_on_all_characters(escc):
    escc.put(9, 0x08)
    escc.put(1, 0x10)
    escc.port.send(b"ab")
    escc.tick(5)
    assert escc.pins() == (1, 0) and escc.get(3) == 0x20
    escc.read(A_DATA)
    assert escc.pins() == (1, 0), "one more is there"
    escc.read(A_DATA)
    assert escc.pins() == (0, 0) and escc.get(3) == 0


def test_receive_interrupts_on_the_first_character_only(escc):
    escc.put(9, 0x08)
    escc.put(1, 0x08)
    escc.port.send(b"ab")
    escc.tick(5)
    assert escc.pins() == (1, 0)
    escc.read(A_DATA)
    assert escc.pins() == (0, 0) and escc.read(A_DATA) == ord("b")
    escc.put(0, 0x20)                   # enable for the next character
    escc.port.send(b"c")
    escc.tick(5)
    assert escc.pins() == (1, 0)


def test_transmit_interrupts_when_the_buffer_becomes_empty(escc):
    escc.put(9, 0x08)
    escc.put(1, 0x02)
    assert escc.pins() == (0, 0), "it has not become empty, it was"
    escc.write(A_DATA, ord("x"))
    assert escc.pins() == (1, 0) and escc.get(3) == 0x10
    escc.put(0, 0x28)                   # reset transmit interrupt
    assert escc.pins() == (0, 0)
    escc.tick(1)
    assert escc.pins() == (0, 0) and escc.port.receive() == b"x"


def test_master_enable_gates_the_pins(escc):
    escc.put(1, 0x02)
    escc.write(A_DATA, ord("x"))
    assert escc.pins() == (0, 0)
    escc.put(9, 0x08)
    assert escc.pins() == (1, 0)


def test_local_loopback_receives_what_it_sends_on_either_channel(escc):
    for control, data, pending in ((A_CONTROL, A_DATA, 0x20), (B_CONTROL, B_DATA, 0x04)):
        escc.put(14, 0x10, control)
        escc.put(1, 0x10, control)
        escc.write(data, 0x5A)
        escc.tick(1)
        assert escc.get(3) == pending
        assert escc.read(data) == 0x5A
    assert escc.port.receive() == b""


def test_a_full_receiver_loses_characters_and_says_so(escc):
    escc.put(14, 0x10)
    for character in b"abcd":
        escc.write(A_DATA, character)
        escc.tick(1)
    assert escc.get(1) & 0x20
    assert bytes(escc.read(A_DATA) for _ in range(3)) == b"abc"
    escc.put(0, 0x30)                   # error reset
    assert not escc.get(1) & 0x20


def test_the_vector_of_channel_b_tells_the_cause(escc):
    escc.put(2, 0xF1)
    escc.put(1, 0x02)
    assert escc.get(2) == 0xF1 and escc.get(2, B_CONTROL) == 0xF1 | 3 << 1
    escc.write(A_DATA, ord("x"))
    assert escc.get(2, B_CONTROL) == 0xF1 | 4 << 1


def test_a_lost_character_is_a_special_condition(escc):
    """Codes 7 and 3; with status high they are turned round in bits 6 to 4."""
    for control, data, code, high in ((A_CONTROL, A_DATA, 7, 7), (B_CONTROL, B_DATA, 3, 6)):
        escc.put(2, 0)
        escc.put(9, 0x08)
        escc.put(14, 0x11, control)         # local loopback
        escc.put(1, 0x10, control)          # all characters interrupt
        escc.write(data, 1)
        escc.tick(1)
        assert escc.get(2, B_CONTROL) == (code - 1) << 1
        for n in range(3):
            escc.write(data, n)
            escc.tick(1)
        assert escc.get(2, B_CONTROL) == code << 1
        escc.put(9, 0x18)
        assert escc.get(2, B_CONTROL) == high << 4
        escc.put(0, 0x30, control)          # error reset
        for _ in range(3):
            escc.read(data)
    escc.put(9, 0x08)
    assert escc.get(2, B_CONTROL) == 3 << 1, "nothing is pending"


def test_bits_of_register_15_that_are_zero(escc):
    escc.put(15, 0xFF)
    assert escc.get(15) == 0xFA


def test_hardware_reset_ends_everything(escc):
    escc.put(9, 0x08)
    escc.put(1, 0x02)
    escc.write(A_DATA, ord("x"))
    escc.put(9, 0xC8)
    assert escc.pins() == (0, 0) and escc.get(0) & TX_EMPTY and escc.get(9) == 0
    escc.tick(10)
    assert escc.port.receive() == b""


def test_a_timed_character_takes_its_time_on_the_line(probe):
    port = probe(Escc8530(timed=True, clock=1000, core_clock=100_000))
    for register, value in ((4, 0x44), (12, 3), (13, 0), (5, 0x68)):
        port.write(A_CONTROL, register & 7 | (8 if register > 7 else 0))
        port.write(A_CONTROL, value)
    port.write(A_DATA, ord("x"))
    clocks = 10 * 2 * (3 + 2) * 16 * 100    # bits, two clocks a bit and 2 more, x16, core clocks
    assert port.next_event() == clocks
    port.tick(clocks - 1)
    assert port.device.receive() == b""
    port.tick(1)
    assert port.device.receive() == b"x"


def test_impossible_states_are_refused(escc):
    escc.port.state["rx_count"][0, 1] = 4
    with pytest.raises(UserError, match="^escc cannot be in this state$"):
        escc.port.check()
