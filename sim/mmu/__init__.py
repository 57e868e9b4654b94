"""The MMU of a machine as plain data: `machine.mmu`.

Nothing here changes the machine: no R or C bit is set, no TLB entry is made or used.
"""

from collections.abc import Callable, Iterable

import numpy as np

from pteg.errors import UserError
from pteg.hw.mmu.enums import AccessKind, Side
from pteg.mmu.entries import Bat, Pte, Rows, Segment, TlbEntry
from pteg.mmu.table import HashTable, group_at
from pteg.mmu.walk import Check, Step, Walk, compare_tlb, groups, walk

__all__ = ["Mmu", "Segment", "Bat", "Pte", "TlbEntry", "Rows", "HashTable", "Walk", "Step",
           "Check"]

#: Kinds of access that can be asked for.
ACCESSES = {"fetch": AccessKind.FETCH, "load": AccessKind.LOAD, "store": AccessKind.STORE}


class Mmu:
    """Registers, TLBs and page table of a machine, at its last instruction boundary.

    Parameters
    ----------
    state : callable
        The architectural state (`pteg.registers.Registers.state`).
    read : callable
        Bytes of memory: physical address, size (`pteg.memory.Memory.read`).
    tlb : callable
        Valid entries of a side's TLB (`pteg.cpu.Cpu.tlb`).
    """

    def __init__(self, state: Callable[[], np.ndarray], read: Callable[[int, int], bytes],
                 tlb: Callable[[Side], Iterable[tuple[int, int, int, int, int]]]):
        self._registers, self._read, self._entries = state, read, tlb

    def __repr__(self) -> str:
        valid = sum(bool(bat.vs or bat.vp) for bat in self.bats())
        return (f"<Mmu: {valid} of 8 BATs valid, {len(self.tlb())} TLB entries, "
                f"SDR1 {self._state()['sdr1']:08x}>")

    def segments(self) -> Rows[Segment]:
        """The sixteen segment registers."""
        return Rows(Segment.of(n, int(value)) for n, value in enumerate(self._state()["sr"]))

    def bats(self) -> Rows[Bat]:
        """IBAT0 to IBAT3, then DBAT0 to DBAT3."""
        state = self._state()
        return Rows(Bat.of(f"{side.upper()}BAT{n}", int(state[f"{side}bat{n}u"]),
                           int(state[f"{side}bat{n}l"])) for side in "id" for n in range(4))

    def tlb(self) -> Rows[TlbEntry]:
        """The valid entries of both TLBs, in the order of side, set and way."""
        return Rows(TlbEntry.of(side, index, way, vsid, page << 12, low)
                    for side in Side
                    for index, way, vsid, page, low in sorted(self._entries(side)))

    def hash_table(self) -> HashTable:
        """The page table at the address in SDR1."""
        return HashTable(int(self._state()["sdr1"]), self._read)

    def groups(self, ea: int) -> tuple[Rows[Pte], Rows[Pte]]:
        """The primary and the secondary PTEG in which a search for an address compares."""
        state = self._state()
        vsid = Segment.of(ea >> 28, int(state["sr"][ea >> 28])).vsid
        primary, secondary = groups(ea, vsid, int(state["sdr1"]))
        return group_at(self._read, primary), group_at(self._read, secondary)

    def walk(self, ea: int, access: str = "load", user: bool | None = None) -> Walk:
        """How an effective address is translated now, by the tables.

        A TLB can still hold what the tables said before: see `Walk.tlb` and `Walk.stale`.

        Parameters
        ----------
        ea : int
            Effective address.
        access : str
            "load", "store" or "fetch".
        user : bool, optional
            Privilege state; by default that of MSR[PR].

        Returns
        -------
        Walk
            Its `repr` explains each step.
        """
        found = self._walk(ea, access, user)
        if found.groups:
            compare_tlb(found, self._cached(found))
        return found

    def place(self, ea: int, access: str = "load") -> int | None:
        """Physical address of an effective address, or None; protection is not enforced."""
        return self._walk(ea, access).pa

    def _walk(self, ea: int, access: str, user: bool | None = None) -> Walk:
        if access not in ACCESSES:
            raise UserError(f"access must be one of {', '.join(ACCESSES)}, not {access!r}")
        if not 0 <= ea < 1 << 32:
            raise UserError(f"ea must be an address of 32 bits, not {ea:#x}")
        return walk(self._state(), self._entry, ea, ACCESSES[access], user)

    def _cached(self, found: Walk) -> TlbEntry | None:
        """The TLB entry for the page of a walk."""
        side = Side.FETCH if found.kind is AccessKind.FETCH else Side.DATA
        assert found.segment is not None
        wanted = found.segment.vsid, found.ea & 0x0FFFF000
        return next((entry for entry in self.tlb()
                     if entry.side is side and (entry.vsid, entry.ea) == wanted), None)

    def _state(self) -> np.void:
        return self._registers()[0]

    def _entry(self, address: int) -> Pte | None:
        """The page table entry at a physical address, or None where there is no memory."""
        try:
            data = self._read(address, 8)
        except UserError:
            return None
        return Pte.of(address, int.from_bytes(data[:4], "big"), int.from_bytes(data[4:], "big"))
