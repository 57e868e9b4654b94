"""IDE channel with one disk, as Apple's macio chips have it: a register in 16 bytes, PIO only.

Source: ANSI ATA/ATAPI-4 (NCITS 317-1998), chapters 7 to 9; register spacing: Linux,
drivers/ata/pata_macio.c.

============ =======================================================================================
offset       register
============ =======================================================================================
0x000        data, 16 bits, or two of them; the byte that comes first on the disk has the lower
             address
0x010        error; features
0x020-0x050  sector count; block address bits 7-0, 15-8, 23-16 (or sector, cylinder)
0x060        device and head: bit 6 block addresses, bit 4 device 1 (absent), address bits 27-24
0x070        status, which ends the interrupt; command
0x080, 0x160 alternate status; device control: bit 2 reset, bit 1 no interrupts (OpenBIOS uses the
             first address, Linux the second)
0x200        timing, which is only stored
============ =======================================================================================

Modelled: the PIO data protocols with their status bits and interrupts, block and cylinder
addresses, a `latency` from each command, or from each block written, to the disk's answer.
A command is one of `Command` and does what the standard says, or it is aborted. Left out: DMA
(IDENTIFY DEVICE denies it), device 1, 48-bit addresses, security, and the standby timer of STANDBY
and IDLE, whose value is ignored.

The disk's contents are `memory`. `attach` maps a file: by default read-only, so that the machine's
writes stay in this process, or writable and shared with the file. Without a file there is no disk,
and all registers read as zero.
"""

import enum
import mmap
import os
import shutil

import numpy as np

from pteg.components.device import NO_EVENT, Device, compiled
from pteg.components.roles import Disk
from pteg.components.storage import load, store
from pteg.errors import UserError
from pteg.files import check_regular, kind_of

__all__ = ["AtaDisk", "Command"]

SECTOR = 512
#: The largest disk that 28-bit addresses reach.
LARGEST = (1 << 28) * SECTOR
#: Geometry for cylinder addresses, unless INITIALIZE DEVICE PARAMETERS gives another one.
HEADS, SECTORS = 16, 63
#: Power modes, as CHECK POWER MODE tells them; nothing answers in the last one but a reset.
ACTIVE, IDLE, STANDBY, SLEEP = 0xFF, 0x80, 0x00, 0x01
#: SET FEATURES: transfer mode; the mode itself: PIO without and with IORDY, PIO 0 to 4.
TRANSFER_MODE = 3
MODES = (0x00, 0x01, 0x08, 0x09, 0x0A, 0x0B, 0x0C)
#: Sectors in a block of READ MULTIPLE and WRITE MULTIPLE, at most.
MULTIPLE = 16

# Register numbers: offset >> 4
(DATA, ERROR, COUNT, LOW, MIDDLE, HIGH, DEVICE, STATUS) = range(8)
CONTROL, CONTROL_2, TIMING = 0x08, 0x16, 0x20
# Status
BSY, DRDY, DSC, DRQ, ERR = 0x80, 0x40, 0x10, 0x08, 0x01
# Error
ABRT, IDNF = 0x04, 0x10
# Device, device control
BLOCK_ADDRESS, DEVICE_1 = 0x40, 0x10
RESET, NO_INTERRUPT = 0x04, 0x02
#: What IDENTIFY DEVICE says beside numbers.
_SERIAL, _REVISION, _MODEL = b"1", b"1", b"pteg disk"


class Command(enum.IntEnum):
    """Commands that the disk knows."""

    NOP = 0x00                  # always refused, as ATA asks
    RECALIBRATE = 0x10
    READ = 0x20
    READ_ONCE = 0x21            # without retries
    WRITE = 0x30
    WRITE_ONCE = 0x31
    VERIFY = 0x40
    VERIFY_ONCE = 0x41
    SEEK = 0x70
    DIAGNOSE = 0x90
    GEOMETRY = 0x91             # INITIALIZE DEVICE PARAMETERS
    READ_MULTIPLE = 0xC4
    WRITE_MULTIPLE = 0xC5
    SET_MULTIPLE = 0xC6
    STANDBY_IMMEDIATE = 0xE0
    IDLE_IMMEDIATE = 0xE1
    STANDBY = 0xE2
    IDLE = 0xE3
    POWER_MODE = 0xE5
    SLEEP = 0xE6
    FLUSH = 0xE7
    IDENTIFY = 0xEC
    FEATURES = 0xEF


