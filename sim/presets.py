"""Ready-made machines by name. Each preset is a function that returns a `Platform`."""

from collections.abc import Callable
from typing import Any, NamedTuple

from pteg.boot.loader import parse_size
from pteg.components.ata_disk import AtaDisk
from pteg.components.copier import Copier
from pteg.components.doorbell import Doorbell
from pteg.components.dram import Dram
from pteg.components.escc8530 import Escc8530
from pteg.components.flipper_pic import FlipperPic
from pteg.components.fw_cfg import FwCfg, Key
from pteg.components.keylargo import KeyLargo
from pteg.components.nvram import Nvram
from pteg.components.open_bus import OpenBus
from pteg.components.openpic import OpenPic
from pteg.components.pci_host import PciFunction, PciHost
from pteg.components.rom import Rom
from pteg.components.uart16550 import Uart16550
from pteg.errors import UserError
from pteg.hw.bus.ratio import Ratio
from pteg.parameters import read_parameters
from pteg.platform import SRESET, TBEN, Platform, Wire

__all__ = ["BOARDS", "PRESETS", "ROMS", "KERNEL_ROMS", "g3", "mac99"]


def g3(ram: int | str = "32M", timed_uart: bool = False, dma: bool = False,
       board: str = "yosemite", dram: str | None = None, **parameters: Any) -> Platform:
    """A small board around a 750: RAM, a 16550 serial port, an interrupt controller, a boot ROM.

    ========== ============== =====================================================================
    0x00000000 dram           `ram` bytes, a power of two from 64K to 128M
    0x0C003000 pic            interrupt controller; input 6 is the serial port
    0x0C006000 copier         DMA engine, if there is one; input 5 of the interrupt controller
    0x0C00A000 fw_cfg         a program that the firmware is to start
    0x0C00B000 doorbell       with several processors: their interrupts and soft resets
    0x0C00F000 uart           16550, eight byte registers
    0xFFF00000 rom            1 MB
    ========== ============== =====================================================================

    Parameters
    ----------
    ram : int or str
        Size of main memory.
    timed_uart : bool
        Characters take the time that the line needs, 34722 cycles of 400 MHz each at 115200 baud;
        otherwise one cycle, so that a run is not spent on waiting for the serial port.
    dma : bool
        There is a DMA engine, a second master on the bus.
    board : str
        Whose clocks and memory it has, see `BOARDS`.
    dram : str
        Bus clocks to the beats of a burst from memory, such as "5:2:2:2", in place of the board's.
    **parameters
        `pteg.parameters.MachineParameters`, sizes as numbers or as texts. A ratio is in place of
        the board's.
    """
    size = _ram_size(ram, 64 << 10, 128 << 20)
    if board not in BOARDS:
        raise UserError(f"board must be one of {', '.join(BOARDS)}, not {board!r}")
    clocks = BOARDS[board]
    parameters = {"ratio": clocks.ratio} | parameters
    several = range(n) if (n := read_parameters(parameters).processors) > 1 else range(0)
    return Platform(
        [Dram(size=size, **Dram.read_timing(clocks.dram if dram is None else dram)), Rom(),
         Uart16550(timed=timed_uart, core_clock=clocks.core), FlipperPic(),
         FwCfg({Key.BOOT_DEVICE: b"c"}, base=0x0C00A000),
         *([Copier()] if dma else []), *([Doorbell()] if several else [])],
        [Wire("uart", "pic", 6), Wire("pic"), *([Wire("copier", "pic", 5)] if dma else []),
         *(Wire("doorbell", number=p, pin=f"irq{p}") for p in several),
         *(Wire("doorbell", number=p, pin=f"sreset{p}", input=SRESET) for p in several)],
        **parameters)


