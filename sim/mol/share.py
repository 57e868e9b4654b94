"""Linux's boot as a guest: who has the processor, under MOL on HostL and under KVM-PR.

`pteg mol linux` prints the table of docs/mol/numbers.md. Pipeline model, g3 without L2.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pteg import ledger
from pteg.errors import UserError
from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.machine import Machine
from pteg.mol.kvm import ENTERS, boot, entries

__all__ = ["BOOTED", "KVM", "Share", "kvm", "mol", "shared", "table"]

#: What the guest prints when it has booted.
BOOTED = "INIT: done"
_LIMIT = 100_000_000


@dataclass
class Share:
    """Who has had the processor between the first entry into the guest and the last one.

    Attributes
    ----------
    entries : int
    guest, host : int
        Cycles.
    """

    entries: int = 0
    guest: int = 0
    host: int = 0


def shared(records: Iterable[np.void], enters: Container[int]) -> Share:
    """From EXCEPTION and RETURN records; the guest is entered by an rfi at one of `enters`."""
    share, inside, since = Share(), False, None
    for record in records:
        entry = record["kind"] == ledger.Kind.RETURN
        if entry == inside or (entry and int(record["pc"]) not in enters):
            continue
        now = int(record["cycle"])
        if since is not None:
            if inside:
                share.guest += now - since
            else:
                share.host += now - since
        share.entries += entry
        inside, since = entry, now if entry or since is not None else None
    return share


def mol(kernel: bytes, tree: bytes, until: str = BOOTED) -> Share:
    """Boot a kernel as a guest of MOL on HostL, to a text on its console."""
    elf = build_with_mol(guests={"linux": kernel, "tree": tree})
    machine = Machine("g3", cpu="pipeline", rom="none", ram="64M")
    entry = machine.load(elf)
    with machine.cpu.changed() as state:
        state["pc"], state["msr"] = entry, 0
        state["gpr"][0, :] = 0
        state["gpr"][0, 1] = machine.ram.size - 0x100
    enters = machine.symbols.address("enter_guest")
    assert enters is not None
    book = ledger.Ledger(kinds=["EXCEPTION", "RETURN"], keep=1 << 24)
    for line, text in (("insmod mol\r", "$ "), ("mol linux 32 tree\r", "$ "), ("", until)):
        if text == until:
            machine.model.ledger(book.add)
        if machine.run(until=text, cycles=_LIMIT) != "console":
            raise UserError(f"the guest does not print {text!r}")
        machine.console.write(line.encode())
    # The handlers run in real mode.
    return shared(book.records, {enters, enters & 0x0FFFFFFF})


def kvm(kernel: str | Path, tree: str | Path, until: str = BOOTED) -> Share:
    """Boot a kernel whose /init runs Linux as a guest of KVM-PR, to a text on its console."""
    machine = boot(kernel, tree, "console=ttyS0,115200", ENTERS, ram="64M")
    book = ledger.Ledger(kinds=["EXCEPTION", "RETURN"], keep=1 << 24)
    machine.model.ledger(book.add)
    if machine.run(until=until, cycles=2 * _LIMIT) != "console":
        raise UserError(f"{kernel}: the guest does not print {until!r}")
    return shared(book.records, entries(machine))


#: `kvm` of Linux 6.1 with a guest of 16 MB, where nobody measures it again: bus at a quarter of the
#: core's clock, 29 November 2026.
KVM = Share(entries=25_175, guest=18_733_659, host=63_842_381)


def table(own: Share, theirs: Share) -> str:
    """The table in Markdown: MOL's share beside KVM-PR's."""
    lines = ["| | host, cycles | guest, cycles | host's share |", "|---|---|---|---|"]
    for name, share in (("MOL on HostL", own), ("KVM-PR", theirs)):
        lines.append(f"| {name}, {share.entries:,} entries | {share.host:,} | {share.guest:,} | "
                     f"{share.host / (share.host + share.guest):.0%} |")
    ratios = f"{own.host / theirs.host:.2f} | {own.guest / theirs.guest:.2f}"
    return "\n".join([*lines, f"| MOL / KVM-PR | {ratios} | |"]) + "\n"
