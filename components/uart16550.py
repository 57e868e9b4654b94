"""Serial port: a 16550 UART, and the console on the other end of its line.

Registers, one byte each, at `base + n` (source: National Semiconductor PC16550D data sheet, §8):

== ============ ===================================================================================
n  name         meaning
== ============ ===================================================================================
0  RBR / THR    receiver buffer (read), transmitter holding (write); DLL when LCR[DLAB] is set
1  IER          interrupt enables: data, THR empty, line status, modem status; DLM with DLAB
2  IIR / FCR    interrupt identification (read), FIFO control (write)
3  LCR          word length, stop bits, parity, divisor latch access bit
4  MCR          DTR, RTS, OUT1, OUT2, loopback
5  LSR          data ready, overrun, …, THR empty, transmitter empty. Writes are ignored
6  MSR          modem lines and their changes. Writes are ignored
7  SCR          scratch
== ============ ===================================================================================

Modelled: both 16-byte FIFOs and the mode without them, trigger levels, the receive time-out, the
five interrupt sources and their priorities, THR-empty semantics (raised when the THR becomes empty
or IER[1] is set while it is; ended by reading IIR when it is the reported source, or by writing
THR), overrun, loopback with the modem lines.

The console has flow control: it sends a character only when there is room, so that overrun happens
in loopback alone. A character takes its real time on the line (`timed=True`), from the divisor and
the word format, or one core clock.

Left out: parity, framing and break errors (the line has none), DMA modes, the gating of the
interrupt by OUT2 (a habit of the IBM PC).
"""

import numpy as np

from pteg.components.device import NO_EVENT, compiled
from pteg.components.serial import RINGS, SPEED, TimedPort, put, take, waiting
from pteg.errors import UserError

__all__ = ["Uart16550"]

# IER and IIR
DATA, EMPTY, LINE, MODEM = 1, 2, 4, 8
IIR_NONE, IIR_MODEM, IIR_EMPTY, IIR_DATA, IIR_LINE, IIR_TIMEOUT = 0x1, 0x0, 0x2, 0x4, 0x6, 0xC
# LSR
DR, OE, THRE, TEMT = 0x01, 0x02, 0x20, 0x40
# LCR, MCR, FCR
DLAB, LOOP = 0x80, 0x10
FIFO_ENABLE, FIFO_CLEAR_RX, FIFO_CLEAR_TX = 0x01, 0x02, 0x04
#: MSR lines of the console's modem cable: DCD, DSR and CTS on, RI off.
CABLE = 0xB0


class Uart16550(TimedPort):
    """A 16550 with a console.

    Parameters
    ----------
    timed : bool
        Characters take their time on the line instead of one core clock.
    clock, core_clock : int
        Input clock of the UART and clock of the processor, in Hz.
    """

    dtype = np.dtype([
        ("irq", "u4"),           # output pin: interrupt
        *RINGS,
        # Clocks until the event; 0: not running
        ("tx_clocks", "i8"), ("rx_clocks", "i8"), ("timeout_clocks", "i8"),
        *SPEED,
        ("ier", "u1"), ("fcr", "u1"), ("lcr", "u1"), ("mcr", "u1"), ("msr", "u1"), ("scr", "u1"),
        ("dll", "u1"), ("dlm", "u1"),
        ("overrun", "u1"), ("empty_pending", "u1"), ("timeout_pending", "u1"),
        ("tsr", "u1"), ("shifting", "u1"),          # transmitter shift register
        ("tx_head", "u1"), ("tx_count", "u1"), ("rx_head", "u1"), ("rx_count", "u1"),
        ("tx_fifo", "u1", 16), ("rx_fifo", "u1", 16),
    ], align=True)

    def __init__(self, name: str = "uart", base: int = 0x0C00F000, size: int = 8,
                 *, first: int = 4, timed: bool = False,
                 clock: int = 1_843_200, core_clock: int = 200_000_000):
        super().__init__(name, base, size, first=first, timed=timed, clock=clock,
                         core_clock=core_clock)

    def reset(self):
        super().reset()
        self.state["msr"] = CABLE
        self.state["dll"] = 1

    def check(self):
        s = self.state[0]
        if not (self.rings_are_sound() and self.line_is_sound()
                and all(0 <= int(s[name]) < 1 << 60
                        for name in ("tx_clocks", "rx_clocks", "timeout_clocks"))
                and max(s["tx_head"], s["rx_head"]) < 16 and max(s["tx_count"], s["rx_count"]) <= 16
                and int(s["fcr"]) | 0xC9 == 0xC9):
            raise UserError(f"{self.name} cannot be in this state")

    @compiled
    def read(state, memory, offset, size):
        """A wider access is that many bytes in rising order, as a bus bridge would make them."""
        s = state[0]
        value = np.uint64(0)
        for i in range(size):
            value = value << np.uint64(8) | np.uint64(_read_register(s, offset + i))
        _settle(s)
        return value

    @compiled
    def write(state, memory, offset, size, value):
        s = state[0]
        for i in range(size):
            byte = np.uint64(value) >> np.uint64(8 * (size - 1 - i)) & np.uint64(0xFF)
            _write_register(s, offset + i, np.int64(byte))
        _settle(s)

    @compiled
    def next_event(state, memory):
        return _next_event(state[0])

    @compiled
    def tick(state, memory, clocks):
        s = state[0]
        while clocks > 0 and s.active:
            stride = min(clocks, _next_event(s))
            _events(s, memory, stride)
            clocks -= stride


