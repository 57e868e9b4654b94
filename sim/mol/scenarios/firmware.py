"""Firmware as the guest of MOL on HostL, from the reset vector in its ROM, and what it starts."""

from pteg.files import read_file
from pteg.firmware import images
from pteg.firmware.hosts.hostl.image import build as build_hostl
from pteg.firmware.installed import find
from pteg.mol.scenarios.scenario import HostScenario
from pteg.presets import g3

__all__ = ["SCENARIOS", "PROMPT", "openbios", "openfirmware"]

#: Of both firmwares.
PROMPT = "0 > "
_LIMIT = 600_000_000


def openbios() -> dict[str, bytes]:
    """The OpenBIOS that the system has installed."""
    return {"rom": read_file(find("openbios"))}


def openfirmware() -> dict[str, bytes]:
    """Our Open Firmware, and a kernel that asks it for memory, time base and arguments."""
    return {"rom": images.build("openfirmware", g3()), "kernel": build_hostl("hash=64K swap=512K")}


SCENARIOS = [
    HostScenario("openfirmware", 38, "i", "Our Open Firmware from its reset to its prompt",
                 openfirmware, ("insmod mol", "mol rom 16"), ends=PROMPT),
    HostScenario("prom-calls", 38, "i", "A kernel that Open Firmware starts, and that calls it",
                 openfirmware, ("insmod mol", "mol rom 32 kernel"), ends="swap area"),
    HostScenario("openbios", 38, "i", "OpenBIOS from its reset to its prompt, on a mac99",
                 openbios, ("insmod mol", "mol -m rom 32"), limit=_LIMIT, ends=PROMPT),
]
