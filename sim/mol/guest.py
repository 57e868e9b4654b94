"""A guest: a program for the bare machine and, unchanged, for the hypervisor."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pteg.boot.loader import read_elf
from pteg.machine import Machine
from pteg.state import ARCH_STATE

__all__ = ["Guest", "bare", "UNCOMPARED", "HID0"]

#: What firmware leaves in HID0: both caches are on.
HID0 = 0xC000
#: Fields of the state that are not the guest's, or depend on time.
UNCOMPARED = ("tb", "dec", "reservation", "mmcr0", "mmcr1", "pmc1", "pmc2", "pmc3", "pmc4", "sia",
              "thrm1", "thrm2", "thrm3", "l2cr", "ictc")


@dataclass
class Guest:
    """A memory image and how it begins.

    Attributes
    ----------
    memory : dict of int to bytes
        By guest-physical address.
    entry, msr : int
    stop : int
        Effective address at which it loops when it is done. No host has code there.
    size : int
        Bytes of memory.
    elf : bytes, optional
        The program as an ELF file, for its symbols.
    """

    memory: Mapping[int, bytes]
    entry: int
    stop: int
    msr: int = 0
    size: int = 2 << 20
    words: dict[int, int] = field(default_factory=dict)
    elf: bytes | None = None

    @classmethod
    def of(cls, elf: bytes, stop: int, size: int = 2 << 20) -> "Guest":
        """The guest that an ELF file is; it begins in real mode."""
        image = read_elf(elf, "guest")
        return cls({segment.address: segment.data for segment in image.segments}, image.entry, stop,
                   size=size)

    def image(self) -> bytes:
        """All of the memory."""
        image = bytearray(self.size)
        for address, data in self.memory.items():
            image[address:address + len(data)] = data
        for address, value in self.words.items():
            struct.pack_into(">I", image, address, value)
        return bytes(image)


def bare(guest: Guest, cpu: str = "functional") -> Machine:
    """A machine that is about to run the guest without a hypervisor."""
    machine = Machine("g3", cpu=cpu, rom="none", ram=guest.size)
    machine.memory.write(0, guest.image())
    machine.reset()
    machine.cpu.pc = guest.entry
    machine.cpu.msr = guest.msr
    machine.cpu.spr["HID0"] = HID0
    return machine


def comparable(state: np.ndarray) -> np.ndarray:
    """A copy of a state without what depends on time."""
    copy = state.copy()
    for name in UNCOMPARED:
        copy[name] = 0
    assert copy.dtype.names == ARCH_STATE.names
    return copy
