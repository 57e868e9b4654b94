"""Enumerations of the bus, without Amaranth: the simulator uses them too."""

import enum

__all__ = ["TransferType"]


class TransferType(enum.IntEnum):
    """TT[0-4] (MPC750 UM table 7-1): what a transaction does."""

    CLEAN_BLOCK = 0b00000
    FLUSH_BLOCK = 0b00100
    SYNC = 0b01000
    KILL_BLOCK = 0b01100
    EIEIO = 0b10000
    TLB_INVALIDATE = 0b11000
    LWARX_RESERVATION_SET = 0b00001
    TLBSYNC = 0b01001
    ICBI = 0b01101
    WRITE_WITH_FLUSH = 0b00010
    WRITE_WITH_KILL = 0b00110
    READ = 0b01010
    READ_WITH_INTENT_TO_MODIFY = 0b01110
    WRITE_WITH_FLUSH_ATOMIC = 0b10010
    READ_ATOMIC = 0b11010
    EXTERNAL_CONTROL_WORD_WRITE = 0b10100
    EXTERNAL_CONTROL_WORD_READ = 0b11100
