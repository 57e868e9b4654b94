"""What each kind of exit costs: instructions and cycles from the exception that leaves the guest to
the rfi that enters it again.

`pteg mol exits` prints the table of docs/mol/exits.md, beside KVM-PR of Linux 6.1 on the same
machine. Medians of undisturbed exits, g3 without L2, pipeline model.
"""

import statistics
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from pteg import ledger
from pteg.firmware.asm import assemble
from pteg.firmware.disasm import disassemble
from pteg.hw.isa.exceptions import Vector
from pteg.lockstep.exception_log import STOP, exception_log
from pteg.mol.guest import Guest
from pteg.mol.hostb import HostB, Option

__all__ = ["KVM", "OWN", "guest", "measure", "table"]

#: Kind of exit: cycles of KVM-PR (32-bit Book3S, Linux 6.1), as `pteg.mol.kvm.measure` has found
#: them: 200 turns of each loop, bus at a quarter of the core's clock, 29 November 2026. tw and
#: alignment are single ones, mtdec and the tick the fastest of four; the caches are cold.
KVM = {
    "mfmsr": 1262, "mtmsr, EE changes": 1333, "mtmsr, DR off": 1497, "mtmsr, DR on": 1505,
    "mfspr sprg0": 1230, "mtspr sprg0": 1222, "mtspr srr0": 1212, "mfsr": 1274, "mtsr, known": 1398,
    "mtsr, new": 1434, "rfi": 1314, "tlbie": 1602, "sc": 1451, "tw": 1626, "mtdec": 5317,
    "mtspr dbat1u": 1807, "hypercall": 2113, "device load": 2735, "device store": 2699,
    "shadow entry, data": 3248, "shadow entry, code": 2666, "page fault of the guest": 2847,
    "alignment": 5229, "host's timer tick": 16629,
}
#: Those that never leave assembly: at most a quarter of KVM-PR's cycles.
ASSEMBLY = ("mfmsr", "mtmsr, EE changes", "mtmsr, DR off", "mtmsr, DR on", "mfspr sprg0",
            "mtspr sprg0", "mtspr srr0", "mfsr", "mtsr, known", "rfi", "tlbie")
#: What KVM-PR has no like of.
OWN = ("load in split mode", "store in split mode")
_CODE, _TABLE = 0x10000, 0x80000
_SOURCE = Path(__file__).with_name("exits.s")


def guest() -> tuple[Guest, dict[int, str]]:
    """The guest with all kinds of exits, and the kind of each instruction that has a label."""
    program = assemble(_SOURCE, sections={".text": _CODE})
    words = {}
    for n in range(64):                 # pages 0x50001000 and on, and 0x60001000 for code
        for vsid in (5, 6):
            page = 1 + n
            at = _TABLE + (((vsid ^ page) & 0x3FF) << 6)
            while at in words:
                at += 8
            words[at] = 1 << 31 | vsid << 7
            words[at + 4] = 0x40000 + 4096 * n | 0x12
            words[0x40000 + 4096 * n] = 0x4E800020      # blr
    kinds = {address: name.removeprefix("exit_").replace("__", ", ").replace("_", " ")
             for name, address in program.symbols.items() if name.startswith("exit_")}
    memory = {**exception_log(False), _CODE: program.image(_CODE)}
    return Guest(memory, _CODE, STOP, 0x1002, 2 << 20, words, program.elf()), kinds


def _kind(kinds, record, session):
    cause, pc = Vector(record["cause"]), int(record["pc"])
    if cause in (Vector.DECREMENTER, Vector.EXTERNAL):
        return "host's timer tick"
    if pc >> 28 == 6:
        return "shadow entry, code"
    if pc in kinds:
        return kinds[pc]
    # The guest's code lies at its effective address.
    word = int.from_bytes(session.read(pc % session.guest.size, 4), "big")
    return f"{cause.name} {disassemble(word, pc)}"


def measure(cpu: str = "pipeline", tick: int = 0,
            options: Mapping[Option, int] | None = None) -> dict[str, tuple[int, int, int]]:
    """By kind of exit: how many, median of instructions, median of cycles."""
    program, kinds = guest()
    session = HostB(program, cpu=cpu, tick=tick, options=options)
    machine = session.machine
    enters = machine.symbols.address("enter_guest")
    book = ledger.Ledger(kinds=["EXCEPTION", "RETURN"], keep=1 << 20)
    machine.model.ledger(book.add)
    if session.run(3_000_000) != "address":
        raise RuntimeError("the guest does not reach its end")
    inside, begin, found = False, None, defaultdict(list)
    for record in book.records:
        if record["kind"] == ledger.Kind.RETURN:
            if record["pc"] == enters:
                if begin is not None:
                    found[_kind(kinds, begin, session)].append(
                        (int(record["instruction"] - begin["instruction"]) + 1,
                         int(record["cycle"] - begin["cycle"])))
                inside, begin = True, None
        elif inside:
            begin, inside = record, False
    return {kind: (len(costs), statistics.median_low([cost[0] for cost in costs]),
                   statistics.median_low([cost[1] for cost in costs]))
            for kind, costs in found.items()}


def table(found: dict[str, tuple[int, int, int]], kvm: Mapping[str, int] = KVM) -> str:
    """The table in Markdown, beside the cycles of KVM-PR."""
    lines = ["| exit | instructions | cycles | KVM-PR, cycles | ratio |", "|---|---|---|---|---|"]
    for kind in (*KVM, *OWN):
        if kind in found:
            _, instructions, own = found[kind]
            theirs = f"{kvm[kind]} | {own / kvm[kind]:.2f}" if kind in kvm else "|"
            lines.append(f"| {kind} | {instructions} | {own} | {theirs} |")
    return "\n".join(lines) + "\n"
