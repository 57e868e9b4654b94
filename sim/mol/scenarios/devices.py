"""Devices and hypercalls of the guest (points i and viii)."""

from pteg.mol.guest import Guest
from pteg.mol.scenarios.scenario import Scenario
from pteg.mol.small import guest

__all__ = ["SCENARIOS", "DEVICE", "END", "STORES", "LOADS", "stores", "load", "hypercalls"]

#: Effective address of the test device, in a data BAT.
DEVICE = """
        load    r3, 0x0e00002a
        mtspr   dbat2l, r3
        load    r3, 0xe0000003
        mtspr   dbat2u, r3
        isync
        lis     r30, 0xe000
"""
#: The guest ends the session.
END = """
        li      r3, 0
        stw     r3, 8(r30)
"""
#: Stores to the device, and what it writes down: address, cookie of the 8 bytes, size, value.
STORES = [
    ("stb r4, 0x100(r30)", "write 0e000100 00001100 00000001 00000044"),
    ("sth r4, 0x102(r30)", "write 0e000102 00001100 00000002 00003344"),
    ("stw r4, 0x104(r30)", "write 0e000104 00001100 00000004 11223344"),
    ("addi r20, r30, 0x100\n        stwu r4, 8(r20)",
     "write 0e000108 00001108 00000004 11223344"),
    ("li r20, 0x110\n        stwbrx r4, r30, r20", "write 0e000110 00001110 00000004 44332211"),
    ("li r20, 0x112\n        sthbrx r4, r30, r20", "write 0e000112 00001110 00000002 00004433"),
    ("li r20, 0x118\n        stbx r4, r30, r20", "write 0e000118 00001118 00000001 00000044")]
#: Loads from it, and their values.
LOADS = [("lwz r4, 0x100(r30)", 0x01020304), ("lhz r4, 0x100(r30)", 0x0102),
         ("lbz r4, 0x100(r30)", 0x01), ("lha r4, 0x107(r30)", None),
         ("li r20, 0x100\n        lwbrx r4, r30, r20", 0x04030201),
         ("li r20, 0x100\n        lhbrx r4, r30, r20", 0x0201),
         ("addi r20, r30, 0xf8\n        lwzu r4, 8(r20)", 0x01020304)]
_CALL = """
        load    r3, 0x113724fa
        load    r4, {magic:#x}
        li      r5, {selector}
        li      r6, {argument}
        sc
        mr      r{result}, r3
"""
_MAGIC = 0x77810F9B


def stores() -> Guest:
    """All stores of `STORES`; then it ends the session."""
    return guest(DEVICE + "        load r4, 0x11223344\n"
                 + "".join(f"        {code}\n" for code, _ in STORES) + END)


def load(code: str) -> Guest:
    """One load of `LOADS`."""
    return guest(DEVICE + f"        {code}\n")


def loads() -> Guest:
    """All loads of `LOADS`."""
    return guest(DEVICE + "".join(f"        {code}\n" for code, _ in LOADS))


def nothing() -> Guest:
    """Ends the session at once."""
    return guest(DEVICE + END)


def hypercalls() -> Guest:
    """Is putc there (r20), is 99 (r21)? putc; 99 (r23); and sc with another magic."""
    calls = [(0, 4, 20, _MAGIC), (0, 99, 21, _MAGIC), (4, ord("!"), 22, _MAGIC),
             (99, 0, 23, _MAGIC), (4, ord("?"), 24, _MAGIC - 1)]
    return guest("".join(_CALL.format(selector=selector, argument=argument, result=result,
                                      magic=magic) for selector, argument, result, magic in calls))


SCENARIOS = [
    Scenario("session", 4, "i", "A session from its making to its end", nothing, ends=True,
             as_bare=False),
    Scenario("device-stores", 36, "viii", "Stores of all forms reach a device", stores, ends=True,
             as_bare=False),
    Scenario("device-loads", 36, "viii", "Loads of all forms from a device", loads, as_bare=False),
    Scenario("hypercalls", 37, "i", "Hypercalls, and sc without the magics", hypercalls,
             as_bare=False),
]
