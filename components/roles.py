"""Roles: what a machine needs a device for, whatever its name and its class.

A device takes a role by deriving from it, as in `class Dram(Device, Ram)`; the machine then finds
it by the role.
"""

from abc import abstractmethod
from collections.abc import Iterable
from os import PathLike
from typing import Any, Protocol, TypeVar

import numpy as np

__all__ = ["Role", "AnyRole", "Storage", "Ram", "Rom", "ConsolePort", "BusMaster", "Disk",
           "FirmwareConfiguration", "has_role", "with_role"]

#: A function under `pteg.components.device.compiled`.
Compiled = Any


class Role(Protocol):
    """What every role has, because a device takes it."""

    name: str
    base: int
    size: int


class Storage(Role, Protocol):
    """`memory` is what the bus sees, byte by byte: programs can be loaded into it."""

    memory: np.ndarray


class Ram(Storage, Protocol):
    """Storage that writes change. The one at address 0 is main memory."""


class Rom(Storage, Protocol):
    """Storage that writes do not change: the machine's firmware."""

    @abstractmethod
    def program(self, image: bytes) -> None:
        """Put `image` at the start."""


class ConsolePort(Role, Protocol):
    """A serial port with a console at the other end of its line."""

    #: Shows a watch what has been printed: `console(state, memory, watch)`, see
    #: `pteg.components.console`.
    console: Compiled

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Type `data` on the console."""

    @abstractmethod
    def receive(self) -> bytes:
        """What the console has printed since the last call."""

    @property
    @abstractmethod
    def printed(self) -> int:
        """Number of characters that the console has ever printed."""


class BusMaster(Role, Protocol):
    """A device that reads and writes memory by itself: see `pteg.components.master`."""

    #: A transfer is over: `answer(state, memory)`.
    answer: Compiled


class Disk(Role, Protocol):
    """A drive whose medium is a file."""

    @abstractmethod
    def attach(self, path: str | PathLike, writable: bool = False) -> None:
        """Make a file the medium; without `writable` it is never changed."""


class FirmwareConfiguration(Role, Protocol):
    """Items by number, from which firmware learns of the machine and of the program to start."""

    @abstractmethod
    def __setitem__(self, key: int, value: int | bytes) -> None:
        """Set an item."""


AnyRole = TypeVar("AnyRole", bound=Role)


def has_role(device: object, role: type) -> bool:
    """Whether the class of a device derives from a role."""
    return role in type(device).__mro__


def with_role(devices: Iterable[Any], role: type[AnyRole]) -> list[AnyRole]:
    """Those of some devices that have a role."""
    return [device for device in devices if has_role(device, role)]
