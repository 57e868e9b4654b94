"""What the ROM is told about the machine that it is built for.

The size of memory is found at start-up. Everything else is known when the ROM is built, as with any
board's firmware: which devices there are and where, and which of them is the console.
"""

from pteg.components.ata_disk import AtaDisk
from pteg.components.dram import Dram
from pteg.components.escc8530 import Escc8530
from pteg.components.fw_cfg import FwCfg
from pteg.components.keylargo import KeyLargo
from pteg.components.nvram import Nvram
from pteg.components.rom import Rom
from pteg.components.uart16550 import Uart16550
from pteg.errors import UserError

__all__ = ["Board"]

_PAGE = 0x1000
#: Devices that can be the console, and the prefix of the words that their driver has for it.
_CONSOLES = {Uart16550: "uart", Escc8530: "escc"}


class Board:
    """A platform as the firmware sees it.

    Parameters
    ----------
    platform : pteg.platform.Platform
    """

    def __init__(self, platform):
        self.devices, self.wires = platform.devices, platform.wires
        self.parameters = platform.parameters
        self.l2_size, self.processors = self.parameters.l2, self.parameters.processors
        self.is_mac = any(isinstance(device, KeyLargo) for device in self.devices)
        self.has_disk = any(isinstance(device, AtaDisk) for device in self.devices)
        consoles = [device for device in self.devices if type(device) in _CONSOLES]
        if not consoles:
            raise UserError("Open Firmware needs a machine with a 16550 or an 8530 as console")
        self.console = consoles[0]
        #: Frequencies in Hz; the console's device counts in the processor's clock.
        self.clock = int(self.console.state["core_clock"][0])
        self.bus_frequency = platform.ratio.slower(self.clock)
        self.timebase_frequency = self.bus_frequency // 4

    @property
    def message_uart(self):
        """Address of the console where the kernel itself can print, or 0."""
        return self.console.base if isinstance(self.console, Uart16550) else 0

    def description(self):
        """Text that differs whenever the ROM would."""
        devices = [f"{type(device).__qualname__} {device.name} {device.base:#x} {device.size:#x} "
                   f"{getattr(device, 'fcode', b'').hex()}" for device in self.devices]
        return "\n".join([*devices, *map(str, self.wires), str(self.parameters.changed()),
                          f"{self.clock} {self.bus_frequency}"])

    def constants(self):
        """Forth source of the board's constants."""
        fw_cfg = next((d.base for d in self.devices if isinstance(d, FwCfg)), 0)
        nvram = next((d for d in self.devices if isinstance(d, Nvram)), None)
        place = (nvram.base, nvram.memory.size, nvram.size // nvram.memory.size) if nvram else (
            0, 0, 1)
        return (f"{fw_cfg:#x} constant fw-cfg-base\n"
                f"{place[0]:#x} constant nvram-base\n"
                f"{place[1]} constant nvram-size\n"
                f"{place[2]} constant nvram-stride\n"
                f"{self.clock} constant clock-frequency\n"
                f"{self.bus_frequency} constant bus-frequency\n"
                f"{self.timebase_frequency} constant timebase-frequency\n")

    def console_words(self):
        """Forth source that gives the console's driver its names."""
        prefix = _CONSOLES[type(self.console)]
        return "".join(f"alias console-{name} {prefix}-{name}\n"
                       for name in ("init", "emit", "key", "key?"))

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
