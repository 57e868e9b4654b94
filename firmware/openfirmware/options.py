"""Configuration variables (IEEE 1275 7.4.4.1, PowerPC binding 7): their kinds and defaults.

They are string properties of /options. What differs from its default is kept in NVRAM, if the
machine has one (forth/config.fs).
"""

from enum import IntEnum

from pteg.firmware.openfirmware.tree import strings

__all__ = ["Kind", "VARIABLES", "variables", "properties", "forth_table"]


class Kind(IntEnum):
    """What values a variable can have."""

    TEXT = 0
    FLAG = 1        # true or false
    NUMBER = 2      # decimal
    ADDRESS = 3     # hexadecimal
    MODE = 4        # none, command or full


#: Kind and default of each variable.
VARIABLES = {
    "auto-boot?": (Kind.FLAG, "false"),
    "boot-command": (Kind.TEXT, "boot"),
    "boot-device": (Kind.TEXT, "ram"),
    "boot-file": (Kind.TEXT, ""),
    "diag-switch?": (Kind.FLAG, "false"),
    "diag-device": (Kind.TEXT, "ram"),
    "diag-file": (Kind.TEXT, ""),
    "fcode-debug?": (Kind.FLAG, "false"),
    "input-device": (Kind.TEXT, "console"),
    "output-device": (Kind.TEXT, "console"),
    "oem-banner": (Kind.TEXT, ""),
    "oem-banner?": (Kind.FLAG, "false"),
    "oem-logo?": (Kind.FLAG, "false"),
    "use-nvramrc?": (Kind.FLAG, "false"),
    "nvramrc": (Kind.TEXT, ""),
    "load-base": (Kind.ADDRESS, "400000"),
    "little-endian?": (Kind.FLAG, "false"),
    "real-mode?": (Kind.FLAG, "false"),
    "real-base": (Kind.ADDRESS, "-1"),
    "real-size": (Kind.ADDRESS, "-1"),
    "virt-base": (Kind.ADDRESS, "-1"),
    "virt-size": (Kind.ADDRESS, "-1"),
    "screen-#columns": (Kind.NUMBER, "80"),
    "screen-#rows": (Kind.NUMBER, "24"),
    "selftest-#megs": (Kind.NUMBER, "0"),
    "security-mode": (Kind.MODE, "none"),
    "security-password": (Kind.TEXT, ""),
    "security-#badlogins": (Kind.NUMBER, "0"),
}


#: Where a machine with a disk looks for a program first: a boot file of the type that Apple's
#: machines look for, and that of CHRP.
_DISK = r"hd:,\\:tbxi hd:,\ppc\bootinfo.txt"


def variables(board):
    """Kind and default of each variable on a `Board`."""
    disk = {"boot-device": (Kind.TEXT, f"{_DISK} ram")} if board.has_disk else {}
    return VARIABLES | disk


def properties(board):
    """Properties of /options: every variable with its default."""
    return {name: strings(default) for name, (_, default) in variables(board).items()}


def forth_table(board):
    """Forth source of the table of kinds and defaults; an empty name ends it."""
    rows = [f'{kind.value} , ," {name}" ," {default}"'
            for name, (kind, default) in variables(board).items()]
    return "\n".join(["create config-table", *rows, "-1 ,", ""])
