"""The eight points of the e-mail, solved in several ways, measured with one guest.

`pteg mol compare` prints the tables of docs/mol/compare.md.
"""

import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pteg import ledger
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.firmware.hosts.hostl.image import build_with_mol as hostl
from pteg.firmware.hosts.hostx.image import build_with_mol as hostx
from pteg.hw.isa.exceptions import Vector
from pteg.mol import vmm
from pteg.mol.exits import KVM
from pteg.mol.guest import Guest
from pteg.mol.hostl import HostL
from pteg.mol.small import CODE, PRELUDE, guest, pte, pte_at

__all__ = ["POINTS", "WAYS", "Way", "elf", "measure", "probe", "table"]

#: How often the guest does each thing.
TIMES = 16
_PAGE, _LIMIT = 4096, 20_000_000
_FAULTS = (Vector.DSI, Vector.ISI)
_HEADER = struct.Struct(">16sHHIIIIIHHHHHH")
_SEGMENT = struct.Struct(">8I")


@dataclass(frozen=True)
class Way:
    """A host, and how MOL deals with it.

    Attributes
    ----------
    title : str
    build : callable
        Makes the host's kernel.
    letters : str
        Policies, as the host's program `mol` takes them.
    """

    title: str
    build: Callable[..., bytes]
    letters: str = ""


#: By name, in the order of the table's columns.
WAYS = {"hostl": Way("HostL", hostl), "plan": Way("HostX, the plan", hostx, "-ivckt"),
        "outcome": Way("HostX, the port", hostx, "-vcw"),
        "kvm": Way("HostL, KVM-PR's policies", hostl, "-ak2lf"),
        "vmm": Way("HostX, its VMM", hostx)}
#: Point, what is measured and by which key, then what each way does; "": it has no like of it.
POINTS = [
    ("i", "a call of the interface", "call", "ioctl", "message to a port", "ioctl", "ioctl",
     "trap"),
    ("ii", "mtsr of a VSID that is known", "mtsr, known", "contexts the host never uses",
     "end of the free range", "end of the free range", "spaces asked for, a map in C",
     "the monitor's work"),
    ("ii", "mtmsr: DR off, a load, DR on, a load", "mode", "another table of segments",
     "another table", "another table", "segments are forgotten", ""),
    ("iii", "pages of the process mol in memory", "resident", "flush hook", "flush hook",
     "RAM is wired", "flush hook, scan of all entries", ""),
    ("iv", "a shadow entry, stored under the lock", "page there", "the host's hash lock",
     "own table, interrupts off", "own table, interrupts off", "the host's hash lock, four lists",
     "the kernel's pmap"),
    ("v", "a hypercall: both world switches", "hypercall", "shared table", "own table, SDR1",
     "own table, SDR1", "shared table, secondary group first", "the kernel's table"),
    ("vi", "a page fault of the guest: two groups searched", "page fault of the guest",
     "in the kernel's view", "groups copied in", "mapped", "groups copied in", ""),
    ("vi", "a changed entry: stw, tlbie, a load", "changed entry", "stw is noticed",
     "stw is noticed", "stw is noticed", "tlbie flushes", ""),
    ("vii", "a BAT: assembly calls C", "mtspr dbat1u", "trampoline", "return, message",
     "return, ioctl", "trampoline; everything is flushed", ""),
    ("viii", "a page that is not in memory", "page not there", "kernel pages in",
     "touch, then look up", "cannot happen", "kernel pages in", "kernel pages in"),
]
#: Counters that tell the policies apart.
COUNTERS = ("kernel_calls", "dsi", "isi", "page_fault_ctr", "ptes_zeroed", "pte_evicted", "fix_sr",
            "vsid_found", "vsid_missing", "pt_intercept_taken", "do_intercept_tlbie", "do_mtbat",
            "pages_touched")
#: Things the guest does in several instructions.
_TOGETHER = {"mode": ("mtmsr, DR off", "mtmsr, DR on"),
             "changed entry": ("store to an entry", "tlbie")}
#: Keys of KVM-PR's exits (`pteg.mol.exits.KVM`) that mean the same.
_KVM = {"mtsr, known": "mtsr, known", "page there": "shadow entry, data", "hypercall": "hypercall",
        "page fault of the guest": "page fault of the guest", "mtspr dbat1u": "mtspr dbat1u"}
