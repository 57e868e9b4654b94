"""How much slower guests are than the bare machine, and how the cycles of a guest are shared.

`python -m pteg.mol.numbers` prints the first table of docs/mol/numbers.md. With a kernel and a
tree, `python -m pteg.mol.numbers VMLINUX TREE`, it prints the second one: Linux's boot as the guest
of MOL on HostL, with 32 MB, beside KVM-PR's on the same machine. Pipeline model, g3 without L2.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from pteg import ledger
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.firmware.guests.image import build as build_tiny
from pteg.firmware.hosts.hostl.image import build_with_mol
from pteg.firmware.workloads import CODE, DATA, code, work
from pteg.hw.isa.registers import PteHigh, PteLow
from pteg.machine import Machine
from pteg.mol.guest import Guest, bare
from pteg.mol.hostb import HostB, Option

__all__ = ["GUESTS", "KVM_LINUX", "Share", "linux", "slowdown", "workload"]

#: Host cycles and all cycles of Linux's boot as a guest of KVM-PR (Linux 6.1), from the first
#: entry to the last one, measured in the same way.
KVM_LINUX = (56_600_000, 66_300_000)
_SIZE, _TABLE, _SETUP, _STOP, _TINY_STOP = 8 << 20, 0x7F_0000, 0x8000, 0x2000, 0x3F00
_LIMIT = 100_000_000
_PAGE = 4096
_START = """
        .globl  _start
_start: lis     r3, {table:#x}
        mtsdr1  r3
        li      r3, 16
        mtctr   r3
        li      r3, 0
        li      r4, 0
1:      mtsrin  r3, r4
        addis   r4, r4, 0x1000
        bdnz    1b
        lis     r3, 0
        ori     r3, r3, 0xc024          # caches, branch prediction
        mtspr   1008, r3
        li      r3, 0x1032
        mtsrr1  r3
        li      r3, {code:#x}
        mtsrr0  r3
        li      r3, {stop:#x}
        mtlr    r3
{arguments}
        rfi
"""


def workload(name: str) -> Guest:
    """One of `pteg.workloads`, in translated memory, as a guest."""
    task = work(name)
    words = {}
    for page in range(_SIZE // _PAGE):
        # VSID 0: the hash is the page index. Two pages share a group.
        at = _TABLE + 64 * (page & 0x3FF) + 8 * (page >> 10)
        words[at] = PteHigh.V.mask | page >> 10
        words[at + 4] = page * _PAGE | PteLow.R.mask | PteLow.C.mask | 0x12
    arguments = "".join(f"        lis r{number}, {value >> 16:#x}\n"
                        f"        ori r{number}, r{number}, {value & 0xFFFF:#x}\n"
                        for number, value in task.arguments.items())
    start = assemble(_START.format(table=_TABLE >> 16, code=CODE, stop=_STOP, arguments=arguments),
                     sections={".text": _SETUP})
    return Guest({CODE: code(name).image(CODE), DATA: task.data, _SETUP: start.image(_SETUP),
                  _STOP: b"\x48\0\0\0"}, _SETUP, _STOP, 0x1002, _SIZE, words)


#: What `slowdown` runs: a computation, one with many pages, and a kernel with processes.
GUESTS = {"sort": lambda: workload("sort"), "list": lambda: workload("list"),
          "tiny kernel": lambda: Guest.of(build_tiny(), _TINY_STOP)}


def slowdown(name: str) -> tuple[int, int, int]:
    """Cycles of a guest on the bare machine, and under MOL with a shared and a private hash table.

    Those of the session are counted from its first entry into the guest on.
    """
    guest = GUESTS[name]()
    machine = bare(guest, "pipeline")
    if machine.run(until=guest.stop, cycles=_LIMIT) != "address":
        raise UserError(f"{name}: has not ended on the bare machine")
    found = [machine.cycle]
    for private in (0, 1):
        host = HostB(guest, cpu="pipeline", options={Option.PRIVATE_HASH: private})
        if host.run(_LIMIT, until=host.machine.symbols.address("enter_guest")) != "address":
            raise UserError(f"{name}: the guest is not entered")
        begin = host.machine.cycle
        if host.run(_LIMIT) != "address":
            raise UserError(f"{name}: has not ended under MOL")
        found.append(host.machine.cycle - begin)
    return found[0], found[1], found[2]


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


def _share(records, enters):
    """From EXCEPTION and RETURN records; the guest is entered by the rfi at `enters`."""
    share, inside, since = Share(), False, None
    for record in records:
        entry = record["kind"] == ledger.Kind.RETURN
        if entry == inside or (entry and record["pc"] not in enters):
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


def linux(kernel: bytes, tree: bytes, until: str = "INIT: done") -> Share:
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
    return _share(book.records, {enters, enters & 0x0FFFFFFF})


def _slowdown_table() -> str:
    lines = ["| guest | bare, cycles | shared hash table | ratio | private hash table | ratio |",
             "|---|---|---|---|---|---|"]
    for name in GUESTS:
        alone, shared, private = slowdown(name)
        lines.append(f"| {name} | {alone:,} | {shared:,} | {shared / alone:.2f} | {private:,} | "
                     f"{private / alone:.2f} |")
    return "\n".join(lines)


def _linux_table(kernel: str, tree: str) -> str:
    share = linux(Path(kernel).read_bytes(), Path(tree).read_bytes())
    host, total = KVM_LINUX
    own = share.guest + share.host
    return "\n".join([
        "| | host, cycles | guest, cycles | host's share |", "|---|---|---|---|",
        f"| MOL on HostL, {share.entries:,} entries | {share.host:,} | {share.guest:,} | "
        f"{share.host / own:.0%} |",
        f"| KVM-PR | {host:,} | {total - host:,} | {host / total:.0%} |",
        f"| MOL / KVM-PR | {share.host / host:.2f} | {share.guest / (total - host):.2f} | |"])


if __name__ == "__main__":
    print(_linux_table(*sys.argv[1:3]) if len(sys.argv) == 3 else _slowdown_table())
