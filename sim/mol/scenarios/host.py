"""What the host takes away (points iii and v): pages, entries of the hash table."""

from pteg.mol.guest import Guest
from pteg.mol.hostb import Flag, Option
from pteg.mol.scenarios.devices import DEVICE
from pteg.mol.scenarios.scenario import Scenario
from pteg.mol.small import guest, pte

__all__ = ["SCENARIOS", "ALIASES", "aliases", "checksum"]

#: Addresses that show one page.
ALIASES = (0x50001000, 0x50002000, 0x60003000)


def aliases(move: bool = True) -> Guest:
    """Three addresses under two VSIDs show a page, which the host moves meanwhile."""
    touch = "".join(f"        load r20, {ea:#x}\n        lwz r{4 + n}, 0(r20)\n"
                    for n, ea in enumerate(ALIASES))
    swap = "stw r3, 0x18(r30)" if move else "nop"
    text = (DEVICE + touch.replace("lwz r4, 0(r20)", "stw r20, 0(r20)\n        lwz r4, 0(r20)")
            + f"move:\n        load r3, 0x40000\n        {swap}\n" + touch)
    return guest(text, [pte(ea >> 28, ea, 0x40000) for ea in ALIASES])


def checksum() -> Guest:
    """Reads and writes 512 KB through pages, six times."""
    return guest("""
        li      r10, 6
        li      r3, 0
round:  load    r20, 0x50000ffc
        lis     r4, 2
        mtctr   r4
word:   lwzu    r5, 4(r20)
        add     r3, r3, r5
        xori    r3, r3, 0x5a
        stw     r3, 0(r20)
        bdnz    word
        addic.  r10, r10, -1
        bne     round
""", [pte(5, 0x50001000 + 4096 * n, 0xA0000 + 4096 * n) for n in range(128)])


SCENARIOS = [
    Scenario("aliases", 8, "iii", "The host moves a page that three addresses show", aliases,
             as_bare=False),
    Scenario("evictions", 13, "v", "The host empties the hash table at each tick", checksum,
             flags=Flag.EVICT_AT_TICK, tick=20_000, limit=40_000_000),
    Scenario("lost-reservation", 16, "iii", "The host takes a page while MOL maps it", checksum,
             flags=Flag.SWAP_AT_PAGE_IN, limit=40_000_000),
    Scenario("swapping", 17, "iii", "Every page gets another frame, twice", checksum,
             flags=Flag.SWAP_AT_TICK, tick=120_000, limit=80_000_000),
    Scenario("private-table", 17, "v", "The same with a hash table of MOL's own", checksum,
             {Option.PRIVATE_HASH: 1}, Flag.SWAP_AT_TICK, 120_000, limit=80_000_000),
]
