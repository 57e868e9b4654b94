"""Why each TLB miss happened, how long table searches were, and hashes of the state on the way.

    from pteg.mmu.misses import observe, search_lengths, state_hashes
    observe(machine, instructions=10_000)           # {(FETCH, COLD): 3, (DATA, CAPACITY): 12, …}

The functional model says which addresses an instruction uses. A model of the TLBs that is written
here, with LRU replacement, says what follows; nothing of the machine changes but by its run.
"""

import enum
import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from pteg import ledger
from pteg.errors import UserError
from pteg.hw.isa.instructions import FIELDS, Instruction, decode
from pteg.hw.isa.registers import Msr
from pteg.mmu.entries import Side

if TYPE_CHECKING:
    from pteg.machine import Machine

__all__ = ["Cause", "Tlb", "observe", "search_lengths", "state_hash", "state_hashes"]


class Cause(enum.Enum):
    """Why a page was not in the TLB (Hill's three, and two of an MMU)."""

    COLD = "cold"           # it was never there
    VSID = "vsid"           # it was, under another VSID
    FLUSH = "flush"         # a tlbie has removed it
    CAPACITY = "capacity"   # replaced; a TLB with one large set would have replaced it as well
    CONFLICT = "conflict"   # replaced, because its set was full


class Tlb:
    """One TLB, beside one of the same size with a single set.

    Parameters
    ----------
    sets, ways : int
    """

    def __init__(self, sets: int = 64, ways: int = 2):
        self._sets, self._ways = sets, ways
        self._sets_of: dict[int, list[int]] = {}    # pages, the least recently used in front
        self._whole: list[int] = []
        self._known: set[int] = set()
        self._addresses: set[int] = set()
        self._flushed: set[int] = set()

    def use(self, ea: int, vsid: int, mapped: bool = True) -> Cause | None:
        """Use a page. Returns why it was not there, or None.

        Parameters
        ----------
        ea, vsid : int
        mapped : bool
            Whether a search finds it; if not, nothing is loaded.
        """
        page, index = vsid << 16 | ea >> 12 & 0xFFFF, ea >> 12 & self._sets - 1
        here = self._sets_of.setdefault(index, [])
        cause = None if page in here else self._cause(page, ea >> 12)
        if not mapped:
            return cause
        for pages, most in ((here, self._ways), (self._whole, self._sets * self._ways)):
            if page in pages:
                pages.remove(page)
            pages.append(page)
            del pages[:-most]
        self._known.add(page)
        self._addresses.add(ea >> 12)
        self._flushed.discard(page)
        return cause

    def _cause(self, page: int, address: int) -> Cause:
        if page not in self._known:
            return Cause.VSID if address in self._addresses else Cause.COLD
        if page in self._flushed:
            return Cause.FLUSH
        return Cause.CONFLICT if page in self._whole else Cause.CAPACITY

    def tlbie(self, ea: int) -> None:
        """Remove a set: what tlbie does (MPC750 UM 5.4.3.2)."""
        index = ea >> 12 & self._sets - 1
        self._flushed |= set(self._sets_of.pop(index, []))
        self._whole = [page for page in self._whole if page & self._sets - 1 != index]


def observe(machine: "Machine", instructions: int) -> Counter[tuple[Side, Cause]]:
    """Run instructions one by one, and count the TLB misses by their causes.

    The TLBs should be empty in the beginning. A few thousand instructions a second.
    """
    if machine.cpu_name != "functional":
        raise UserError("misses are classified on a machine with cpu='functional'")
    shape = machine.platform.parameters
    tlbs = {side: Tlb(shape.tlb_sets, shape.tlb_ways) for side in Side}
    found: Counter[tuple[Side, Cause]] = Counter()
    for _ in range(instructions):
        state = machine.cpu.state()
        for side, ea in _uses(machine, state):
            walk = machine.mmu.walk(ea, "fetch" if side is Side.FETCH else "load")
            if walk.segment is None or not walk.groups:
                continue    # translation is off, a block, or no search
            cause = tlbs[side].use(ea, walk.segment.vsid, walk.pte is not None)
            if cause:
                found[side, cause] += 1
            if walk.pte is None:
                break
        before = int(state["pc"][0])
        row, word = _instruction(machine, before)
        if row and row.name == "tlbie" and not state["msr"][0] & Msr.PR:
            for tlb in tlbs.values():
                tlb.tlbie(int(state["gpr"][0, FIELDS["rB"].get(word)]))
        machine.step()
    return found


def _instruction(machine: "Machine", pc: int) -> tuple[Instruction | None, int]:
    place = machine.mmu.place(pc, "fetch")
    if place is None:
        return None, 0
    word = machine.memory.read_word(place)
    return decode(word), word


def _uses(machine: "Machine", state: np.ndarray) -> Iterator[tuple[Side, int]]:
    """Addresses that the next instruction uses: its own, and its data's first and last page."""
    pc = int(state["pc"][0])
    yield Side.FETCH, pc
    row, word = _instruction(machine, pc)
    if row is None or not row.size:
        return
    gpr = state["gpr"][0]
    base = FIELDS["rA"].get(word)
    ea = int(gpr[base]) if base else 0
    if "rB" in row.operands:
        ea += int(gpr[FIELDS["rB"].get(word)])
    elif "d" in row.operands:
        ea += (FIELDS["d"].get(word) ^ 0x8000) - 0x8000
    ea &= 0xFFFFFFFF
    if row.name == "dcbz":
        ea &= ~31
    yield Side.DATA, ea
    last = ea + _length(row, word, state) - 1 & 0xFFFFFFFF
    if last >> 12 != ea >> 12:
        yield Side.DATA, last


def _length(row: Instruction, word: int, state: np.ndarray) -> int:
    if row.name in ("lmw", "stmw"):
        return 4 * (32 - FIELDS["rD"].get(word))
    if row.name in ("lswi", "stswi"):
        return FIELDS["NB"].get(word) or 32
    if row.name in ("lswx", "stswx"):
        return int(state["xer"][0]) & 0x7F or 1
    return row.size


def search_lengths(records: np.ndarray) -> dict[ledger.SearchResult, Counter[int]]:
    """Histogram of table searches by their result: how many examined how many PTEs.

    Parameters
    ----------
    records : numpy.ndarray of pteg.ledger.RECORD
    """
    walks = records[records["kind"] == ledger.Kind.WALK]
    found: dict[ledger.SearchResult, Counter[int]] = {}
    for cause, value in zip(walks["cause"].tolist(), walks["value"].tolist(), strict=True):
        found.setdefault(ledger.SearchResult(cause), Counter())[value] += 1
    return found


def state_hash(machine: "Machine", memory: tuple[int, int] | None = None) -> str:
    """Hash of the architectural registers, without the time, and of a range of memory.

    Parameters
    ----------
    machine : Machine
    memory : (int, int), optional
        Physical address and size.
    """
    state, total = machine.cpu.state(), hashlib.sha256()
    for name in state.dtype.names or ():
        if name not in ("tb", "dec"):
            total.update(state[name].astype(state[name].dtype.newbyteorder(">")).tobytes())
    if memory is not None:
        total.update(machine.memory.read(*memory))
    return total.hexdigest()[:16]


def state_hashes(machine: "Machine", every: int, count: int,
                 memory: tuple[int, int] | None = None) -> Iterator[str]:
    """Run a machine, and give its hash after every so many instructions.

    Two runs with equal hashes did the same; the first that differ tell where they parted. On both
    models of the processor the hashes are the same, if no interrupt comes.
    """
    for _ in range(count):
        machine.run(instructions=every)
        yield state_hash(machine, memory)
