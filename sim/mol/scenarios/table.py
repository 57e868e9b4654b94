"""The guest's hash table (point vi): stores to it, tlbie, devices that write it."""

from pteg.mol.guest import Guest
from pteg.mol.hostb import Option
from pteg.mol.scenarios.scenario import Scenario
from pteg.mol.small import guest, pte, pte_at

__all__ = ["SCENARIOS", "STORES", "CLEAR_BLOCK", "DEVICE_STORE", "changed", "unused", "block",
           "storm", "blocks"]

#: Stores to the entry at r21; r22 is its new second word.
STORES = {
    "stb": "li r23, 0x10\n        stb r23, 6(r21)", "sth": "li r23, 5\n        sth r23, 4(r21)",
    "stwu": "stwu r22, 4(r21)", "stwx": "li r23, 4\n        stwx r22, r21, r23",
    "stbu": "li r23, 0x10\n        stbu r23, 6(r21)",
    "sthx": "li r23, 4\n        li r24, 5\n        sthx r24, r21, r23",
    "stwbrx": "li r23, 4\n        load r24, 0x12100400\n        stwbrx r24, r21, r23",
    "stwcx.": "li r23, 4\n        lwarx r24, r21, r23\n        stwcx. r22, r21, r23",
    "stswi": "mr r23, r22\n        addi r24, r21, 4\n        stswi r23, r24, 4",
}
#: Stores that clear the four entries at r21.
CLEAR_BLOCK = {"dcbz": "dcbz 0, r21",
               "stmw": "".join(f"li r{n}, 0\n        " for n in range(24, 32)) + "stmw r24, 0(r21)"}
#: A device of the user part writes the entry.
DEVICE_STORE = """load r3, 0x113724fa
        load    r9, 0x77810f9b
        mr      r10, r4
        mr      r4, r9
        li      r5, 40
        addi    r6, r21, 4
        load    r7, 0x42000
        li      r8, 4
        sc
        mr      r4, r10
"""


def changed(store: str = "stw r22, 4(r21)") -> Guest:
    """Changes an entry in use without tlbie; r4 and r5 are what it reads there."""
    return guest(f"""
        load    r20, 0x50001000
        lwz     r4, 0(r20)
        load    r21, {pte_at(5, 0x50001000):#x}
        load    r22, 0x41012
        {store}
        lwz     r5, 0(r20)
""", [pte(5, 0x50001000, 0x40000), {0x40000: 0x11, 0x41000: 0x22, 0x42000: 0x41012}])


def unused(stores: int = 1000) -> Guest:
    """Stores to an entry of which no shadow PTE was made."""
    loop = f"""li r3, {stores}
        mtctr   r3
1:      stw     r3, 0(r21)
        bdnz    1b
""" if stores else ""
    return guest(f"        load    r21, 0x8ff00\n        stw     r21, 0(r21)\n        {loop}")


def block(store: str) -> Guest:
    """Four entries of one cache block are in use; `store` clears them all. r10 to r13 are what
    their pages hold then."""
    eas = [0x50001000, 0x50401000, 0x50801000, 0x50C01000]
    text = "".join(f"        load r20, {ea:#x}\n        lwz r3, 0(r20)\n" for ea in eas)
    text += f"        load r21, {pte_at(5, eas[0]):#x}\n        {store}\n"
    text += "".join(f"        load r20, {ea:#x}\n        li r{10 + n}, 0\n"
                    f"        lwz r{10 + n}, 0(r20)\n" for n, ea in enumerate(eas))
    return guest(text, [*(pte(5, ea, 0x40000, slot=n) for n, ea in enumerate(eas)),
                        {0x40000: 0x11}])


def storm(rounds: int = 100) -> Guest:
    """64 tlbies and a load, again and again."""
    text = f"""
        load    r20, 0x50001000
        li      r10, {rounds}
1:      li      r3, 64
        mtctr   r3
        load    r21, 0x50000000
2:      tlbie   r21
        addi    r21, r21, 0x1000
        bdnz    2b
        sync
        lwz     r3, 0(r20)
        add     r4, r4, r3
        addic.  r10, r10, -1
        bne     1b
"""
    return guest(text if rounds else "", [pte(5, 0x50001000, 0x40000), {0x40000: 3}])


def blocks() -> Guest:
    """More than 256 changes of BATs; then r7 and r8 are read through two different ones."""
    return guest("""
        li      r3, 0x12
        mtspr   dbat0l, r3
        lis     r4, 0x5000
        ori     r4, r4, 3
        li      r5, 200
        mtctr   r5
1:      mtspr   dbat0u, r4
        li      r6, 0
        mtspr   dbat0u, r6
        bdnz    1b
        lis     r3, 4
        ori     r3, r3, 0x12
        mtspr   dbat0l, r3
        mtspr   dbat0u, r4
        isync
        load    r20, 0x50000000
        lwz     r7, 0x1000(r20)
        mtspr   dbat0u, r6
        lis     r3, 6
        ori     r3, r3, 0x12
        mtspr   dbat0l, r3
        mtspr   dbat0u, r4
        isync
        lwz     r9, 0(r20)
        lwz     r8, 0x1000(r20)
""", [{0x41000: 0x11, 0x61000: 0x22}])


SCENARIOS = [
    Scenario("changed-entry", 19, "vi", "An entry in use changes without tlbie", changed,
             as_bare=False),
    Scenario("unused-entry", 20, "vi", "1,000 stores to an entry that is not in use", unused),
    Scenario("cleared-block", 21, "vi", "dcbz clears four entries in use",
             lambda: block(CLEAR_BLOCK["dcbz"]), as_bare=False),
    Scenario("cleared-block-fault", 21, "vi", "The same with the fault of the original",
             lambda: block(CLEAR_BLOCK["dcbz"]), {Option.BLOCK_INTERCEPT: 1}, as_bare=False),
    Scenario("device-store", 22, "vi", "A device writes an entry in use",
             lambda: changed(DEVICE_STORE), as_bare=False),
    Scenario("tlbie-storm", 23, "vi", "6,400 tlbies flush nothing", storm),
    Scenario("tlbie-storm-flushing", 23, "vi", "6,400 tlbies with KVM's policy", storm,
             {Option.TLBIE_FLUSHES: 1}, limit=20_000_000),
    Scenario("blocks", 23, "vi", "400 changes of a BAT", blocks),
    Scenario("blocks-fault", 23, "vi", "The same with the fault of the original", blocks,
             {Option.BAT_HACK: 1}, as_bare=False),
]