# Constants for compiled code, which knows no enums.
(_READ, _READ_ONCE, _WRITE, _WRITE_ONCE, _VERIFY, _VERIFY_ONCE, _SEEK, _DIAGNOSE, _READ_MULTIPLE,
 _WRITE_MULTIPLE, _SET_MULTIPLE, _POWER_MODE, _SLEEP, _IDENTIFY, _FEATURES, _GEOMETRY,
 _RECALIBRATE, _FLUSH, _STANDBY, _STANDBY_IMMEDIATE, _IDLE, _IDLE_IMMEDIATE) = (
    int(Command[name]) for name in (
        "READ", "READ_ONCE", "WRITE", "WRITE_ONCE", "VERIFY", "VERIFY_ONCE", "SEEK", "DIAGNOSE",
        "READ_MULTIPLE", "WRITE_MULTIPLE", "SET_MULTIPLE", "POWER_MODE", "SLEEP", "IDENTIFY",
        "FEATURES", "GEOMETRY", "RECALIBRATE", "FLUSH", "STANDBY", "STANDBY_IMMEDIATE", "IDLE",
        "IDLE_IMMEDIATE"))
_WRITES = (_WRITE, _WRITE_ONCE, _WRITE_MULTIPLE)


class AtaDisk(Device, Disk):
    """An IDE channel, with or without a disk.

    Parameters
    ----------
    latency : int
        Core clocks from a command to its data or its end.
    """

    dtype = np.dtype([
        ("irq", "u4"),                      # output pin, INTRQ
        ("sectors", "u4"),                  # of the disk; 0: no disk
        ("busy", "i8"),                     # clocks until the disk answers; 0: it has
        ("latency", "i8"),
        # The command block, as the processor has written it
        ("command", "u1"), ("feature", "u1"), ("count", "u1"), ("low", "u1"), ("middle", "u1"),
        ("high", "u1"), ("device", "u1"),
        ("control", "u1"), ("error", "u1"), ("status", "u1"), ("interrupting", "u1"),
        ("timing", "u4"),
        ("multiple", "u1"),                 # sectors in a block, or 0
        ("heads", "u1"), ("track", "u1"),   # geometry: heads, sectors of a track
        ("power", "u1"),                    # mode
        # The transfer: next sector, sectors left, bytes of this block, and how many are through
        ("sector", "u4"), ("left", "u4"), ("length", "u4"), ("position", "u4"),
        ("buffer", "u1", MULTIPLE * SECTOR),
    ], align=True)

    def __init__(self, name: str = "disk", base: int = 0x80020000, size: int = 0x1000,
                 *, first: int = 6, latency: int = 1000):
        self._latency, self._open = latency, None
        super().__init__(name, base, size, first=first)

    def reset(self):
        super().reset()
        s = self.state[0]
        s["sectors"], s["latency"] = len(self.memory) // SECTOR, self._latency
        s["status"], s["error"], s["count"], s["low"] = DRDY | DSC, 1, 1, 1
        s["heads"], s["track"], s["power"] = HEADS, SECTORS, ACTIVE

    def attach(self, path, writable=False):
        """Make a file the disk; its size is a multiple of 512 bytes.

        Parameters
        ----------
        path : path
        writable : bool
            What the machine writes goes to the file. Otherwise it is forgotten with the machine,
            and the file is only opened for reading.

        Raises
        ------
        UserError
            The file cannot be used, or another process has it as a writable disk.
        """
        check_regular(path, blocks=True)
        try:
            # Not closed while the disk is in use: the file's lock goes with it.
            file = open(path, "r+b" if writable else "rb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}") from None
        try:
            self._map(file, path, writable)
        except BaseException:
            file.close()
            raise
        self._open, self.file = file, os.path.realpath(path)
        self.reset()

    def _map(self, file, path, writable):
        size = file.seek(0, 2) if file.seekable() else 0
        if size % SECTOR or not 0 < size <= LARGEST:
            raise UserError(f"{path}: a disk must have a multiple of {SECTOR} bytes, at most "
                            f"{LARGEST >> 30} GB, not {size}")
        file.seek(0)
        kind = kind_of(file.read(SECTOR))
        if kind.endswith("disk image"):
            raise UserError(f"{path}: a disk must be a file of its sectors, not {kind}")
        try:
            _lock(file, writable)
            if writable:
                _check_room(file, size, path)
            # ACCESS_COPY: pages that are written become this process's own.
            mapped = mmap.mmap(file.fileno(), size,
                               access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_COPY)
        except BlockingIOError:
            raise UserError(f"{path}: another machine {'uses' if writable else 'writes to'} "
                            f"this disk") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: {error}") from None
        self.memory = np.frombuffer(mapped, np.uint8)

    def check(self):
        s = self.state[0]
        if not (s["sectors"] * SECTOR == len(self.memory) and s["latency"] == self._latency
                and 0 <= s["busy"] <= self._latency and s["multiple"] <= MULTIPLE
                and 1 <= s["heads"] <= HEADS and s["track"] >= 1
                and s["power"] in (ACTIVE, IDLE, STANDBY, SLEEP)
                and s["position"] <= s["length"] <= MULTIPLE * SECTOR
                and s["position"] % 2 == 0
                and int(s["sector"]) + int(s["left"]) <= s["sectors"]
                and (s["command"] not in _WRITES or s["length"] <= s["left"] * SECTOR)):
            raise UserError(f"{self.name} cannot be in this state")

    @compiled
    def read(state, memory, offset, size):
        s = state[0]
        n = offset >> 4
        if n == TIMING and size == 4:
            return np.uint64(s.timing)
        present = s.sectors and not s.device & DEVICE_1
        if n == CONTROL_2:
            n = CONTROL
        if not present or offset & 15 or n > CONTROL:
            return np.uint64(0)
        if n == DATA:
            if not s.status & DRQ or size > 4 or size & 1 or s.position + size > s.length:
                return np.uint64(0)
            value = load(s.buffer, np.int64(s.position), size)
            s.position += np.uint32(size)
            _moved(s)
            return value
        # The command block is the disk's while it is busy: only the status can be seen.
        value = s.status if s.status & BSY or n == CONTROL else _register(s, n)
        if n == STATUS:
            s.interrupting = 0
            _pins(s)
        return np.uint64(value) << np.uint64(8 * (size - 1))

    @compiled
    def write(state, memory, offset, size, value):
        s = state[0]
        n = offset >> 4
        byte = np.uint8(np.uint64(value) >> np.uint64(8 * (size - 1)) & np.uint64(0xFF))
        if n == TIMING and size == 4:
            s.timing = np.uint32(value)
            return
        if s.sectors == 0 or offset & 15:
            return
        if n == CONTROL or n == CONTROL_2:
            if s.control & RESET and not byte & RESET:
                _signature(s)
                s.status = DRDY | DSC
            elif byte & RESET:
                s.status = BSY
                s.multiple = s.interrupting = s.busy = s.left = s.length = s.position = 0
                s.heads, s.track = HEADS, SECTORS
                if s.power == SLEEP:
                    s.power = STANDBY
            s.control = byte
            _pins(s)
            return
        if s.status & BSY or n > STATUS:
            return
        if n == DATA:
            if (s.status & DRQ and _writes(s.command) and not s.device & DEVICE_1 and size <= 4
                    and size & 1 == 0 and s.position + size <= s.length):
                store(s.buffer, np.int64(s.position), size, value)
                s.position += np.uint32(size)
                _moved(s)
        elif n == ERROR:
            s.feature = byte
        elif n == COUNT:
            s.count = byte
        elif n == LOW:
            s.low = byte
        elif n == MIDDLE:
            s.middle = byte
        elif n == HIGH:
            s.high = byte
        elif n == DEVICE:
            s.device = byte
        elif s.power != SLEEP and (not s.device & DEVICE_1 or byte == _DIAGNOSE):
            _start(s, byte)
            _pins(s)

    @compiled
    def next_event(state, memory):
        s = state[0]
        return s.busy if s.busy else np.int64(NO_EVENT)

    @compiled
    def tick(state, memory, clocks):
        s = state[0]
        if s.busy:
            s.busy = max(0, s.busy - clocks)
            if s.busy == 0:
                _answer(s, memory)
                _pins(s)


