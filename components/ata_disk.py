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

import os

import numpy as np

from pteg.components import ata_registers as ata
from pteg.components.ata_commands import WRITES, Command, answer, data_moved, start_command, writes
from pteg.components.device import NO_EVENT, Device, compiled
from pteg.components.disk_file import map_disk
from pteg.components.roles import Disk
from pteg.components.storage import load, store
from pteg.errors import UserError

__all__ = ["AtaDisk", "Command"]

_DIAGNOSE = int(Command.DIAGNOSE)       # for compiled code


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
        ("buffer", "u1", ata.MULTIPLE * ata.SECTOR),
    ], align=True)

    def __init__(self, name: str = "disk", base: int = 0x80020000, size: int = 0x1000,
                 *, first: int = 6, latency: int = 1000):
        self._latency, self._open = latency, None
        super().__init__(name, base, size, first=first)

    def reset(self):
        super().reset()
        s = self.state[0]
        s["sectors"], s["latency"] = len(self.memory) // ata.SECTOR, self._latency
        s["status"], s["error"], s["count"], s["low"] = ata.DRDY | ata.DSC, 1, 1, 1
        s["heads"], s["track"], s["power"] = ata.HEADS, ata.SECTORS, ata.ACTIVE

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
        file, self.memory = map_disk(path, writable, ata.SECTOR, ata.LARGEST)
        self._open, self.file = file, os.path.realpath(path)
        self.reset()

    def check(self):
        s = self.state[0]
        if not (s["sectors"] * ata.SECTOR == len(self.memory) and s["latency"] == self._latency
                and 0 <= s["busy"] <= self._latency and s["multiple"] <= ata.MULTIPLE
                and 1 <= s["heads"] <= ata.HEADS and s["track"] >= 1
                and s["power"] in (ata.ACTIVE, ata.IDLE, ata.STANDBY, ata.SLEEP)
                and s["position"] <= s["length"] <= ata.MULTIPLE * ata.SECTOR
                and s["position"] % 2 == 0
                and int(s["sector"]) + int(s["left"]) <= s["sectors"]
                and (s["command"] not in WRITES or s["length"] <= s["left"] * ata.SECTOR)):
            raise UserError(f"{self.name} cannot be in this state")

    @compiled
    def read(state, memory, offset, size):
        s = state[0]
        n = offset >> 4
        if n == ata.TIMING and size == 4:
            return np.uint64(s.timing)
        present = s.sectors and not s.device & ata.DEVICE_1
        if n == ata.CONTROL_2:
            n = ata.CONTROL
        if not present or offset & 15 or n > ata.CONTROL:
            return np.uint64(0)
        if n == ata.DATA:
            if not s.status & ata.DRQ or size > 4 or size & 1 or s.position + size > s.length:
                return np.uint64(0)
            value = load(s.buffer, np.int64(s.position), size)
            s.position += np.uint32(size)
            data_moved(s)
            return value
        # The command block is the disk's while it is busy: only the status can be seen.
        value = s.status if s.status & ata.BSY or n == ata.CONTROL else ata.register_value(s, n)
        if n == ata.STATUS:
            s.interrupting = 0
            ata.pins(s)
        return np.uint64(value) << np.uint64(8 * (size - 1))

    @compiled
    def write(state, memory, offset, size, value):
        s = state[0]
        n = offset >> 4
        byte = np.uint8(np.uint64(value) >> np.uint64(8 * (size - 1)) & np.uint64(0xFF))
        if n == ata.TIMING and size == 4:
            s.timing = np.uint32(value)
            return
        if s.sectors == 0 or offset & 15:
            return
        if n == ata.CONTROL or n == ata.CONTROL_2:
            if s.control & ata.RESET and not byte & ata.RESET:
                ata.signature(s)
                s.status = ata.DRDY | ata.DSC
            elif byte & ata.RESET:
                s.status = ata.BSY
                s.multiple = s.interrupting = s.busy = s.left = s.length = s.position = 0
                s.heads, s.track = ata.HEADS, ata.SECTORS
                if s.power == ata.SLEEP:
                    s.power = ata.STANDBY
            s.control = byte
            ata.pins(s)
            return
        if s.status & ata.BSY or n > ata.STATUS:
            return
        if n == ata.DATA:
            if (s.status & ata.DRQ and writes(s.command) and not s.device & ata.DEVICE_1
                    and size <= 4 and size & 1 == 0 and s.position + size <= s.length):
                store(s.buffer, np.int64(s.position), size, value)
                s.position += np.uint32(size)
                data_moved(s)
        elif n == ata.ERROR:
            s.feature = byte
        elif n == ata.COUNT:
            s.count = byte
        elif n == ata.LOW:
            s.low = byte
        elif n == ata.MIDDLE:
            s.middle = byte
        elif n == ata.HIGH:
            s.high = byte
        elif n == ata.DEVICE:
            s.device = byte
        elif s.power != ata.SLEEP and (not s.device & ata.DEVICE_1 or byte == _DIAGNOSE):
            start_command(s, byte)
            ata.pins(s)

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
                answer(s, memory)
                ata.pins(s)
