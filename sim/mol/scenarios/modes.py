"""World switches and changes of mode (points ii and vii)."""

from pteg.mol import exits
from pteg.mol.guest import Guest
from pteg.mol.hostb import Flag, Option
from pteg.mol.scenarios.scenario import Scenario
from pteg.mol.scenarios.shadow import address_spaces
from pteg.mol.small import guest, pte

__all__ = ["SCENARIOS", "modes", "walk_over_code"]


def modes(rounds: int = 20) -> Guest:
    """All [IR DR] in supervisor state, with another mapping for data than for instructions.

    r4 sums what lies at one effective address: in the page table's page, or in real memory.
    """
    turn = "".join(f"""
        li      r3, {state:#x}
        mtmsr   r3
        isync
        lwz     r5, 0(r20)
        add     r4, r4, r5
        stw     r4, 4(r20)
""" for state in (0x1032, 0x1022, 0x1012, 0x1002, 0x1032))
    return guest(f"""
        load    r20, 0x00140010
        li      r6, {rounds}
        mtctr   r6
again:
{turn}
        bdnz    again
""", [pte(0, 0x00140000, 0x40000), {0x40010: 3, 0x140010: 0x500}])


def walk_over_code(pages: int = 64) -> Guest:
    """Through pages of code with a privileged instruction near the end of each.

    Until then the page is only used for fetches: MOL's load of the instruction needs the entry of
    the hash table.
    """
    body = f"""
        .rept   {pages}
        .rept   1000
        addi    r4, r4, 1
        .endr
        mfmsr   r5
        add     r6, r6, r5
        .endr
"""
    return guest("        li      r6, 0\n" + body, size=2 << 20)


SCENARIOS = [
    Scenario("exits", 27, "vii", "Each kind of exit many times", lambda: exits.guest()[0],
             as_bare=False),
    Scenario("exits-with-ticks", 27, "vii", "The same under a host with a tick",
             lambda: exits.guest()[0], tick=2000, as_bare=False),
    Scenario("opcode-lost", 29, "vii", "The page of an instruction goes before MOL has read it",
             walk_over_code, flags=Flag.EVICT_QUIETLY, tick=700),
    Scenario("calls-of-c", 30, "vii", "From assembly to C through the host",
             lambda: address_spaces(20, 1)),
    Scenario("calls-of-c-by-user", 30, "vii", "From assembly to C through the user part",
             lambda: address_spaces(20, 1), {Option.CALL_BY_USER: 1}),
    Scenario("modes", 31, "ii", "All combinations of IR and DR", modes),
]
