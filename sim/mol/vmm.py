"""What a monitor pays for HostX's facility for virtual machines (firmware/hosts/hostx/vmm).

The monitor is the program `vmm` of HostX's archive. What one thing costs is what the guest waits:
from the exception that leaves it to the return into it, all of them if there are several.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from pteg import ledger
from pteg.errors import UserError
from pteg.firmware.hosts.hostx.image import build
from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import Msr
from pteg.machine import Machine
from pteg.mol.hostl import PROMPT

__all__ = ["measure"]

#: Of the guest (user/vmm.c): its page of code, and pages that it finds absent. The monitor has
#: touched the first ones.
_CODE, _THERE, _NOT_THERE = (range(first, first + size) for first, size in (
    (0x60000000, 0x1000), (0x60020000, 0x100000), (0x60120000, 0x100000)))
_DONE, _LIMIT = "vmm: ok", 100_000_000


def measure(cpu: str = "pipeline", times: int = 16) -> dict[str, int]:
    """By thing: the median of so many, at most 16, in cycles; in instructions of "functional".

    Returns
    -------
    dict
        "call": of the monitor, which does nothing. "hypercall": sc of the guest, to the monitor
        and back. "mtsr, known": a privileged instruction, for which the monitor sets a register.
        "page there", "page not there": a page that the monitor maps.
    """
    machine = Machine("g3", cpu="functional", rom="none", ram="64M")
    entry = machine.load(build())
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = entry, 0
        state["gpr"][0, :] = 0
        state["gpr"][0, 1] = machine.ram.size - 0x100
    if machine.run(until=PROMPT, instructions=_LIMIT) != "console":
        raise UserError("HostX has no prompt")
    machine.console.write(f"vmm {times}\r".encode())
    if machine.run(until=_CODE.start, instructions=_LIMIT) != "address":
        raise UserError("HostX: the guest is not entered")
    if cpu != "functional":
        machine.hand_over(cpu)
    book = ledger.Ledger(kinds=["EXCEPTION", "RETURN"], keep=1 << 20)
    machine.model.ledger(book.add)
    if machine.run(until=_DONE, instructions=_LIMIT) != "console":
        raise UserError("HostX: the guest does not reach its end")
    costs = _costs(book.records, "cycle" if cpu == "pipeline" else "instruction")
    return {kind: statistics.median_low(each.values()) for kind, each in costs.items()}


def _costs(records: Iterable[Any], unit: str) -> dict[str, Counter[int]]:
    """By thing and time, or page. The guest was in when the records begin."""
    costs: dict[str, Counter[int]] = defaultdict(Counter)
    inside, entries = True, 1
    begin: Any = None
    call: Any = None
    for record in records:
        if record["kind"] == ledger.Kind.EXCEPTION:
            if inside:
                inside, begin = False, record
            elif record["cause"] == Vector.SYSTEM_CALL:
                call = record
        elif int(record["value"]) & Msr.PR:
            if int(record["ea"]) in _CODE:
                kind = _kind(begin)
                if kind:
                    page = kind.startswith("page")
                    costs[kind][int(begin["ea"]) if page else entries] += int(
                        record[unit] - begin[unit])
                inside, entries, call = True, entries + 1, None
            elif call is not None:
                # Behind the guest's first stop the monitor makes calls that do nothing.
                if begin["cause"] == Vector.SYSTEM_CALL and "hypercall" not in costs:
                    costs["call"][int(call["instruction"])] = int(record[unit] - call[unit])
                call = None
    return costs


def _kind(begin):
    cause, ea = Vector(int(begin["cause"])), int(begin["ea"])
    if cause is Vector.SYSTEM_CALL:
        return "hypercall"
    if cause is Vector.PROGRAM:
        return "mtsr, known"
    if cause is Vector.DSI and ea in _THERE:
        return "page there"
    return "page not there" if cause is Vector.DSI and ea in _NOT_THERE else None