_HYPERCALL = """
        li      r10, {times}
1:      load    r3, 0x113724fa
        load    r4, 0x77810f9b
        li      r5, {selector}
        li      r6, 0x3000
        li      r7, 0x3000
        li      r8, 0
exit_{name}:
        sc
        addic.  r10, r10, -1
        bne     1b
"""
_LOADS = """
        load    r20, {ea:#x}
        li      r3, {times}
        mtctr   r3
1:
exit_{name}:
        lwz     r5, 0(r20)
        addi    r20, r20, 0x1000
        bdnz    1b
"""
_OSI_GET_RAM_SIZE, _OSI_COPY = 18, 40


def probe() -> tuple[Guest, dict[int, str]]:
    """The guest, and what the instructions with labels are for."""
    loads = "".join(_LOADS.format(ea=ea, times=TIMES, name=name) for ea, name in (
        (0x50001000, "page_there"), (0x60001000, "page_not_there"),
        (0x70001000, "page_fault_of_the_guest")))
    calls = "".join(_HYPERCALL.format(selector=selector, times=TIMES, name=name)
                    for selector, name in ((_OSI_GET_RAM_SIZE, "hypercall"),
                                           (_OSI_COPY, "hypercall_with_a_call")))
    text = f"""
        load    r20, 0x50000000         # segments 5 to 7 are known from now on
        lwz     r5, 0(r20)
        load    r20, 0x60000000
        lwz     r5, 0(r20)
        load    r20, 0x70000000
        lwz     r5, 0(r20)
{loads}{calls}
        li      r3, {TIMES}
        mtctr   r3
        load    r6, 0x20000005
        load    r7, 0x70000003
        li      r8, 0
1:
exit_mtsr__known:
        mtsr    8, r6
exit_mtspr_dbat1u:
        mtspr   dbat1u, r7
        mtspr   dbat1u, r8
        bdnz    1b

        li      r3, {TIMES}
        mtctr   r3
        li      r6, 0x1022
        li      r7, 0x1032
1:
exit_mtmsr__DR_off:
        mtmsr   r6
        isync
        lwz     r5, 0x3000(0)
exit_mtmsr__DR_on:
        mtmsr   r7
        isync
        lwz     r5, 0x3000(0)
        bdnz    1b

        li      r3, {TIMES}
        mtctr   r3
        load    r20, 0x50001000
        load    r21, {pte_at(5, 0x50001000, slot=1):#x}
        lwz     r22, 4(r21)
1:
exit_store_to_an_entry:
        stw     r22, 4(r21)
        sync
exit_tlbie:
        tlbie   r20
        sync
        lwz     r5, 0(r20)
        bdnz    1b
"""
    words = [pte(segment, segment << 28, 0x3F000) for segment in (5, 6, 7)]
    for n in range(1, TIMES + 1):
        words += [pte(5, 0x50000000 + _PAGE * n, 0x40000 + _PAGE * n, slot=1),
                  {0x40000 + _PAGE * n: n},
                  pte(6, 0x60000000 + _PAGE * n, 0x140000 + _PAGE * n, slot=2)]
    symbols = assemble(PRELUDE + text, sections={".text": CODE}).symbols
    kinds = {address: name.removeprefix("exit_").replace("__", ", ").replace("_", " ")
             for name, address in symbols.items() if name.startswith("exit_")}
    return guest(text, [*words, {0x3F000: 1}]), kinds


def elf(made: Guest) -> bytes:
    """A guest as an ELF file: its pages that are not zero."""
    image = made.image()
    runs: list[list[int]] = []
    for page in range(0, made.size, _PAGE):
        if any(image[page:page + _PAGE]):
            if runs and runs[-1][1] == page:
                runs[-1][1] = page + _PAGE
            else:
                runs.append([page, page + _PAGE])
    offset = _HEADER.size + _SEGMENT.size * len(runs)
    head = _HEADER.pack(b"\x7fELF\x01\x02\x01".ljust(16, b"\0"), 2, 20, 1, made.entry, _HEADER.size,
                        0, 0, _HEADER.size, _SEGMENT.size, len(runs), 40, 0, 0)
    table, data = b"", b""
    for start, end in runs:
        table += _SEGMENT.pack(1, offset + len(data), start, start, end - start, end - start, 7, 1)
        data += image[start:end]
    return head + table + data


