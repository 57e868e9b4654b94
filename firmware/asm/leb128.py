"""Numbers of variable length, as DWARF has them (little-endian base 128)."""

from pteg.firmware.asm.expression import Problem

__all__ = ["leb128"]


def leb128(number, signed=False):
    """Seven bits a byte, the lowest first; all but the last byte have their top bit set."""
    if number < 0 and not signed:
        raise Problem(f"number must not be negative here, but is {number}")
    data = bytearray()
    while True:
        byte, number = number & 0x7F, number >> 7
        if number == 0 and not (signed and byte & 0x40) or number == -1 and signed and byte & 0x40:
            return bytes([*data, byte])
        data.append(byte | 0x80)
