"""What the ROM is told about the machine that it is built for.

The size of memory is found at start-up. Everything else is known when the ROM is built, as with any
board's firmware: which devices there are and where, and which of them is the console.
"""

from pteg.components.dram import Dram
from pteg.components.escc8530 import Escc8530
from pteg.components.rom import Rom
from pteg.components.uart16550 import Uart16550
from pteg.errors import UserError

__all__ = ["Board"]

_PAGE = 0x1000
#: The bus has half the processor's clock, the time base a fourth of the bus'.
_BUS_DIVIDER, _TIMEBASE_DIVIDER = 2, 8
#: Offset of channel A, which is the console, from the start of an 8530.
_CHANNEL_A = 0x20
#: Console drivers, in drivers/, by device class; the constant that gives them their place.
_CONSOLES = {Uart16550: ("uart16550", "uart-base", 0),
             Escc8530: ("escc8530", "escc-base", _CHANNEL_A)}


class Board:
    """A platform as the firmware sees it.

    Parameters
    ----------
    platform : pteg.platform.Platform
    """

    def __init__(self, platform):
        self.devices = platform.devices
        consoles = [(device, *_CONSOLES[type(device)]) for device in self.devices
                    if type(device) in _CONSOLES]
        if not consoles:
            raise UserError("Open Firmware needs a machine with a 16550 or an 8530 as console")
        self._console = consoles[0]
        #: Frequency of the processor's clock in Hz; the console counts in it.
        self.clock = int(self._console[0].state["core_clock"][0])

    def description(self):
        """Text that differs whenever the ROM would."""
        return "\n".join(f"{type(device).__name__} {device.name} {device.base:#x} {device.size:#x}"
                         for device in self.devices)

    def constants(self):
        """Forth source of the board's constants."""
        device, _, name, offset = self._console
        return (f"{device.base + offset:#x} constant {name}\n"
                f"{self.clock} constant clock-frequency\n"
                f"{self.clock // _BUS_DIVIDER} constant bus-frequency\n"
                f"{self.clock // _TIMEBASE_DIVIDER} constant timebase-frequency\n")

    def drivers(self):
        """Names of the drivers to compile."""
        return [self._console[1]]

    def windows(self, symbols):
        """Cells of the list of translations behind RAM: virtual, size, physical, mode."""
        cells, end = [], 0
        for device in sorted(self.devices, key=lambda device: device.base):
            if isinstance(device, Dram) or device.size > 1 << 28:
                continue
            mode = symbols["MODE_ROM"] if isinstance(device, Rom) else symbols["MODE_DEVICE"]
            low = max(device.base & -_PAGE, end)
            end = -(-(device.base + device.size) // _PAGE) * _PAGE
            if low < end:
                cells += [low, end - low, low, mode]
        return [*cells, 0, 0, 0, 0]
