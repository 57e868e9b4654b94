"""Which loads miss a TLB of any size: the functional model says so."""

from functools import cache
from typing import Any

from pteg import ledger
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.machine import Machine

__all__ = ["MOST", "measure"]

#: Loads of a measurement.
MOST = 4096
#: The page table: 4 MB, in which every page of a segment has a PTEG of its own.
_TABLE, _MASK = 0x400000, 0x3F
_FRAMES, _LIST = 0x800000, 0x300000
#: Turns take ten instructions, and the load is the ninth of a turn.
_TURN, _LOAD = 10, 8
_PROGRAM = """
        lis     r3, 0x30        # addresses, a word each, up to -1
next:   mtmsr   r5              # translation off
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
def _machine(**parameters: Any) -> tuple[Machine, int]:
    program = assemble(_PROGRAM, sections={".text": 0x1000})
    machine = Machine("g3", cpu="functional", rom="none", ram="16M", **parameters)
    machine.load(program.elf())
    return machine, program.symbols["done"]


def measure(addresses: list[int], **parameters: Any) -> str:
    """A letter for each load: M if it misses the data TLB, which is empty at first, H if it hits.

    Parameters
    ----------
    addresses : list of int
        Effective addresses of one segment: 28 bits. At most `MOST`.
    **parameters
        Of the processor, such as ``tlb_sets=16``.
    """
    if len(addresses) > MOST:
        raise UserError(f"at most {MOST} addresses can be measured, not {len(addresses)}")
    for ea in addresses:
        if not isinstance(ea, int) or not 0 <= ea < 1 << 28 or ea % 4:
            raise UserError(f"an address must be a multiple of 4 with 28 bits, not {ea!r}")
    machine, done = _machine(**parameters)
    machine.reset()
    for page in {ea >> 12 for ea in addresses}:
        high, low = 1 << 31 | page >> 10, _FRAMES + page % 1024 * 4096 | 0x192
        machine.memory.write(_TABLE + 64 * page, (high << 32 | low).to_bytes(8, "big"))
    words = [*addresses, 0xFFFFFFFF]
    machine.memory.write(_LIST, b"".join(word.to_bytes(4, "big") for word in words))
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["sdr1"] = 0x1000, 0, _TABLE | _MASK
        state["sr"] = 0
        state["gpr"][0, 5], state["gpr"][0, 6] = 0, 0x10
    events = ledger.Ledger(kinds=["TLB_MISS"])
    machine.model.ledger(events.add)
    machine.run(until=done, instructions=_TURN * len(words) + 10)
    machine.model.ledger(None)
    missed = {int(record["instruction"]) for record in events.records}
    return "".join("M" if 1 + _TURN * n + _LOAD in missed else "H" for n in range(len(addresses)))
