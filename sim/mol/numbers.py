"""How much slower guests are than the bare machine: pipeline model, g3 without L2.

`pteg mol slowdown` prints the table of docs/mol/numbers.md.
"""

from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.firmware.guests.image import build as build_tiny
from pteg.firmware.workloads import CODE, DATA, code, work
from pteg.hw.isa.registers import PteHigh, PteLow
from pteg.mol.guest import Guest, bare
from pteg.mol.hostb import HostB, Option

__all__ = ["GUESTS", "slowdown", "table", "workload"]

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


def table(found: dict[str, tuple[int, int, int]]) -> str:
    """The table in Markdown, of what `slowdown` has returned for each guest."""
    lines = ["| guest | bare, cycles | shared hash table | ratio | private hash table | ratio |",
             "|---|---|---|---|---|---|"]
    for name, (alone, shared, private) in found.items():
        lines.append(f"| {name} | {alone:,} | {shared:,} | {shared / alone:.2f} | {private:,} | "
                     f"{private / alone:.2f} |")
    return "\n".join(lines) + "\n"
