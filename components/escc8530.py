"""Serial ports: a Z8530 SCC as Apple's macio chips have it, in asynchronous mode, and a console.

Four bytes on the bus, each in the first of 16: B control, B data, A control, A data. All other
registers are reached through control: a write to register 0 selects the register of the next
access.

======= ============================================================================================
write   read; source: Zilog, SCC/ESCC user manual, chapter 5
======= ============================================================================================
WR0     RR0   pointer and commands; receiver full, transmitter empty, modem lines, break
WR1     RR1   interrupt enables; all sent, residue, receiver overrun
WR2     RR2   interrupt vector (shared); in channel B modified by the highest pending interrupt
WR3     RR3   receiver; pending interrupts of both channels (channel A only)
WR4           format: stop bits, clock divider
WR5           transmitter
WR8     RR8   data
WR9           master interrupt enable (shared), resets
WR12/13 RR12/13 baud rate generator
WR15    RR15  external/status interrupt enables
======= ============================================================================================

Modelled: both channels with 3-byte receivers and 1-byte transmitters, receive interrupts on the
first or on all characters, transmit interrupts, their reset commands, local loopback (WR14[4]). The
console is at channel A; output of B is lost. A character takes its real time on the line
(`timed=True`) or one core clock. Each channel has an interrupt output, as in macio chips.
Left out: synchronous modes, external/status interrupts (the modem lines do not change), interrupt
acknowledge cycles and daisy chain, DMA, parity and framing errors; characters have 8 bits.
"""

import numpy as np

from pteg.components.device import NO_EVENT, compiled
from pteg.components.serial import RINGS, SPEED, TimedPort, put, take, waiting
from pteg.errors import UserError

__all__ = ["Escc8530"]

#: Channels: index in the state, and bit 1 of the number of the byte on the bus.
B, A = 0, 1
# RR0
RX_AVAILABLE, TX_EMPTY, CTS, UNDERRUN, DCD = 0x01, 0x04, 0x20, 0x40, 0x08
# RR1
ALL_SENT, RESIDUE, OVERRUN = 0x01, 0x06, 0x20
# WR1
TX_INTERRUPT, RX_INTERRUPT, RX_FIRST, RX_ALL = 0x02, 0x18, 0x08, 0x10
# WR3, WR5, WR9, WR14
RX_ENABLE, TX_ENABLE, MASTER_ENABLE, STATUS_HIGH, LOOPBACK = 0x01, 0x08, 0x08, 0x10, 0x10
RESET_B, RESET_A, RESET_HARDWARE = 0x40, 0x80, 0xC0
# WR0[5:3]
(NULL, POINT_HIGH, RESET_STATUS, SEND_ABORT, NEXT_CHARACTER, RESET_TX, RESET_ERRORS,
 RESET_IUS) = range(8)
#: Bytes of a receiver.
DEPTH = 3
#: RR2 of channel B, bits 3:1, by pending interrupt (RR3's bits, highest first). A receiver that has
#: lost a character is a special condition: its number and 1.
VECTORS = ((0x20, 6), (0x10, 4), (0x08, 5), (0x04, 2), (0x02, 0), (0x01, 1))


