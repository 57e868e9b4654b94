"""Programs for firmware to start: loaded before it runs, and described in fw_cfg.

Open Firmware finds the program's entry, size and command line there, and enters it with r5 =
address of its client interface (IEEE 1275, PowerPC binding, 8.2.2).
"""

from pteg.components.fw_cfg import Key
from pteg.components.roles import FirmwareConfiguration
from pteg.errors import UserError

__all__ = ["fw_cfg", "preload", "placed"]

#: Where a program goes that is linked to where the firmware has its exception vectors. Such a
#: program must run anywhere, as Linux does, which moves itself to 0 when it no longer needs the
#: firmware.
MOVED = 16 << 20
#: End of the firmware's exception vectors.
VECTORS = 0x4000


def fw_cfg(platform):
    """The device that tells firmware about a program, or None."""
    return platform.first(FirmwareConfiguration)


def placed(image):
    """The image at the addresses where firmware leaves room for it."""
    low = min(segment.address for segment in image.segments)
    return image.moved(MOVED) if low < VECTORS else image


def preload(machine, image, append):
    """Announce an image that is in memory, and put its command line behind it."""
    device, text = fw_cfg(machine.platform), (append or "").encode(errors="surrogateescape") + b"\0"
    if device is None:
        raise UserError("a program that firmware starts needs a machine with fw_cfg, such as g3")
    end = max(segment.address + segment.size for segment in image.segments)
    command_line = (end + 0xFFF) & ~0xFFF
    machine.memory.write(command_line, text)
    device[Key.KERNEL_ADDRESS] = image.entry
    # Up to the command line: a firmware that knows this one knows where the program begins.
    device[Key.KERNEL_SIZE] = command_line - min(segment.address for segment in image.segments)
    device[Key.KERNEL_CMDLINE] = command_line
    device[Key.BOOT_DEVICE] = b"m"
