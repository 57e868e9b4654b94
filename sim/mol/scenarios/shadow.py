"""Shadow translation (points ii and vi): faults, protection, segments, contexts."""

from pteg.mol.guest import Guest
from pteg.mol.hostb import Option
from pteg.mol.scenarios.scenario import Scenario
from pteg.mol.small import guest, pte

__all__ = ["SCENARIOS", "first_touch", "protection", "lazy_segments", "keys", "address_spaces",
           "outside_memory"]


def first_touch(store: str = "stw r20, 0(r20)\n        stw r20, 8(r20)") -> Guest:
    """Two loads from a page, some stores, a load."""
    return guest(f"""
        load    r20, 0x50001008
        lwz     r3, 0(r20)
        lwz     r3, 4(r20)
        {store}
        lwz     r5, 0(r20)
""", [pte(5, 0x50001000, 0x40000)])


def protection(user: bool = False) -> Guest:
    """Loads and stores with both keys and all PP bits."""
    text, words = "", []
    for segment, key_bits in ((5, 0), (6, 1), (7, 2), (8, 3)):
        text += f"        lis r3, {key_bits << 29 >> 16:#x}\n        ori r3, r3, {segment}\n"
        text += f"        mtsr {segment}, r3\n        isync\n"
        for pp in range(4):
            ea = segment << 28 | pp << 12
            words.append(pte(segment, ea, 0x40000 + 4096 * pp, pp))
    text += "        load r3, in_state\n        mtsrr0 r3\n"
    state = 0x5032 if user else 0x1032
    text += f"        li r3, {state}\n        mtsrr1 r3\n        rfi\nin_state:\n"
    for segment in (5, 6, 7, 8):
        for pp in range(4):
            text += f"        load r20, {segment << 28 | pp << 12 | 16:#x}\n"
            text += "        lwz r4, 0(r20)\n        stw r20, 0(r20)\n        lwz r5, 0(r20)\n"
    return guest(text, words)       # the block that maps the code is valid in both states


def lazy_segments() -> Guest:
    """15 new VSIDs, of which two are used."""
    text = "".join(f"        li r3, {0x700 + n}\n        mtsr {n}, r3\n" for n in range(1, 16))
    text += ("        isync\n        load r20, 0x50001000\n        lwz r3, 0(r20)\n"
             "        load r20, 0x60001000\n        lwz r3, 0(r20)\n")
    return guest(text, [pte(0x700 + s, s << 28 | 0x1000, 0x40000) for s in (5, 6)])


def keys(bits: int, use: str = "lwz r5, 0(r20)") -> Guest:
    """A load in supervisor state, `use` in user state; `bits` are Ks and Kp."""
    return guest(f"""
        lis     r3, {bits:#x}
        ori     r3, r3, 5
        mtsr    5, r3
        isync
        load    r20, 0x50001000
        lwz     r4, 0(r20)
        load    r3, in_user
        mtsrr0  r3
        li      r3, 0x5032
        mtsrr1  r3
        rfi
in_user:
        {use}
""", [pte(5, 0x50001000, 0x40000)])


def address_spaces(spaces: int = 100, rounds: int = 2) -> Guest:
    """Some address spaces, in rounds."""
    return guest(f"""
        li      r10, {rounds}
again:  li      r4, 0x300
        li      r5, {spaces}
        mtctr   r5
        load    r20, 0x50001000
space:  mtsr    5, r4
        isync
        lwz     r6, 0(r20)
        add     r7, r7, r6
        stw     r4, 0(r20)
        addi    r4, r4, 1
        bdnz    space
        addic.  r10, r10, -1
        bne     again
""", [pte(0x300 + n, 0x50001000, 0xA0000 + 4096 * n) for n in range(spaces)])


def outside_memory(sdr1: int = 0x40000000) -> Guest:
    """A hash table where there is no RAM."""
    return guest(f"""
        load    r3, {sdr1:#x}
        mtsdr1  r3
        isync
        load    r20, 0x50001000
        lwz     r3, 0(r20)
        stw     r3, 0(r20)
        mfspr   r7, sdr1
""")


SCENARIOS = [
    Scenario("first-touch", 6, "vi", "A page costs one fault for loads, one more for stores",
             first_touch),
    Scenario("protection", 7, "ii", "Loads and stores with both keys and all PP bits", protection),
    Scenario("lazy-segments", 9, "ii", "15 new VSIDs, of which two are used", lazy_segments),
    Scenario("shared-key", 10, "ii", "Supervisor and user state share a shadow PTE",
             lambda: keys(0x6000)),
    Scenario("two-keys", 10, "ii", "Keys that differ: two shadow PTEs", lambda: keys(0x2000)),
    Scenario("context-wrap", 11, "ii", "100 address spaces in a pool of 64 contexts",
             address_spaces, {Option.CONTEXT_LIMIT: 64},
             baseline=("with as many contexts as it wants", {})),
    Scenario("table-outside", 12, "vi", "The guest's hash table is where there is no RAM",
             outside_memory, as_bare=False),
]