class Escc8530(TimedPort):
    """A Z8530 with a console at channel A.

    Parameters
    ----------
    timed : bool
        Characters take their time on the line instead of one core clock.
    clock, core_clock : int
        Clock of the baud rate generator and of the processor, in Hz.
    """

    dtype = np.dtype([
        ("irq_a", "u4"), ("irq_b", "u4"),   # output pins
        *RINGS,
        # By channel: clocks until a character has been sent or received; 0: not running
        ("tx_clocks", "i8", 2), ("rx_clocks", "i8", 2),
        *SPEED,
        ("pointer", "u1", 2), ("wr", "u1", (2, 16)),
        ("rx_fifo", "u1", (2, DEPTH)), ("rx_count", "u1", 2), ("overrun", "u1", 2),
        ("rx_armed", "u1", 2),              # the next character interrupts in RX_FIRST
        ("rx_pending", "u1", 2), ("tx_pending", "u1", 2),
        ("tx_buffer", "u1", 2), ("tx_full", "u1", 2),
        ("shifter", "u1", 2), ("shifting", "u1", 2),
    ], align=True)

    def __init__(self, name: str = "escc", base: int = 0x80013000, size: int = 0x40,
                 *, first: int = 6, timed: bool = False,
                 clock: int = 3_686_400, core_clock: int = 100_000_000):
        super().__init__(name, base, size, first=first, timed=timed, clock=clock,
                         core_clock=core_clock)

    def reset(self):
        super().reset()
        self.state["rx_armed"] = 1

    def check(self):
        s = self.state[0]
        if not (self.rings_are_sound() and self.line_is_sound()
                and all(0 <= int(clocks) < 1 << 60
                        for name in ("tx_clocks", "rx_clocks") for clocks in s[name])
                and s["rx_count"].max() <= DEPTH and s["pointer"].max() < 16):
            raise UserError(f"{self.name} cannot be in this state")

    @compiled
    def read(state, memory, offset, size):
        """Only the first byte of an access reaches the chip, which has 8 data lines."""
        s = state[0]
        value = np.uint64(0)
        if offset & 15 == 0:
            c = offset >> 5 & 1
            byte = np.int64(_read_data(s, c)) if offset & 16 else np.int64(_read_control(s, c))
            value = np.uint64(byte) << np.uint64(8 * (size - 1))
            _settle(s)
        return value

    @compiled
    def write(state, memory, offset, size, value):
        s = state[0]
        if offset & 15 == 0:
            c = offset >> 5 & 1
            byte = np.int64(np.uint64(value) >> np.uint64(8 * (size - 1)) & np.uint64(0xFF))
            if offset & 16:
                _write_data(s, c, byte)
            else:
                _write_control(s, c, byte)
            _settle(s)

    @compiled
    def next_event(state, memory):
        return _next_event(state[0])

    @compiled
    def tick(state, memory, clocks):
        s = state[0]
        while clocks > 0 and s.active:
            stride = min(clocks, _next_event(s))
            for c in range(2):
                if s.tx_clocks[c]:
                    s.tx_clocks[c] -= stride
                    if s.tx_clocks[c] == 0:
                        _sent(s, memory, c)
                if s.rx_clocks[c]:
                    s.rx_clocks[c] -= stride
                    if s.rx_clocks[c] == 0:
                        _received(s, c, take(s, memory))
            _settle(s)
            clocks -= stride


# Characters -------------------------------------------------------------------------------------

