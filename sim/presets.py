"""Ready-made machines by name. Each preset is a function that returns a `Platform`."""

from pteg.components.dram import Dram
from pteg.components.flipper_pic import FlipperPic
from pteg.components.rom import Rom
from pteg.components.uart16550 import Uart16550
from pteg.errors import UserError
from pteg.loader import parse_size
from pteg.platform import Platform, Wire

__all__ = ["PRESETS", "g3"]


def g3(ram="32M", timed_uart=False):
    """A small board around a 750: RAM, a 16550 serial port, an interrupt controller, a boot ROM.

    ========== ============== =====================================================================
    0x00000000 dram           `ram` bytes, a power of two from 64K to 128M
    0x0C003000 pic            interrupt controller; input 6 is the serial port
    0x0C00F000 uart           16550, eight byte registers
    0xFFF00000 rom            1 MB
    ========== ============== =====================================================================

    Parameters
    ----------
    ram : int or str
        Size of main memory.
    timed_uart : bool
        Characters take the time that the line needs, 17361 cycles each at 115200 baud; otherwise
        one cycle, so that a run is not spent on waiting for the serial port.
    """
    size = parse_size(ram, "ram")
    if size & (size - 1) or not 64 << 10 <= size <= 128 << 20:
        raise UserError(f"ram must be a power of two from 64K to 128M, not {ram}")
    return Platform(
        [Dram(size=size), Rom(), Uart16550(timed=timed_uart), FlipperPic()],
        [Wire("uart", "pic", 6), Wire("pic")])


#: Every preset by name.
PRESETS = {"g3": g3}