# Characters -------------------------------------------------------------------------------------

@compiled
def _character_clocks(s):
    """Core clocks that one character takes on the line."""
    if not s.timed:
        return 1
    half_bits = 2 * (1 + 5 + (s.lcr & 3)) + (2 if s.lcr & 8 else 0)  # start, data, parity
    if s.lcr & 4:  # stop bits: 2, or 1.5 after 5 data bits
        half_bits += 4 if s.lcr & 3 else 3
    else:
        half_bits += 2
    divisor = max(1, s.dlm << 8 | s.dll)
    return max(1, half_bits * 8 * divisor * s.core_clock // s.clock)


@compiled
def _capacity(s):
    return 16 if s.fcr & FIFO_ENABLE else 1


@compiled
def _received(s, character):
    """A character has arrived at the receiver."""
    if s.rx_count == _capacity(s):
        s.overrun = 1
        if not s.fcr & FIFO_ENABLE:  # the newer character replaces the older
            s.rx_fifo[s.rx_head] = character
        return
    s.rx_fifo[(s.rx_head + s.rx_count) & 15] = character
    s.rx_count += 1
    s.timeout_clocks = 4 * _character_clocks(s)


@compiled
def _shift(s, memory):
    """The transmitter: a character has left the shift register, or the first is to enter it."""
    if s.shifting:
        s.shifting = 0
        if s.mcr & LOOP:
            _received(s, s.tsr)
        else:
            put(s, memory, s.tsr)
    if s.tx_count:
        s.tsr = s.tx_fifo[s.tx_head] & ((32 << (s.lcr & 3)) - 1)
        s.tx_head = (s.tx_head + 1) & 15
        s.tx_count -= 1
        s.shifting = 1
        s.tx_clocks = _character_clocks(s)
        if s.tx_count == 0:
            s.empty_pending = 1


# Interrupts -------------------------------------------------------------------------------------

@compiled
def _source(s):
    """IIR[3-0]: the pending enabled interrupt of the highest priority (data sheet, table IV)."""
    if s.ier & LINE and s.overrun:
        return IIR_LINE
    if s.ier & DATA:
        trigger = 1
        if s.fcr & FIFO_ENABLE:
            level = s.fcr >> 6
            trigger = 1 if level == 0 else 4 if level == 1 else 8 if level == 2 else 14
        if s.rx_count >= trigger:
            return IIR_DATA
        if s.timeout_pending:
            return IIR_TIMEOUT
    if s.ier & EMPTY and s.empty_pending:
        return IIR_EMPTY
    if s.ier & MODEM and s.msr & 0x0F:
        return IIR_MODEM
    return IIR_NONE


@compiled
def _settle(s):
    """After any change: start what can start, and set the pins."""
    if s.tx_count and not s.shifting and s.tx_clocks == 0:
        s.tx_clocks = 1
    receiving = waiting(s) and s.rx_count < _capacity(s) and not s.mcr & LOOP
    if not receiving:
        s.rx_clocks = 0
    elif s.rx_clocks == 0:
        s.rx_clocks = _character_clocks(s)
    if s.rx_count == 0 or s.timeout_pending or not s.fcr & FIFO_ENABLE:
        s.timeout_clocks = 0
    s.active = (s.tx_clocks | s.rx_clocks | s.timeout_clocks) != 0
    s.irq = _source(s) != IIR_NONE


@compiled
def _set_modem_lines(s, lines):
    changed = (lines ^ s.msr) & 0xF0
    delta = changed >> 4
    if lines & 0x40:  # TERI: only the trailing edge of RI counts
        delta &= ~4
    s.msr = lines | s.msr & 0x0F | delta


# Registers --------------------------------------------------------------------------------------

@compiled
def _read_register(s, n):
    if n == 0:
        if s.lcr & DLAB:
            return s.dll
        # The console may have sent it before the format was set: its bits are cut off here.
        value = np.uint8(s.rx_fifo[s.rx_head] & ((32 << (s.lcr & 3)) - 1))
        if s.rx_count:
            s.rx_head = (s.rx_head + 1) & 15
            s.rx_count -= 1
        s.timeout_pending = 0
        s.timeout_clocks = 4 * _character_clocks(s)
        return value
    if n == 1:
        return s.dlm if s.lcr & DLAB else s.ier
    if n == 2:
        source = _source(s)
        if source == IIR_EMPTY:
            s.empty_pending = 0
        return np.uint8(source | (0xC0 if s.fcr & FIFO_ENABLE else 0))
    if n == 3:
        return s.lcr
    if n == 4:
        return s.mcr
    if n == 5:
        value = DR if s.rx_count else 0
        if s.overrun:
            value |= OE
        if s.tx_count == 0:
            value |= THRE
            if not s.shifting:
                value |= TEMT
        s.overrun = 0
        return np.uint8(value)
    if n == 6:
        value = s.msr
        s.msr = value & 0xF0
        return value
    return s.scr


@compiled
def _write_register(s, n, value):
    if n == 0 and s.lcr & DLAB:
        s.dll = value
    elif n == 0:
        if s.tx_count < _capacity(s):
            s.tx_fifo[(s.tx_head + s.tx_count) & 15] = value
            s.tx_count += 1
        elif not s.fcr & FIFO_ENABLE:  # a full FIFO drops the character, a full THR is overwritten
            s.tx_fifo[s.tx_head] = value
        s.empty_pending = 0
    elif n == 1 and s.lcr & DLAB:
        s.dlm = value
    elif n == 1:
        if value & EMPTY and not s.ier & EMPTY and s.tx_count == 0:
            s.empty_pending = 1
        s.ier = value & 0x0F
    elif n == 2:
        switched = (value ^ s.fcr) & FIFO_ENABLE
        if switched or value & FIFO_CLEAR_RX:
            s.rx_count = 0
            s.timeout_pending = 0
        if (switched or value & FIFO_CLEAR_TX) and s.tx_count:
            s.tx_count = 0
            s.empty_pending = 1
        s.fcr = value & 0xC9 if value & FIFO_ENABLE else 0
    elif n == 3:
        s.lcr = value
    elif n == 4:
        s.mcr = value & 0x1F
        lines = CABLE
        if value & LOOP:  # CTS, DSR, RI, DCD show RTS, DTR, OUT1, OUT2
            lines = (value & 2) << 3 | (value & 1) << 5 | (value & 4) << 4 | (value & 8) << 4
        _set_modem_lines(s, lines)
    elif n == 7:
        s.scr = value


# Time -------------------------------------------------------------------------------------------

@compiled
def _events(s, memory, clocks):
    """Let `clocks` pass, no more than up to the next event."""
    sent, timed_out, arrived = (s.tx_clocks == clocks, s.timeout_clocks == clocks,
                                s.rx_clocks == clocks)
    # All that counts has counted before anything happens, which may start a count anew.
    s.tx_clocks = max(s.tx_clocks - clocks, 0)
    s.timeout_clocks = max(s.timeout_clocks - clocks, 0)
    s.rx_clocks = max(s.rx_clocks - clocks, 0)
    if sent:
        _shift(s, memory)
    if timed_out:
        s.timeout_pending = 1
    if arrived:
        _received(s, take(s, memory))
    _settle(s)


@compiled
def _next_event(s):
    nearest = np.int64(NO_EVENT)
    if s.active:
        for clocks in (s.tx_clocks, s.rx_clocks, s.timeout_clocks):
            if 0 < clocks < nearest:
                nearest = clocks
        nearest = nearest if nearest != NO_EVENT else 1
    return nearest