def measure(name: str, cpu: str = "pipeline") -> dict[str, Any]:
    """Run the guest in one of `WAYS`.

    Parameters
    ----------
    name : str
    cpu : str
        "pipeline" counts cycles, "functional" instructions.

    Returns
    -------
    dict
        For each thing the guest does, what one costs outside the guest, with the faults that it
        causes; "resident", the pages that its RAM takes in the end; "counters"; "registers", those
        of the guest in the end. Of "vmm", whose guest is another one, only what `pteg.mol.vmm`
        measures.
    """
    if name == "vmm":
        return {**vmm.measure(cpu, TIMES)}
    way, (made, kinds) = WAYS[name], probe()
    lines = ["insmod mol", *(["insmod molport"] if "i" in way.letters else []),
             " ".join(["mol", *([way.letters] if way.letters else []), "probe 2"])]
    session = HostL({"probe": elf(made)}, lines, build=way.build)
    machine = session.machine
    if machine.run(until=session.entry, instructions=_LIMIT) != "address":
        raise UserError(f"{way.title}: the guest is not entered")
    if cpu != "functional":
        machine.hand_over(cpu)
    enters = machine.symbols.address("enter_guest")
    assert enters is not None
    book = ledger.Ledger(kinds=["EXCEPTION", "RETURN"], keep=1 << 20)
    machine.model.ledger(book.add)
    end = machine.instructions + _LIMIT
    while machine.run(instructions=end - machine.instructions, until=made.stop) == "address":
        if session.in_guest:
            break
        machine.step()
    else:
        raise UserError(f"{way.title}: the guest does not reach its end")
    unit = "cycle" if cpu == "pipeline" else "instruction"
    found = _costs(book.records, {enters, enters - session.base}, kinds, unit)
    for together, parts in _TOGETHER.items():
        found[together] = sum(found.pop(part) for part in parts)
    found["call"] = found.pop("hypercall with a call") - found["hypercall"]
    owner = next(process for process in session.data.processes if process.name == "mol")
    registers = machine.cpu.gpr
    return {**found, "resident": owner.resident, "counters": session.counters(),
            "registers": [registers[n] for n in range(32)]}


def _costs(records, enters, kinds, unit):
    """What one execution of each instruction with a label costs outside the guest. A fault at an
    instruction without a label belongs to the last one that had one: it has taken something away.
    """
    total: Counter[str] = Counter()
    begin = kind = None
    inside = False
    for record in records:
        if record["kind"] == ledger.Kind.RETURN:
            if int(record["pc"]) in enters:
                if begin is not None:
                    kind = kinds.get(int(begin["pc"]), kind if begin["cause"] in _FAULTS else None)
                    if kind and begin["cause"] not in (Vector.EXTERNAL, Vector.DECREMENTER):
                        total[kind] += int(record[unit]) - int(begin[unit])
                begin, inside = None, True
        elif inside:
            begin, inside = record, False
    return {kind: round(total[kind] / TIMES) for kind in kinds.values()}


def table(found: dict[str, dict[str, Any]], cycles: bool = True) -> str:
    """Costs and counters as tables in Markdown, of what `measure` has returned for each way. KVM-PR
    was measured in cycles; instructions are not compared with it."""
    titles = [WAYS[name].title for name in found]
    lines = [f"| point | measured | {' | '.join(titles)} | KVM-PR |",
             "|---|---|" + "---|" * (len(titles) + 1)]
    for point, what, key, *policies in POINTS:
        names = dict(zip(WAYS, policies, strict=True))
        cells = [f"{names[name]}: {result[key]:,}" if names[name] else ""
                 for name, result in found.items()]
        theirs = f"{KVM[_KVM[key]]:,}" if cycles and key in _KVM else ""
        lines.append(f"| {point} | {what} | {' | '.join(cells)} | {theirs} |")
    counted = {WAYS[name].title: result["counters"] for name, result in found.items()
               if "counters" in result}
    lines += ["", f"| counter | {' | '.join(counted)} |", "|---|" + "---|" * len(counted)]
    for counter in COUNTERS:
        counts = [f"{counters[counter]:,}" for counters in counted.values()]
        lines.append(f"| {counter} | {' | '.join(counts)} |")
    return "\n".join(lines) + "\n"
