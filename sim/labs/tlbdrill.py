"""Which loads miss the TLB: the functional model says so."""

from functools import cache

from pteg import ledger
from pteg.firmware.asm import assemble
from pteg.machine import Machine
from pteg.mmu.walk import groups

__all__ = ["measure"]

TABLE = 0x200000
DATA = 0x300000
_PROGRAM = """
        lis     r3, 0x30        # addresses, a word each, up to -1
next:   mtmsr   r5              # ten instructions a turn; the load is the ninth
        isync
        lwz     r4, 0(r3)
        addi    r3, r3, 4
        cmpwi   r4, -1
        beq     done
        mtmsr   r6              # data translation on
        isync
        lwz     r7, 0(r4)
        b       next
done:   b       done
"""


@cache
def _machine() -> tuple[Machine, int]:
    program = assemble(_PROGRAM, sections={".text": 0x1000})
    machine = Machine("g3", cpu="functional", rom="none", ram="4M")
    machine.load(program.elf())
    return machine, program.symbols["done"]


def measure(addresses: list[int]) -> str:
    """A letter for each load: M if it misses the TLB, H if it hits."""
    machine, done = _machine()
    machine.reset()
    for number, ea in enumerate(dict.fromkeys(addresses)):
        # Pages that collide in the page table get different slots.
        place = next(groups(ea, 0, TABLE)) + 8 * (number % 8)
        low = 0x100000 + 0x1000 * number | 0x192
        machine.memory.write(place, (1 << 31 | ea >> 22 & 0x3F).to_bytes(4, "big")
                             + low.to_bytes(4, "big"))
    words = [*addresses, 0xFFFFFFFF]
    machine.memory.write(DATA, b"".join(word.to_bytes(4, "big") for word in words))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["sdr1"] = 0x1000, 0, TABLE
        state["sr"] = 0
        state["gpr"][0, 5], state["gpr"][0, 6] = 0, 0x10
    events = ledger.Ledger(kinds=["TLB_MISS"])
    machine.model.ledger(events.add)
    machine.run(until=done, instructions=20 * len(words))
    machine.model.ledger(None)
    missed = {int(record["instruction"]) for record in events.records}
    return "".join("M" if 9 + 10 * n in missed else "H" for n in range(len(addresses)))
