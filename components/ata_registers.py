"""Registers of an ATA device and what is in them (ATA/ATAPI-4, chapters 7 and 9)."""

import numpy as np

from pteg.components.device import compiled

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


@compiled
def pins(s):
    s.irq = np.uint32(s.interrupting != 0 and not s.control & NO_INTERRUPT)


@compiled
def end_command(s, error):
    """The command is over."""
    s.error = error
    s.status = DRDY | DSC | (ERR if error else 0)
    s.interrupting = 1


@compiled
def signature(s):
    """What a disk that is not a packet device shows after a reset."""
    s.count = s.low = s.error = 1
    s.middle = s.high = s.device = 0


@compiled
def named_sector(s):
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
def set_address(s, sector):
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
def register_value(s, n):
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
