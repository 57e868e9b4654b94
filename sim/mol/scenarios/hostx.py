"""Sessions of MOL on HostX: the plan of the e-mail, the port, a table that is shared.

The letters of the program `mol` select how each point is solved (docs/hosts/hostx.md).
"""

from functools import partial

from pteg.firmware.hosts.hostx.image import build_with_mol
from pteg.mol.scenarios.scenario import HostScenario
from pteg.mol.scenarios.sessions import counting, crowd

__all__ = ["SCENARIOS", "PLAN", "PORT"]

PLAN, PORT = "-ivckt", "-vcw"
_LOAD = ("insmod mol", "insmod molport")
_BUSY = "stress 2 100 20000 &"
_Scenario = partial(HostScenario, build=build_with_mol)


def _one():
    return {"one": counting("L", 300)}


def _two():
    return {"long": counting("L", 2000), "short": counting("S", 500)}


def _crowd():
    return {"crowd": crowd()}


SCENARIOS = [
    _Scenario("hostx-two-sessions", 3, "i", "Two guests at once, by messages and by ioctls", _two,
              (*_LOAD, f"mol {PLAN} short 2 &", f"mol {PORT} long 2")),
    _Scenario("hostx-shared", 15, "v", "HostX: the guest's entries in a table of exact slots",
              _crowd, (*_LOAD, _BUSY, "mol crowd 4"), "hash=64K"),
    _Scenario("hostx-private", 15, "v", "HostX: the same with a hash table of MOL's own", _crowd,
              (*_LOAD, _BUSY, "mol -vs crowd 4"), "hash=64K"),
    _Scenario("hostx-swapping", 17, "iii", "HostX swaps the guest's pages; the plan", _one,
              (*_LOAD, "stress 2 300 9000 &", f"mol {PLAN} one 2"), "mem=2M swap=8M hash=64K"),
    _Scenario("hostx-trampoline", 30, "vii", "HostX: assembly calls C", _one,
              (*_LOAD, "mol -v one 2")),
    _Scenario("hostx-by-user", 30, "vii", "HostX: the same by a return and an ioctl", _one,
              (*_LOAD, "mol -vc one 2")),
    _Scenario("hostx-plan", 30, "vii", "HostX: the plan of the e-mail", _one,
              (*_LOAD, f"mol {PLAN} one 2")),
    _Scenario("hostx-port", 30, "vii", "HostX: the port that came of it", _one,
              (*_LOAD, f"mol {PORT} one 2")),
]