def mac99(ram: int | str = "128M", timed_uart: bool = False, dram: str = "5:2:2:2",
          **parameters: Any) -> Platform:
    """A PowerMac3,1 as Open Firmware and Linux see it: UniNorth, KeyLargo, OpenPIC.

    ========== ============== =====================================================================
    0x00000000 dram           `ram` bytes, a power of two from 16M to 1G
    0x80000000 keylargo       PCI device 12: feature registers; resets of several processors
    0x80013000 escc           8530 serial ports; channel A is the console
    0x80020000 disk           IDE channel, PIO; without a file there is no disk
    0x80040000 openpic        interrupt controller; inputs 13: disk, 36 and 37: escc B and A
    0xF0000510 fw_cfg         what the firmware wants to know
    0xF2800000 pci            configuration of host bridge (device 11) and keylargo
    0xFFE04000 nvram          8 KB, a byte in every two
    0xFFF00000 rom            1 MB
    elsewhere  open_bus       reads as zero
    ========== ============== =====================================================================

    Parameters
    ----------
    ram : int or str
        Size of main memory. What firmware loads from disks goes to 64 MB and up.
    timed_uart : bool
        Characters take the time that the line needs.
    dram : str
        Bus clocks to the beats of a burst from memory.
    **parameters
        Of the processor (`pteg.parameters.MachineParameters`), sizes as numbers or as texts.
    """
    size = _ram_size(ram, 16 << 20, 1 << 30)
    nvram = Nvram()
    parameters = {"ratio": "2:1"} | parameters
    processor = read_parameters(parameters)
    bus, count = Ratio.read(processor.ratio).slower(MAC_CLOCK), processor.processors
    several = range(count) if count > 1 else range(0)
    return Platform(
        [Dram(size=size, **Dram.read_timing(dram)), Rom(),
         Escc8530(timed=timed_uart, core_clock=MAC_CLOCK),
         OpenPic(processors=count),
         KeyLargo(), AtaDisk(), nvram, OpenBus(),
         PciHost([PciFunction(11, vendor=0x106B, kind=0x1F, class_code=0x060000),
                  PciFunction(12, vendor=0x106B, kind=0x22, class_code=0xFF0000, window=0x80000)]),
         FwCfg({Key.RAM_SIZE: size, Key.NOGRAPHIC: 1, Key.CPUS: count, Key.MACHINE_ID: 1,
                Key.BOOT_DEVICE: b"c", Key.TIMEBASE_HZ: bus // 4,
                Key.CPU_HZ: MAC_CLOCK, Key.BUS_HZ: bus, Key.NVRAM_ADDRESS: nvram.base,
                Key.VIA_CONFIG: 1})],
        [Wire("escc", "openpic", 0x24, pin="irq_b"), Wire("escc", "openpic", 0x25, pin="irq_a"),
         Wire("disk", "openpic", 0x0D), Wire("openpic"),
         *(Wire("openpic", number=p, pin=f"irq{p}") for p in several[1:]),
         *(Wire("keylargo", number=p, pin=f"sreset{p}", input=SRESET) for p in several),
         *(Wire("keylargo", number=p, pin="timebase_stopped", input=TBEN) for p in several)],
        **parameters)


#: Clock of the mac99's processor in Hz. Slow on purpose: firmware waits for devices by the clock.
MAC_CLOCK = 100_000_000


class Board(NamedTuple):
    """Clocks and memory of a machine that existed.

    Attributes
    ----------
    core : int
        Hz.
    ratio : str
        Of the core's clock to that of the bus.
    dram : str
        Bus clocks to the beats of a burst.
    """

    core: int
    ratio: str
    dram: str


#: By name: Power Macintosh G3 (blue and white) 400 with the manual's memory at this ratio (750GX UM
#: p. 236); iMac 233 and GameCube, whose memory timings are assumptions.
BOARDS = {"yosemite": Board(400_000_000, "4:1", "5:2:2:2"),
          "imac": Board(233_333_333, "3.5:1", "6:2:2:2"),
          "gamecube": Board(486_000_000, "3:1", "5:1:1:1")}


def _ram_size(ram: int | str, least: int, most: int) -> int:
    size = parse_size(ram, "ram")
    if size & (size - 1) or not least <= size <= most:
        def short(n: int) -> str:
            return f"{n >> 20}M" if n >> 20 else f"{n >> 10}K"

        raise UserError(f"ram must be a power of two from {short(least)} to {short(most)}, "
                        f"not {ram}")
    return size


#: Every preset by name.
PRESETS: dict[str, Callable[..., Platform]] = {"g3": g3, "mac99": mac99}
#: The ROM that each is run with unless the user says otherwise; without a kernel, and with one.
ROMS = {"g3": "openfirmware", "mac99": "openbios"}
KERNEL_ROMS = {"g3": "none", "mac99": "openbios"}
