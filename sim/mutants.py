"""Mutants of the machine by name: one fault each in the hardware description.

A mutant is the hardware with another text at one place of one file (`pteg.pipeline.mutated`). Who
looks for it has the machine, the manual, and the functional model, which is right.
"""

import difflib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MUTANTS", "NONE", "Mutant"]

#: Name of the machine without a fault.
NONE = "none"


@dataclass(frozen=True)
class Mutant:
    """A fault of the hardware.

    Attributes
    ----------
    file : str
        File in `hw/`.
    right, wrong : str
        Text of the file, which is there once, and what the mutant has instead.
    broken : str
        What the machine does wrong, in one line.
    section : str
        Where the manual says what is right.
    seen_by : str
        Lab whose program goes wrong on the machine; none if that takes a program of one's own.
    processors : int
        How many the machine must have, so that the fault shows.
    """

    file: str
    right: str
    wrong: str
    broken: str
    section: str
    seen_by: str = ""
    processors: int = 1

    def source(self) -> str:
        """The text of the mutated file."""
        text = self.path.read_text(encoding="utf-8")
        if text.count(self.right) != 1:
            raise ValueError(f"{self.file} must have {self.right!r} once")
        return text.replace(self.right, self.wrong)

    @property
    def path(self) -> Path:
        """The file."""
        from pteg import hw

        return Path(str(hw.__file__)).parent / self.file

    def difference(self) -> str:
        """The fault, as `diff -u` shows it."""
        before = self.path.read_text(encoding="utf-8").splitlines()
        return "\n".join(difflib.unified_diff(before, self.source().splitlines(),
                                              f"hw/{self.file}", f"hw/{self.file}", lineterm=""))


_WALKER, _TLB, _BAT = "mmu/walker.py", "mmu/tlb.py", "mmu/bat.py"
_TRANSLATOR, _ACCESS = "mmu/translator.py", "core/access_control.py"
_RESERVATION, _LISTENER = "core/reservation.py", "bus/listener.py"

MUTANTS = {
    "no-secondary-hash": Mutant(
        _WALKER, "Mux(p.secondary, ~primary_hash, primary_hash)", "primary_hash",
        "a table search looks at the primary PTEG twice", "PEM 7.6.1.3"),
    "htabmask-ignored": Mutant(
        _WALKER, "(p.hashed[10:] & p.sdr1.htabmask)", "p.hashed[10:]",
        "a table search looks outside a small page table", "PEM 7.6.1.4", "L4"),
    "r-never-set": Mutant(
        _WALKER, "Mux(~pte.r, State.UPDATE_R,", "Mux(0, State.UPDATE_R,",
        "a table search does not set R", "PEM 7.5.3", "L7"),
    "c-never-set": Mutant(
        _WALKER, "PteLow.R.mask | PteLow.C.mask", "PteLow.R.mask",
        "a store sets C in the TLB, but not in the page table", "PEM 7.5.3", "L7"),
    "c-of-the-first-access": Mutant(
        _TRANSLATOR, "needs_c = store & ~entry.c", "needs_c = 0",
        "a store to a page that the TLB holds with C = 0 does not set C", "MPC750 UM table 5-7",
        "L7"),
    "c-of-a-denied-store": Mutant(
        _WALKER, " & ~prohibited(p.key, pte.pp, store)\n", "\n",
        "a store that protection forbids sets C", "MPC750 UM table 5-8"),
    "kp-ignored": Mutant(
        _TRANSLATOR, "Mux(port.pr, segment.kp, segment.ks)", "segment.ks",
        "user programs have the key of the supervisor", "PEM 7.5.4"),
    "tlbie-without-effect": Mutant(
        _TLB, "valid[way] & ~one_bit(index(self.invalidate.ea), sets)", "valid[way]",
        "tlbie invalidates nothing", "MPC750 UM 5.4.3.2", "L8"),
    "tlbie-of-one-way": Mutant(
        _TLB, "with m.If(self.invalidate.valid):", "with m.If(self.invalidate.valid & (not way)):",
        "tlbie invalidates one of the two entries of a set", "MPC750 UM 5.4.3.2", "L8"),
    "vsid-ignored": Mutant(
        _TLB, "                        & (read.data.entry.vsid == self.vsid)\n", "",
        "a TLB entry answers for the same page of another address space", "MPC750 UM 5.4.3.1"),
    "bl-ignored": Mutant(
        _BAT, "Cat(~up.bl, Const(0b1111, 4))", "Const(0x7FFF, 15)",
        "a block has 128 KB, whatever BL says", "PEM 7.4.3", "L4"),
    "no-store-in-dsisr": Mutant(
        _ACCESS, "Mux(self.access.store, int(Dsisr.STORE), 0)", "0",
        "DSISR[6] does not tell that the access was a store", "MPC750 UM 4.5.3", "L4"),
    "reservation-not-lost": Mutant(
        _RESERVATION, "self.foreign & (self.foreign_line == line)", "0",
        "a stwcx. stores, although another processor has stored to the block since lwarx",
        "750GX UM p. 131, 142", processors=2),
    "tlbie-not-heard": Mutant(
        _LISTENER, "told.tlbie.eq(passes & ", "told.tlbie.eq(passes & ~self.foreign & ",
        "a tlbie of another processor invalidates nothing", "MPC7400 UM p. 5-27", processors=2),
    "tlbsync-not-awaited": Mutant(
        _LISTENER, " & told.translated", " & 0",
        "a tlbsync of another processor does not wait for stores that an old TLB entry has let "
        "through", "MPC7400 UM p. 5-27", processors=2),
    "icbi-not-heard": Mutant(
        _LISTENER, "told.icbi.eq(passes & icbi)", "told.icbi.eq(passes & icbi & ~self.foreign)",
        "an icbi of another processor invalidates nothing", "MPC7400 UM p. 5-27", processors=2),
    "search-not-begun-anew": Mutant(
        _WALKER, "with m.If(self.told & self.busy):", "with m.If(0):",
        "a table search goes on with an entry that it has read before a tlbie of another processor",
        "MPC7400 UM p. 5-27", processors=2),
}