@compiled
def _character_clocks(s, c):
    """Core clocks that one character takes on the line: start, 8 data, 1 stop bit."""
    if not s.timed:
        return 1
    divider = (1, 16, 32, 64)[s.wr[c, 4] >> 6]
    constant = np.int64(s.wr[c, 13]) << 8 | np.int64(s.wr[c, 12])
    return max(1, 10 * 2 * (constant + 2) * divider * s.core_clock // s.clock)


@compiled
def _received(s, c, character):
    """A character has arrived at the receiver; a full one loses it."""
    if s.rx_count[c] == DEPTH:
        s.overrun[c] = 1
        return
    s.rx_fifo[c, s.rx_count[c]] = character
    s.rx_count[c] += 1
    if s.rx_armed[c] or s.wr[c, 1] & RX_INTERRUPT == RX_ALL:
        s.rx_pending[c] = 1
        s.rx_armed[c] = 0


@compiled
def _sent(s, memory, c):
    """The shift register is empty: its character is on the other side."""
    s.shifting[c] = 0
    if s.wr[c, 14] & LOOPBACK:
        if s.wr[c, 3] & RX_ENABLE:
            _received(s, c, s.shifter[c])
    elif c == A:
        put(s, memory, s.shifter[c])


@compiled
def _settle(s):
    """After any change: start what can start, and set the pins."""
    active = np.int64(0)
    for c in range(2):
        if s.tx_full[c] and not s.shifting[c] and s.wr[c, 5] & TX_ENABLE:
            s.shifter[c], s.shifting[c], s.tx_full[c] = s.tx_buffer[c], 1, 0
            s.tx_pending[c] = 1
            s.tx_clocks[c] = _character_clocks(s, c)
        receiving = (c == A and waiting(s) and s.rx_count[c] < DEPTH and s.wr[c, 3] & RX_ENABLE
                     and not s.wr[c, 14] & LOOPBACK)
        if not receiving:
            s.rx_clocks[c] = 0
        elif s.rx_clocks[c] == 0:
            s.rx_clocks[c] = _character_clocks(s, c)
        active |= s.tx_clocks[c] | s.rx_clocks[c]
    s.active = active != 0
    enabled = s.wr[A, 9] & MASTER_ENABLE != 0
    s.irq_a = np.uint32(enabled and _pending(s, A) != 0)
    s.irq_b = np.uint32(enabled and _pending(s, B) != 0)


# Interrupts -------------------------------------------------------------------------------------

@compiled
def _pending(s, c):
    """Pending and enabled interrupts of a channel: bits 0 to 2 as RR3 has them for channel B."""
    enables = s.wr[c, 1]
    pending = 0
    if s.tx_pending[c] and enables & TX_INTERRUPT:
        pending |= 2
    if enables & RX_INTERRUPT and (s.rx_pending[c] or s.overrun[c]):
        pending |= 4
    return pending


@compiled
def _vector(s):
    """RR2 of channel B: the vector with the highest pending interrupt in bits 3 to 1, or, with
    WR9[4], the other way round in bits 4 to 6."""
    pending = _pending(s, A) << 3 | _pending(s, B)
    code = 3
    for bit, number in VECTORS:
        if pending & bit:
            code = number
            if (bit == 0x20 and s.overrun[A]) or (bit == 0x04 and s.overrun[B]):
                code |= 1
            break
    if s.wr[A, 9] & STATUS_HIGH:
        turned = code >> 2 & 1 | code & 2 | (code & 1) << 2
        return s.wr[A, 2] & 0x8F | turned << 4
    return s.wr[A, 2] & 0xF1 | code << 1


# Registers --------------------------------------------------------------------------------------

@compiled
def _reset_channel(s, c):
    s.wr[c, 1] &= 0x24
    s.wr[c, 3] &= 0xFE
    s.wr[c, 5] &= 0x61
    s.wr[c, 14] = s.wr[c, 14] & 0xC3 | 0x20
    s.wr[c, 15] = 0xF8
    s.pointer[c] = s.rx_count[c] = s.overrun[c] = s.rx_pending[c] = s.tx_pending[c] = 0
    s.tx_full[c] = s.shifting[c] = 0
    s.tx_clocks[c] = 0
    s.rx_armed[c] = 1


@compiled
def _command(s, c, value):
    """WR0: register pointer and command."""
    command = value >> 3 & 7
    s.pointer[c] = value & 7 | (8 if command == POINT_HIGH else 0)
    if command == NEXT_CHARACTER:
        s.rx_armed[c] = 1
    elif command == RESET_TX:
        s.tx_pending[c] = 0
    elif command == RESET_ERRORS:
        s.overrun[c] = 0


@compiled
def _write_data(s, c, value):
    s.tx_buffer[c], s.tx_full[c], s.tx_pending[c] = value, 1, 0


@compiled
def _read_data(s, c):
    value = s.rx_fifo[c, 0]
    for i in range(DEPTH - 1):
        s.rx_fifo[c, i] = s.rx_fifo[c, i + 1]
    if s.rx_count[c]:
        s.rx_count[c] -= 1
    if s.rx_count[c] == 0 or s.wr[c, 1] & RX_INTERRUPT == RX_FIRST:
        s.rx_pending[c] = 0
    return value


@compiled
def _write_control(s, c, value):
    n = s.pointer[c]
    s.pointer[c] = 0
    if n == 0:
        _command(s, c, value)
    elif n == 8:
        _write_data(s, c, value)
    elif n == 9:
        s.wr[A, 9] = value & 0x3F
        resets = value & RESET_HARDWARE
        if resets == RESET_B or resets == RESET_HARDWARE:
            _reset_channel(s, B)
        if resets == RESET_A or resets == RESET_HARDWARE:
            _reset_channel(s, A)
        if resets == RESET_HARDWARE:
            s.wr[A, 9] &= 0x1C
    elif n == 2:
        s.wr[A, 2] = value
    elif n == 15:
        s.wr[c, 15] = value & 0xFA          # bits 0 and 2 read as zero
    else:
        s.wr[c, n] = value


@compiled
def _read_control(s, c):
    n = s.pointer[c]
    s.pointer[c] = 0
    if n == 0 or n == 4:
        return ((RX_AVAILABLE if s.rx_count[c] else 0) | (0 if s.tx_full[c] else TX_EMPTY)
                | CTS | DCD | UNDERRUN)
    if n == 1 or n == 5:
        idle = not s.tx_full[c] and not s.shifting[c]
        return (ALL_SENT if idle else 0) | RESIDUE | (OVERRUN if s.overrun[c] else 0)
    if n == 2 or n == 6:
        return np.int64(s.wr[A, 2]) if c == A else np.int64(_vector(s))
    if n == 3 or n == 7:
        return _pending(s, A) << 3 | _pending(s, B) if c == A else 0
    if n == 8:
        return np.int64(_read_data(s, c))
    if n == 12 or n == 15:
        return np.int64(s.wr[c, n])
    if n == 9 or n == 13:
        return np.int64(s.wr[c, 13])
    if n == 11:
        return np.int64(s.wr[c, 15])
    return 0


# Time -------------------------------------------------------------------------------------------

@compiled
def _next_event(s):
    if not s.active:
        return np.int64(NO_EVENT)
    nearest = np.int64(NO_EVENT)
    for c in range(2):
        if s.tx_clocks[c]:
            nearest = min(nearest, s.tx_clocks[c])
        if s.rx_clocks[c]:
            nearest = min(nearest, s.rx_clocks[c])
    # Characters from the console that have not been read yet.
    return nearest if nearest != NO_EVENT else 1
