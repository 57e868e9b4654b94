"""World switches and changes of mode (points ii and vii)."""

from dataclasses import replace

from pteg.firmware.asm import assemble
from pteg.mol import exits
from pteg.mol.guest import Guest
from pteg.mol.hostb import Flag, Option
from pteg.mol.scenarios.scenario import Scenario
from pteg.mol.scenarios.shadow import address_spaces
from pteg.mol.small import guest, pte

__all__ = ["SCENARIOS", "ALL_MODES_SUM", "all_modes", "modes", "walk_over_code"]


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


#: What `all_modes` leaves in r4: of eight turns, two words of data and two marks of the code each.
ALL_MODES_SUM = 4 * (0x1100 + 0x2200 + 3 + 5 + 0x50000 + 0x70000)
_FRAGMENT = """
        lwz     r5, {offset}(r20)
        add     r4, r4, r5
        addi    r4, r4, {mark}
        stw     r4, 4(r20)
        {end}
"""
_NEXT = "mtctr r27\n        bctr"


def _words(text, at):
    """Instructions in memory, by address."""
    image = assemble(text, sections={".text": at}).image(at)
    return {at + n: int.from_bytes(image[n:n + 4], "big") for n in range(0, len(image), 4)}


def all_modes() -> Guest:
    """All [PR IR DR], with different code and different data at the same effective addresses.

    The code's first part lies in the segment of the data; with IR = 1 it goes on in another one.
    Each turn ends with sc.
    """
    turns = "".join(f"""
        load    r27, {0x10140000 if state & 0x20 else 0x148000:#x}
        load    r29, after_{state:x}
        load    r3, {state:#x}
        mtspr   srr1, r3
        load    r3, 0x140000
        mtspr   srr0, r3
        rfi
after_{state:x}:
""" for state in (0x1002 | user | mode for user in (0, 0x4000) for mode in (0, 0x10, 0x20, 0x30)))
    made = guest(f"        load r20, 0x150010\n        li r28, 0x1032\n{turns}", [
        _words(_FRAGMENT.format(offset=0, mark=0x100, end=_NEXT), 0x48000),
        _words(_FRAGMENT.format(offset=8, mark=0x1000, end="sc"), 0x4A000),
        _words(_FRAGMENT.format(offset=0, mark=0x200, end=_NEXT), 0x140000),
        _words(_FRAGMENT.format(offset=8, mark=0x2000, end="sc"), 0x148000),
        pte(0, 0x00140000, 0x48000), pte(0, 0x00150000, 0x4C000), pte(1, 0x10140000, 0x4A000),
        {0x4C010: 3, 0x4C018: 5, 0x150010: 0x50000, 0x150018: 0x70000}])
    back = assemble("        mtspr srr0, r29\n        mtspr srr1, r28\n        rfi\n",
                    sections={".text": 0xC00})
    return replace(made, memory={**made.memory, 0xC00: back.image(0xC00)})


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
             walk_over_code, limit=20_000_000, flags=Flag.EVICT_QUIETLY, tick=700),
    Scenario("calls-of-c", 30, "vii", "From assembly to C through the host",
             lambda: address_spaces(20, 1)),
    Scenario("calls-of-c-by-user", 30, "vii", "From assembly to C through the user part",
             lambda: address_spaces(20, 1), {Option.CALL_BY_USER: 1}),
    Scenario("modes", 31, "ii", "All combinations of IR and DR", modes),
    Scenario("all-modes", 31, "ii", "The same in both states, with other code for each", all_modes),
]
