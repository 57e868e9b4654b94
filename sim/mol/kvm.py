"""KVM-PR of Linux 6.1 (32-bit Book3S) as a host: what its exits cost, and who has the processor.

The kernel is an ordinary one with CONFIG_KVM_BOOK3S_32, whose /init is a monitor with a guest that
tests itself and has loops of exits. Nothing is written into it. A first run, of the functional
model, stops where the kernel's handler begins, and reads the guest's instruction, registers and
segments: they say what kind of exit it is. A second run is not stopped, and its ledger tells the
cycles.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pteg import ledger
from pteg.errors import UserError
from pteg.firmware.disasm import disassemble
from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import Msr
from pteg.machine import Machine
from pteg.mmu import Mmu

__all__ = ["DONE", "ENTERS", "boot", "entries", "measure", "segments_loaded"]

#: The monitor says that its guest is about to start, and that it has ended.
ENTERS, DONE = "KVM: guest enters", "KVM: done"
#: Every exit from the guest comes through the first; the rfi into the guest is in the second.
_EXIT, _ENTRY = "kvmppc_handler_trampoline_exit", "kvmppc_handler_trampoline_enter"
#: KVM's VSID of a segment that the guest has not used yet.
_ABSENT = 1
_OSI, _KVM_CALL = (0x113724FA, 0x77810F9B), 0x4B564D21
#: Simplified mnemonics, as the table of exits has them. All SPRGs cost the same.
_NAMES = {"mfsprg": "mfspr sprg0", "mtsprg": "mtspr sprg0", "mtsrr0": "mtspr srr0"}
_XORI, _LIMIT = 26, 400_000_000
_REAL = 0x0FFFFFFF
#: mtsr, and the bits of an instruction that tell it.
_MTSR, _EXTENDED = 31 << 26 | 210 << 1, 0xFC0007FE


@dataclass
class _Seen:
    """What was seen when the kernel's handler began: r12 and r13 are not the guest's any more."""

    pc: int
    word: int | None
    before: int | None
    gpr: list[int]
    segments: list[int]


@dataclass
class _Exit:
    """From the exception that leaves the guest to the rfi into it.

    Attributes
    ----------
    begin, end : record of the ledger
    user : bool
        The monitor has had the processor.
    nested : bool
        An interrupt of the host came in between.
    """

    begin: np.void
    end: np.void
    user: bool
    nested: bool

    @property
    def key(self) -> tuple[int, int, bool, bool]:
        """Where in the guest, why, with the monitor or not, to the same instruction or not."""
        pc = int(self.begin["pc"])
        return pc, int(self.begin["cause"]), self.user, int(self.end["ea"]) == pc

    @property
    def cost(self) -> tuple[int, int]:
        """Instructions and cycles."""
        return (int(self.end["instruction"] - self.begin["instruction"]) + 1,
                int(self.end["cycle"] - self.begin["cycle"]))


def boot(kernel: str | Path, tree: str | Path, arguments: str, until: str, ram: str = "32M",
         cpu: str = "pipeline") -> Machine:
    """A machine whose console has just shown a text; up to there it was the functional model."""
    machine = Machine("g3", cpu="functional", rom="none", ram=ram)
    machine.boot_linux(kernel, tree, arguments)
    if machine.symbols.address(_EXIT) is None:
        raise UserError(f"{kernel}: no symbol {_EXIT}: not a kernel with KVM for this processor")
    if machine.run(until=until, instructions=_LIMIT) != "console":
        raise UserError(f"{kernel}: has not printed {until!r}")
    if cpu != "functional":
        machine.hand_over(cpu)
    return machine


def entries(machine: Machine) -> range:
    """Addresses of the code that enters the guest, in real mode."""
    first, last = (machine.symbols.address(_ENTRY + end) for end in ("", "_end"))
    assert first is not None and last is not None
    return range(first & _REAL, last & _REAL, 4)


def measure(kernel: str | Path, tree: str | Path, repeat: int = 200,
            cpu: str = "pipeline") -> dict[str, tuple[int, int, int]]:
    """By kind of exit, as `pteg.mol.exits.measure` names them: how many, instructions, cycles.

    Of exits that no interrupt of the host disturbs: the median of the cheapest loop that the guest
    has of a kind, or the fastest one if it has no loop.

    Parameters
    ----------
    kernel, tree : path
        vmlinux with the monitor as /init, and the device tree.
    repeat : int
        Turns of each of the guest's loops; even.
    cpu : str
        "pipeline"; "functional" counts no cycles.
    """
    arguments = f"console=ttyS0,115200 -- {repeat}"
    kinds = _survey(boot(kernel, tree, arguments, ENTERS, cpu="functional"))
    machine = boot(kernel, tree, arguments, ENTERS, cpu=cpu)
    book = _record(machine)
    if machine.run(until=DONE, instructions=_LIMIT) != "console":
        raise UserError(f"{kernel}: has not printed {DONE!r}")
    costs: dict[str, dict[int, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for exit in _exits(book.records, entries(machine)):
        # Interrupts come at other places in each run.
        tick = exit.begin["cause"] == Vector.DECREMENTER
        kind = "host's timer tick" if tick else next(kinds[exit.key], None)
        if kind is not None and not exit.nested:
            costs[kind][exit.key[0]].append(exit.cost)
    return {kind: _cost(places, repeat // 2) for kind, places in costs.items()}


def segments_loaded(machine: Machine) -> Iterator[tuple[int, int, int]]:
    """For each mtsr of the guest: segment, value, and what KVM-PR has loaded at the next exit.

    Parameters
    ----------
    machine : pteg.Machine
        The functional model, as `boot` returns it. At each item it is behind that exit.
    """
    loaded = None
    for seen in _look(machine):
        if loaded is not None:
            yield *loaded, seen.segments[loaded[0]]
            loaded = None
        if seen.word is not None and seen.word & _EXTENDED == _MTSR:
            loaded = seen.word >> 16 & 15, seen.gpr[seen.word >> 21 & 31]


def _survey(machine) -> defaultdict[tuple, Iterator[str]]:
    """The kinds of the exits with the same key, in their order.

    The functional model can be looked at quickly. The guest does the same on the other model.
    """
    book = _record(machine)
    seen = list(_look(machine))
    values: dict[int, set[int]] = defaultdict(set)
    kinds: dict[tuple, list[str]] = defaultdict(list)
    for what, exit in zip(seen, _exits(book.records, entries(machine)), strict=False):
        kinds[exit.key].append(_kind(what, exit, values))
    return defaultdict(lambda: iter(()), {key: iter(several) for key, several in kinds.items()})


def _record(machine):
    book = ledger.Ledger(kinds=["EXCEPTION", "RETURN"], keep=1 << 22)
    machine.model.ledger(book.add)
    return book


def _look(machine) -> Iterator[_Seen]:
    """One for each exit, until the monitor is done."""
    handler = machine.symbols.address(_EXIT) & _REAL
    end, printed = machine.instructions + _LIMIT, b""
    while DONE.encode() not in printed:
        if machine.instructions > end:
            raise UserError(f"the monitor has not printed {DONE!r}")
        if machine.run(until=handler, instructions=200_000) == "address":
            yield _seen(machine)
        else:                       # it prints its results behind the last exit
            printed += machine.console.read()


def _seen(machine) -> _Seen:
    states = machine.cpu.state()
    state = states[0]
    pc = int(state["srr0"])
    state["msr"] = int(state["srr1"]) & 0xFFFF      # as it was in the guest
    mmu = Mmu(lambda: states, machine.memory.read, lambda side: ())

    def word(address):
        place = mmu.place(address, "fetch")
        return None if place is None else machine.memory.read_word(place)

    return _Seen(pc, word(pc), word(pc - 4), [int(value) for value in state["gpr"]],
                 [int(value) for value in state["sr"]])


def _exits(records, enters) -> Iterator[_Exit]:
    inside, begin, user, nested = False, None, False, False
    for record in records:
        if record["kind"] == ledger.Kind.EXCEPTION:
            nested |= begin is not None and record["cause"] in (Vector.EXTERNAL, Vector.DECREMENTER)
            if inside:
                inside, begin, user, nested = False, record, False, False
        elif int(record["value"]) & Msr.PR:
            if int(record["pc"]) not in enters:
                user = True
                continue
            if begin is not None:
                yield _Exit(begin, record, user, nested)
            inside, begin = True, None


def _kind(what, exit, values):
    """The kind of an exit, as the table of exits has it, or as KVM sees it."""
    cause, word, gpr = Vector(int(exit.begin["cause"])), what.word, what.gpr
    if cause in (Vector.DSI, Vector.ISI):
        if exit.user:
            return "device store" if word is not None and word >> 28 & 1 else "device load"
        address = int(exit.begin["ea"]) if cause is Vector.DSI else what.pc
        if what.segments[address >> 28] & 0xFFFFFF == _ABSENT:
            return "segment absent"
        if int(exit.end["ea"]) != what.pc:
            return "page fault of the guest"
        return "shadow entry, data" if cause is Vector.DSI else "shadow entry, code"
    if cause is Vector.SYSTEM_CALL:
        # The exception is behind sc.
        if (gpr[3], gpr[4]) == _OSI:
            return "hypercall"
        return "KVM's hypercall" if gpr[0] == _KVM_CALL else "sc"
    if cause is not Vector.PROGRAM or word is None:
        return cause.name.lower()
    return _privileged(disassemble(word, what.pc).split()[0], word, what, values)


def _privileged(name, word, what, values):
    """The kind of an instruction that the host emulates, by its name and by what it changes."""
    register = word >> 21 & 31
    if name == "mtmsr":
        changes = 0
        if what.before is not None and what.before >> 26 == _XORI \
                and what.before >> 16 & 31 == register:
            changes = what.before & 0xFFFF
        if changes & Msr.DR:
            return f"mtmsr, DR {'on' if what.gpr[register] & Msr.DR else 'off'}"
        return "mtmsr, EE changes" if changes == Msr.EE else "mtmsr"
    if name == "mtsr":
        known = values[word >> 16 & 15]
        new = what.gpr[register] not in known
        known.add(what.gpr[register])
        return "mtsr, new" if new else "mtsr, known"
    if name.startswith(("tw", "trap")):
        return "tw"
    if name.startswith(("mtibat", "mtdbat")):
        return "mtspr dbat1u"           # all of them cost the same
    return _NAMES.get(name, name)


def _cost(places, least):
    """Of the exits at each place of the guest: how many, instructions and cycles of one.

    Loops fill the caches in their first turns. Where there are none, the fastest exit counts.
    """
    def unit(cost):
        return cost[1] or cost[0]

    loops = [sorted(costs, key=unit) for costs in places.values() if len(costs) >= least]
    if not loops:
        every = [cost for costs in places.values() for cost in costs]
        return len(every), *min(every, key=unit)
    typical = min(((costs[(len(costs) - 1) // 2], len(costs)) for costs in loops),
                  key=lambda loop: unit(loop[0]))
    return typical[1], *typical[0]
