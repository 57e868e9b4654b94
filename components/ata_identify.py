"""IDENTIFY DEVICE (ATA/ATAPI-4, 8.12): what a disk says about itself."""

import numpy as np

from pteg.components import ata_registers as ata
from pteg.components.device import compiled

#: What it says beside numbers.
_SERIAL, _REVISION, _MODEL = b"1", b"1", b"pteg disk"


@compiled
def identify(s):
    """The 256 words that describe the disk."""
    s.buffer[:ata.SECTOR] = 0
    sectors = np.int64(s.sectors)
    heads, track = np.int64(s.heads), np.int64(s.track)
    cylinders = min(sectors // (ata.HEADS * ata.SECTORS), 16383)
    current = min(sectors // (heads * track), 65535)
    chs = current * heads * track
    words = ((0, 0x0040), (1, cylinders), (3, ata.HEADS), (6, ata.SECTORS),
             (47, 0x8000 | ata.MULTIPLE), (49, 0x0200), (50, 0x4000), (53, 0x0003),
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