def _check_room(file, size, path):
    """UserError if the blocks that a file with holes lacks do not fit on its disk.

    They are taken while the file is mapped, where a full disk would kill this process.
    """
    # Systems that do not say how many blocks a file has are taken to have all.
    missing = size - 512 * getattr(os.fstat(file.fileno()), "st_blocks", size)
    free = shutil.disk_usage(os.path.dirname(os.path.realpath(path))).free
    if missing > free:
        raise UserError(f"{path}: its disk must have {missing >> 20} MB free for what this file "
                        f"can grow by, not {free >> 20} MB")


def _lock(file, exclusive):
    """Keep other processes from writing to the file, or from using it at all."""
    try:
        import fcntl
    except ImportError:     # a system without such locks
        return
    fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)


# Commands ---------------------------------------------------------------------------------------

@compiled
def _pins(s):
    s.irq = np.uint32(s.interrupting != 0 and not s.control & NO_INTERRUPT)


@compiled
def _end(s, error):
    """The command is over."""
    s.error = error
    s.status = DRDY | DSC | (ERR if error else 0)
    s.interrupting = 1


@compiled
def _address(s):
    """The sector that the command block names; `sectors` if there is no such sector."""
    if s.device & BLOCK_ADDRESS:
        sector = ((np.int64(s.device) & 15) << 24 | np.int64(s.high) << 16
                  | np.int64(s.middle) << 8 | np.int64(s.low))
    else:
        head = np.int64(s.device) & 15
        if s.low == 0 or s.low > s.track or head >= s.heads:
            return np.int64(s.sectors)
        track = (np.int64(s.high) << 8 | np.int64(s.middle)) * np.int64(s.heads) + head
        sector = track * np.int64(s.track) + np.int64(s.low) - 1
    return min(sector, np.int64(s.sectors))


