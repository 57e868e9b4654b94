"""Which loads miss a TLB of any size, by the functional model; how long loads take on a 750, by the
pipeline model."""

from functools import cache
from typing import Any

from pteg import ledger
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.hw.isa.registers import Hid0, Msr
from pteg.machine import Machine

__all__ = ["MOST", "measure", "timed"]

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
#: The pages are in segment 4; a block holds the list. The next load waits for this one.
_TIMED = """
        lis     r3, 0x30
        addi    r5, r3, -4
        mr      r3, r5
cached: lwzu    r4, 4(r3)       # the list comes into the data cache
        cmpwi   r4, -1
        bne     cached
        mr      r3, r5
        li      r7, 0
begin:
next:   lwzu    r4, 4(r3)
        cmpwi   r4, -1
        beq     done
        add     r4, r4, r7
        lwz     r7, 0(r4)       # 0
        b       next
done:   b       done
"""
_SEGMENT = 4


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
    _check(addresses)
    machine, done = _machine(**parameters)
    machine.reset()
    words = _write(machine, addresses, 0)
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


def timed(addresses: list[int]) -> int:
    """Cycles that loads take on an MPC750, whose caches are on and whose TLB is empty at first.

    Parameters
    ----------
    addresses : list of int
        As for `measure`. Each load waits for the one before.
    """
    _check(addresses)
    program = assemble(_TIMED, sections={".text": 0x1000})
    machine = Machine("g3", rom="none")
    machine.load(program.elf())
    words = _write(machine, addresses, _SEGMENT)
    with machine.cpu.changed() as state:
        state["pc"], state["msr"], state["sdr1"] = 0x1000, Msr.DR, _TABLE | _MASK
        state["sr"], state["hid0"] = 0, Hid0.ICE | Hid0.DCE | Hid0.BHT | Hid0.BTIC
        state["dbat0u"], state["dbat0l"] = 0x1FE, 0x12   # 16 MB
    machine.run(until=program.symbols["begin"], instructions=3 * len(words) + 10)
    begin = machine.cycle
    machine.run(until=program.symbols["done"], instructions=6 * len(words) + 10)
    return machine.cycle - begin


def _check(addresses: list[int]) -> None:
    if len(addresses) > MOST:
        raise UserError(f"at most {MOST} addresses can be measured, not {len(addresses)}")
    for ea in addresses:
        if not isinstance(ea, int) or not 0 <= ea < 1 << 28 or ea % 4:
            raise UserError(f"an address must be a multiple of 4 with 28 bits, not {ea!r}")


def _write(machine: Machine, addresses: list[int], segment: int) -> list[int]:
    """Put PTEs and the list of addresses into memory; return the list."""
    for page in {ea >> 12 for ea in addresses}:
        high, low = 1 << 31 | page >> 10, _FRAMES + page % 1024 * 4096 | 0x192
        machine.memory.write(_TABLE + 64 * page, (high << 32 | low).to_bytes(8, "big"))
    words = [*(segment << 28 | ea for ea in addresses), 0xFFFFFFFF]
    machine.memory.write(_LIST, b"".join(word.to_bytes(4, "big") for word in words))
    return words
