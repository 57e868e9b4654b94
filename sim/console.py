"""`Console`: the other end of a machine's serial port, for scripts."""

from pteg.components.console import encoded
from pteg.components.roles import ConsolePort
from pteg.errors import UserError

__all__ = ["Console"]


class Console:
    """The other end of the machine's first serial port."""

    def __init__(self, device: ConsolePort | None):
        self._device = device
        self._text = bytearray()

    def write(self, data: bytes | str) -> None:
        """Type bytes (or text) on the console."""
        if self._device is None:
            raise UserError("this machine has no console")
        self._device.send(encoded(data))

    def read(self) -> bytes:
        """Bytes printed since the last call."""
        self.drain()
        text, self._text = bytes(self._text), bytearray()
        return text

    def drain(self) -> None:
        """Take what has been printed out of the device."""
        if self._device is not None:
            self._text += self._device.receive()

    @property
    def printed(self) -> int:
        """Number of characters printed since the machine exists."""
        return self._device.printed if self._device is not None else 0
