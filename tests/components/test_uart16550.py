"""The 16550, register by register, through the functions that the processor models use."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pteg.components.console import new_watch
from pteg.components.serial import OUT_RING
from pteg.components.uart16550 import Uart16550
from pteg.errors import UserError
from pteg.platform import Platform, Wire

BASE = 0x0C00F000
RBR = THR = DLL = 0
IER = DLM = 1
IIR = FCR = 2
LCR, MCR, LSR, MSR, SCR = 3, 4, 5, 6, 7


class Bench:
    """A UART on a platform of its own, with byte registers as items."""

    def __init__(self, **parameters):
        self.platform = Platform([Uart16550(**parameters)], [Wire("uart")])
        self.uart = self.platform["uart"]
        self.functions = self.platform.functions()
        self[LCR] = 3

    def __getitem__(self, n):
        return int(self.functions.bus_read(self.platform.arrays, BASE + n, 1)[0])

    def __setitem__(self, n, value):
        assert self.functions.bus_write(self.platform.arrays, BASE + n, 1, value) == 0

    def tick(self, clocks=1):
        self.functions.tick(self.platform.arrays, clocks)

    @property
    def irq(self):
        return self.functions.interrupt(self.platform.arrays)

    @property
    def next_event(self):
        return self.functions.next_event(self.platform.arrays)


@pytest.fixture
def uart():
    return Bench()


@pytest.fixture
def timed():
    """115200 baud: 10 bits take 17361 clocks of 200 MHz."""
    return Bench(timed=True)


CHARACTER = 10 * 16 * 200_000_000 // 1_843_200


def test_reset_values(uart):
    uart.platform.reset()
    assert [uart[n] for n in (IER, IIR, LCR, MCR, LSR, MSR)] == [0, 0x01, 0, 0, 0x60, 0xB0]


def test_scratch_and_divisor_latch_are_separate_from_the_data(uart):
    uart[SCR] = 0xA5
    uart[LCR] = 0x83
    uart[DLL], uart[DLM] = 0x34, 0x12
    assert (uart[DLL], uart[DLM]) == (0x34, 0x12)
    uart[LCR] = 0x03
    assert uart[IER] == 0 and uart[SCR] == 0xA5
    uart.tick(10)
    assert uart.uart.receive() == b""


def test_transmits_in_one_clock_each(uart):
    uart[FCR] = 1
    for byte in b"Hello":
        uart[THR] = byte
    assert uart[LSR] & 0x60 == 0
    uart.tick(6)
    assert uart[LSR] & 0x60 == 0x60
    assert uart.uart.receive() == b"Hello"
    assert uart.uart.receive() == b""


def test_word_length_cuts_characters(uart):
    uart[LCR] = 0
    uart[THR] = ord("A")
    uart.tick(5)
    assert uart.uart.receive() == b"\x01"


def test_received_characters_have_as_many_bits_as_words(uart):
    for lcr, kept in ((0, 0x15), (1, 0x35), (2, 0x75), (3, 0xF5)):
        uart[LCR] = lcr
        uart.uart.send(b"\xF5")
        uart.tick(2)
        assert uart[0] == kept


def test_what_is_typed_before_the_format_is_set_is_whole(uart):
    uart[LCR] = 0
    uart.uart.send(b"x")
    uart.tick(5)
    uart[LCR] = 3
    assert uart[0] == ord("x")


def test_timed_character_takes_its_time_on_the_line(timed):
    timed[THR] = ord("x")
    assert timed[LSR] & 0x60 == 0
    timed.tick(1)
    assert timed[LSR] & 0x60 == 0x20, "THR empty, shift register busy"
    timed[THR] = ord("y")
    timed.tick(CHARACTER - 1)
    assert timed[LSR] & 0x60 == 0 and timed.uart.receive() == b""
    timed.tick(1)
    assert timed[LSR] & 0x60 == 0x20 and timed.uart.receive() == b"x"
    timed.tick(CHARACTER)
    assert timed[LSR] & 0x60 == 0x60 and timed.uart.receive() == b"y"


@pytest.mark.parametrize("lcr, half_bits", [
    (0b00000, 14), (0b00100, 15), (0b00011, 20), (0b00111, 22), (0b01011, 22), (0b01111, 24),
])
def test_word_format_sets_the_length_of_a_character(timed, lcr, half_bits):
    timed[LCR] = 0x80 | lcr
    timed[DLL], timed[DLM] = 2, 0
    timed[LCR] = lcr
    timed[THR] = 0
    timed.tick(1)
    assert timed.next_event == half_bits * 2 * 8 * 200_000_000 // 1_843_200


def test_a_full_fifo_drops_the_seventeenth_character(timed):
    timed[FCR] = 1
    timed[THR] = 0
    timed.tick(1)  # into the shift register
    for byte in range(1, 18):
        timed[THR] = byte
    timed.tick(CHARACTER * 20)
    assert timed.uart.receive() == bytes(range(17))


def test_without_fifo_a_second_character_replaces_the_first(timed):
    for byte in b"abc":
        timed[THR] = byte
    timed.tick(CHARACTER * 5)
    assert timed.uart.receive() == b"c"


def test_thr_empty_interrupt_begins_with_its_enable_and_ends_with_reading_iir(uart):
    uart[IER] = 2
    assert uart.irq == 1
    assert uart[IIR] == 0x02 and uart.irq == 0 and uart[IIR] == 0x01
    uart[THR] = 0
    assert uart.irq == 0
    uart.tick(1)
    assert uart.irq == 1 and uart[IIR] == 0x02


def test_writing_thr_ends_the_thr_empty_interrupt(timed):
    timed[IER] = 2
    timed[THR] = 0
    assert timed.irq == 0
    timed.tick(1)
    assert timed.irq == 1
    timed[THR] = 1
    assert timed.irq == 0


def test_interrupts_are_identified_by_priority(uart):
    uart[FCR] = 1
    uart[IER] = 0xF
    uart[MCR] = 0x10              # loopback: the modem lines drop, three deltas
    assert uart[IIR] == 0xC2      # THR empty comes before modem status
    assert uart[IIR] == 0xC0 and uart[MSR] & 0xF == 0xB
    assert uart[IIR] == 0xC1
    for byte in range(17):        # overrun
        uart[THR] = byte
        uart.tick(2)
    assert uart[IIR] == 0xC6 and uart[LSR] & 0x1F == 0x03
    assert uart[IIR] == 0xC4 and uart[RBR] == 0
    while uart[LSR] & 1:
        uart[RBR]
    assert uart[IIR] == 0xC2 and uart[IIR] == 0xC1 and uart.irq == 0


@pytest.mark.parametrize("fcr, level", [(0x01, 1), (0x41, 4), (0x81, 8), (0xC1, 14)])
def test_receive_trigger_levels(timed, fcr, level):
    timed[FCR] = fcr
    timed[IER] = 1
    timed.uart.send(bytes(16))
    timed.tick(1)
    for count in range(1, level):
        timed.tick(CHARACTER)
        assert timed.irq == 0, count
    timed.tick(CHARACTER)
    assert timed.irq == 1 and timed[IIR] == 0xC4


def test_receive_time_out_after_four_character_times(timed):
    timed[FCR] = 0xC1
    timed[IER] = 1
    timed.uart.send(b"ab")
    timed.tick(1 + 2 * CHARACTER)
    timed.tick(4 * CHARACTER - 1)
    assert timed.irq == 0
    timed.tick(1)
    assert timed.irq == 1 and timed[IIR] == 0xCC
    assert timed[RBR] == ord("a") and timed.irq == 0
    timed.tick(4 * CHARACTER)
    assert timed[IIR] == 0xCC and timed[RBR] == ord("b")
    timed.tick(100 * CHARACTER)
    assert timed.irq == 0


def test_the_console_waits_for_room(uart):
    text = bytes(range(256)) * 40  # larger than the ring
    uart[FCR] = 1
    uart.uart.send(text[:3000])
    uart.tick(5)
    uart.uart.send(text[3000:])
    got = bytearray()
    while uart[LSR] & 1 or len(got) < len(text):
        got.append(uart[RBR])
        uart.tick(2)
    assert got == text and uart[LSR] & 2 == 0


def test_one_character_at_a_time_without_fifo(uart):
    uart.uart.send(b"abc")
    uart.tick(100)
    for expected in b"abc":
        assert uart[RBR] == expected
        assert uart[LSR] & 1 == 0
        uart.tick(2)
        assert uart[LSR] & 1 == (expected != ord("c"))


def test_loopback_returns_characters_and_modem_lines(uart):
    uart[MCR] = 0x10 | 0x0A
    assert uart[MSR] & 0xF0 == 0x90
    uart.uart.send(b"z")
    uart[THR] = 0x55
    uart.tick(10)
    assert uart[RBR] == 0x55 and uart.uart.receive() == b""
    uart[MCR] = 0
    uart.tick(10)
    assert uart[RBR] == ord("z") and uart[MSR] & 0xF0 == 0xB0


def test_only_the_end_of_ringing_is_a_change(uart):
    uart[MCR] = 0x10
    uart[MSR]
    uart[MCR] = 0x14
    assert uart[MSR] == 0x40
    uart[MCR] = 0x10
    assert uart[MSR] == 0x04
    assert uart[MSR] == 0x00


def test_fifo_switch_empties_both(timed):
    timed[FCR] = 1
    timed.uart.send(b"ab")
    timed.tick(5 * CHARACTER)
    timed[THR] = 1
    timed[THR] = 2
    timed[FCR] = 0
    assert timed[LSR] & 0x61 == 0x60 and timed[IIR] & 0xC0 == 0


def test_wide_accesses_are_bytes_in_rising_order(uart):
    read, write = uart.functions.bus_read, uart.functions.bus_write
    assert write(uart.platform.arrays, BASE + 6, 2, 0xFF77) == 0
    assert uart[SCR] == 0x77
    assert read(uart.platform.arrays, BASE + 3, 4) == (0x03_00_60_B0, 0)


def test_reset_keeps_what_the_console_has(uart):
    uart[THR] = ord("x")
    uart.tick(3)
    uart.uart.send(b"q")
    uart[SCR] = 1
    uart.platform.reset()
    assert uart[SCR] == 0 and uart.uart.receive() == b"x"
    uart[LCR] = 3
    uart.tick(3)
    assert uart[RBR] == ord("q")


OPERATIONS = st.lists(st.one_of(
    st.tuples(st.just("write"), st.integers(0, 7), st.integers(0, 255)),
    st.tuples(st.just("read"), st.integers(0, 7), st.just(0)),
    st.tuples(st.just("send"), st.integers(1, 20), st.just(0)),
    st.tuples(st.just("tick"), st.integers(1, 30), st.integers(0, 2)),
), max_size=60)


@settings(max_examples=60, deadline=None)
@given(OPERATIONS, st.booleans())
# A character that comes back around the loop starts the time-out in the clock of the stride's end.
@example([("write", 2, 1), ("write", 4, 16), ("write", 0, 0), ("tick", 1, 2)], True)
def test_time_in_one_stride_equals_time_clock_by_clock(operations, is_timed):
    # 1 MHz core clock: a character takes from one clock to some hundreds.
    benches = [Bench(timed=is_timed, core_clock=1_000_000) for _ in range(2)]
    for kind, a, b in operations:
        for bench, single in zip(benches, (False, True), strict=True):
            if kind == "write":
                bench[a] = b
            elif kind == "read":
                bench[a]
            elif kind == "send":
                bench.uart.send(bytes(a))
            elif single:
                for _ in range(a * 10**b):
                    bench.tick(1)
            else:
                bench.tick(a * 10**b)
        assert benches[0].uart.state == benches[1].uart.state
        assert (benches[0].uart.memory == benches[1].uart.memory).all()


@settings(max_examples=60, deadline=None)
@given(OPERATIONS)
def test_the_interrupt_changes_by_itself_only_at_the_next_event(operations):
    bench = Bench(timed=True, core_clock=1_000_000)
    for kind, a, b in operations:
        if kind == "write":
            bench[a] = b
        elif kind == "read":
            bench[a]
        elif kind == "send":
            bench.uart.send(bytes(a))
        else:
            irq, event = bench.irq, min(bench.next_event, 1000)
            bench.tick(event - 1)
            assert bench.irq == irq


# The console watch ------------------------------------------------------------------------------

@settings(max_examples=200, deadline=None)
@given(st.text("ab", min_size=1, max_size=6), st.text("ab", max_size=60))
def test_watch_finds_the_text_with_its_last_character(text, printed):
    bench = WATCHED
    watch = new_watch(text, seen=int(bench.uart.state["out_count"][0]))
    found = None
    for i, character in enumerate(printed.encode()):
        bench[THR] = character
        bench.tick(2)
        if bench.functions.console(bench.platform.arrays, watch) == 1 and found is None:
            found = i + 1
    position = printed.find(text)
    assert found == (None if position < 0 else position + len(text))
    bench.uart.receive()


WATCHED = Bench()


def test_watch_asks_for_emptying_before_the_ring_is_full(uart):
    watch = new_watch()
    for _ in range(OUT_RING // 2):
        assert uart.functions.console(uart.platform.arrays, watch) == 0
        uart[THR] = 0
        uart.tick(2)
    assert uart.functions.console(uart.platform.arrays, watch) == 2
    assert len(uart.uart.receive()) == OUT_RING // 2
    assert uart.functions.console(uart.platform.arrays, watch) == 0


def test_watch_text_must_fit():
    with pytest.raises(UserError, match="^console text must have at most 256 characters, not 300$"):
        new_watch("x" * 300)
