"""Commands of an ATA disk, and their PIO data protocols (ATA/ATAPI-4, chapters 8 and 9)."""

import enum

import numpy as np

from pteg.components import ata_registers as ata
from pteg.components.ata_identify import identify
from pteg.components.device import compiled

__all__ = ["Command", "answer", "data_moved", "start_command", "writes", "WRITES"]


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
WRITES = (_WRITE, _WRITE_ONCE, _WRITE_MULTIPLE)


@compiled
def reads(command):
    return command == _READ or command == _READ_ONCE or command == _READ_MULTIPLE


@compiled
def writes(command):
    return command == _WRITE or command == _WRITE_ONCE or command == _WRITE_MULTIPLE


@compiled
def next_block(s):
    """Sectors of the next block."""
    many = s.command == _READ_MULTIPLE or s.command == _WRITE_MULTIPLE
    return min(np.int64(s.left), np.int64(s.multiple) if many else 1)


@compiled
def start_command(s, command):
    """A command has been written."""
    s.command = command
    s.error, s.interrupting = 0, 0
    s.left = s.length = s.position = 0
    verify = command == _VERIFY or command == _VERIFY_ONCE
    refused = 0
    if (command == _READ_MULTIPLE or command == _WRITE_MULTIPLE) and s.multiple == 0:
        refused = ata.ABRT
    elif reads(command) or writes(command) or verify or command == _SEEK:
        sector = ata.named_sector(s)
        left = 1 if command == _SEEK else np.int64(s.count) if s.count else 256
        if sector + left > s.sectors:
            refused = ata.IDNF
        else:
            s.sector, s.left, s.power = sector, left, ata.ACTIVE
            if verify:
                ata.set_address(s, sector + left - 1)
    elif command == _SET_MULTIPLE:
        if s.count > ata.MULTIPLE or s.count & (s.count - 1):
            refused = ata.ABRT
        else:
            s.multiple = s.count
    elif command == _POWER_MODE:
        s.count = s.power
    elif command == _GEOMETRY:
        if not _set_geometry(s):
            refused = ata.ABRT
    elif command == _DIAGNOSE:
        ata.signature(s)
    elif command == _FEATURES:
        # Transfer modes: PIO ones, which need no doing. No other features.
        if s.feature != ata.TRANSFER_MODE or s.count not in ata.MODES:
            refused = ata.ABRT
    elif command == _RECALIBRATE:
        s.power = ata.ACTIVE
    elif not (command == _IDENTIFY or command == _FLUSH or _set_power(s, command)):
        refused = ata.ABRT
    if refused:
        ata.end_command(s, refused)
    elif writes(command):                 # the first block is asked for without an interrupt
        s.status = ata.DRDY | ata.DSC | ata.DRQ
        s.length = next_block(s) * ata.SECTOR
    else:
        s.status = ata.BSY
        s.busy = s.latency


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
        s.power = ata.STANDBY
    elif command == _IDLE or command == _IDLE_IMMEDIATE:
        s.power = ata.IDLE
    elif command == _SLEEP:
        s.power = ata.SLEEP
    else:
        return False
    return True


@compiled
def answer(s, memory):
    """The disk has data for the processor, or room for some, or the command is over."""
    command = s.command
    if command == _IDENTIFY:
        identify(s)
        s.length, s.position = ata.SECTOR, 0
    elif reads(command):
        count = next_block(s)
        at = np.int64(s.sector) * ata.SECTOR
        s.length, s.position = count * ata.SECTOR, 0
        for i in range(count * ata.SECTOR):
            s.buffer[i] = memory[at + i]
        s.sector += np.uint32(count)
        s.left -= np.uint32(count)
        ata.set_address(s, np.int64(s.sector) - 1)
    elif writes(command):
        # The block in the buffer is on the disk; is there another one to come?
        at = np.int64(s.sector) * ata.SECTOR
        for i in range(s.length):
            memory[at + i] = s.buffer[i]
        s.sector += np.uint32(s.length // ata.SECTOR)
        s.left -= np.uint32(s.length // ata.SECTOR)
        ata.set_address(s, np.int64(s.sector) - 1)
        if s.left == 0:
            ata.end_command(s, 0)
            return
        s.length, s.position = next_block(s) * ata.SECTOR, 0
    else:
        ata.end_command(s, 0)
        if command == _DIAGNOSE:
            s.error = 1                     # device 0 has passed
        return
    s.status = ata.DRDY | ata.DSC | ata.DRQ
    s.interrupting = 1


@compiled
def data_moved(s):
    """Bytes have passed through the data register; was it the end of the block?"""
    if s.position < s.length:
        return
    if writes(s.command) or s.left:
        s.status = ata.BSY
        s.busy = s.latency
    else:
        s.status = ata.DRDY | ata.DSC