@compiled
def _set_address(s, sector):
    """Leave the address of the latest sector in the command block."""
    if s.device & BLOCK_ADDRESS:
        s.device = s.device & 0xF0 | sector >> 24 & 15
        s.high, s.middle, s.low = sector >> 16 & 0xFF, sector >> 8 & 0xFF, sector & 0xFF
    else:
        heads, length = np.int64(s.heads), np.int64(s.track)
        track = sector // length
        s.low = sector % length + 1
        s.device = s.device & 0xF0 | track % heads
        s.high, s.middle = track // heads >> 8 & 0xFF, track // heads & 0xFF


@compiled
def _reads(command):
    return command == _READ or command == _READ_ONCE or command == _READ_MULTIPLE


@compiled
def _writes(command):
    return command == _WRITE or command == _WRITE_ONCE or command == _WRITE_MULTIPLE


@compiled
def _block(s):
    """Sectors of the next block."""
    many = s.command == _READ_MULTIPLE or s.command == _WRITE_MULTIPLE
    return min(np.int64(s.left), np.int64(s.multiple) if many else 1)


@compiled
def _identify(s):
    """The 256 words that describe the disk."""
    s.buffer[:SECTOR] = 0
    sectors = np.int64(s.sectors)
    heads, track = np.int64(s.heads), np.int64(s.track)
    cylinders = min(sectors // (HEADS * SECTORS), 16383)
    current = min(sectors // (heads * track), 65535)
    chs = current * heads * track
    words = ((0, 0x0040), (1, cylinders), (3, HEADS), (6, SECTORS),
             (47, 0x8000 | MULTIPLE), (49, 0x0200), (50, 0x4000), (53, 0x0003),
             (54, current), (55, heads), (56, track), (57, chs & 0xFFFF), (58, chs >> 16),
             (59, 0x0100 | s.multiple if s.multiple else 0),
             (60, sectors & 0xFFFF), (61, sectors >> 16),
             (64, 0x0003), (67, 120), (68, 120),           # PIO modes 3 and 4, 120 ns
             # Power management is there, and always enabled.
             (80, 0x001E), (82, 0x0008), (83, 0x4000), (84, 0x4000), (85, 0x0008), (87, 0x4000))
    for number, word in words:
        s.buffer[2 * number], s.buffer[2 * number + 1] = word & 0xFF, word >> 8
    # Texts have the first character of each pair in the upper byte.
    for start, end, text in ((10, 20, _SERIAL), (23, 27, _REVISION), (27, 47, _MODEL)):
        for i in range(2 * (end - start)):
            s.buffer[2 * start + (i ^ 1)] = text[i] if i < len(text) else 0x20


@compiled
def _answer(s, memory):
    """The disk has data for the processor, or room for some, or the command is over."""
    command = s.command
    if command == _IDENTIFY:
        _identify(s)
        s.length, s.position = SECTOR, 0
    elif _reads(command):
        count = _block(s)
        at = np.int64(s.sector) * SECTOR
        s.length, s.position = count * SECTOR, 0
        for i in range(count * SECTOR):
            s.buffer[i] = memory[at + i]
        s.sector += np.uint32(count)
        s.left -= np.uint32(count)
        _set_address(s, np.int64(s.sector) - 1)
    elif _writes(command):
        # The block in the buffer is on the disk; is there another one to come?
        at = np.int64(s.sector) * SECTOR
        for i in range(s.length):
            memory[at + i] = s.buffer[i]
        s.sector += np.uint32(s.length // SECTOR)
        s.left -= np.uint32(s.length // SECTOR)
        _set_address(s, np.int64(s.sector) - 1)
        if s.left == 0:
            _end(s, 0)
            return
        s.length, s.position = _block(s) * SECTOR, 0
    else:
        _end(s, 0)
        if command == _DIAGNOSE:
            s.error = 1                     # device 0 has passed
        return
    s.status = DRDY | DSC | DRQ
    s.interrupting = 1


@compiled
def _set_geometry(s):
    """INITIALIZE DEVICE PARAMETERS: heads and sectors of a track. Whether they can be."""
    if s.count == 0:
        return False
    s.heads, s.track = (s.device & 15) + 1, s.count
    return True


@compiled
def _set_power(s, command):
    """A power mode by a command; whether it is one of these."""
    if command == _STANDBY or command == _STANDBY_IMMEDIATE:
        s.power = STANDBY
    elif command == _IDLE or command == _IDLE_IMMEDIATE:
        s.power = IDLE
    elif command == _SLEEP:
        s.power = SLEEP
    else:
        return False
    return True


@compiled
def _start(s, command):
    """A command has been written."""
    s.command = command
    s.error, s.interrupting = 0, 0
    s.left = s.length = s.position = 0
    verify = command == _VERIFY or command == _VERIFY_ONCE
    refused = 0
    if (command == _READ_MULTIPLE or command == _WRITE_MULTIPLE) and s.multiple == 0:
        refused = ABRT
    elif _reads(command) or _writes(command) or verify or command == _SEEK:
        sector = _address(s)
        left = 1 if command == _SEEK else np.int64(s.count) if s.count else 256
        if sector + left > s.sectors:
            refused = IDNF
        else:
            s.sector, s.left, s.power = sector, left, ACTIVE
            if verify:
                _set_address(s, sector + left - 1)
    elif command == _SET_MULTIPLE:
        if s.count > MULTIPLE or s.count & (s.count - 1):
            refused = ABRT
        else:
            s.multiple = s.count
    elif command == _POWER_MODE:
        s.count = s.power
    elif command == _GEOMETRY:
        if not _set_geometry(s):
            refused = ABRT
    elif command == _DIAGNOSE:
        _signature(s)
    elif command == _FEATURES:
        # Transfer modes: PIO ones, which need no doing. No other features.
        if s.feature != TRANSFER_MODE or s.count not in MODES:
            refused = ABRT
    elif command == _RECALIBRATE:
        s.power = ACTIVE
    elif not (command == _IDENTIFY or command == _FLUSH or _set_power(s, command)):
        refused = ABRT
    if refused:
        _end(s, refused)
    elif _writes(command):                 # the first block is asked for without an interrupt
        s.status = DRDY | DSC | DRQ
        s.length = _block(s) * SECTOR
    else:
        s.status = BSY
        s.busy = s.latency


@compiled
def _signature(s):
    """What a disk that is not a packet device shows after a reset."""
    s.count = s.low = s.error = 1
    s.middle = s.high = s.device = 0


# Registers --------------------------------------------------------------------------------------

@compiled
def _moved(s):
    """Bytes have passed through the data register; was it the end of the block?"""
    if s.position < s.length:
        return
    if _writes(s.command) or s.left:
        s.status = BSY
        s.busy = s.latency
    else:
        s.status = DRDY | DSC


@compiled
def _register(s, n):
    if n == ERROR:
        return s.error
    if n == COUNT:
        return s.count
    if n == LOW:
        return s.low
    if n == MIDDLE:
        return s.middle
    if n == HIGH:
        return s.high
    if n == DEVICE:
        return s.device
    return s.status
