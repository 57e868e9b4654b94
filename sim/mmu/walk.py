"""How an effective address is translated: each check of the MMU, in its order (PEM figure 7-2).

The walk reads registers and memory and changes nothing. It sets no R or C, and it uses no TLB: it
says what the tables say now.
"""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import groupby

import numpy as np

from pteg.hw.isa.registers import Msr, PteHigh
from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.mmu.entries import Bat, Pte, Segment, TlbEntry

__all__ = ["Check", "Step", "Walk", "groups", "walk", "compare_tlb"]


class Check(enum.Enum):
    """What a step of a walk is about."""

    #: The place in the manuals.
    source: str

    def __new__(cls, name: str, source: str) -> "Check":
        check = object.__new__(cls)
        check._value_, check.source = name, source
        return check

    RELOCATION = "relocation", "PEM 7.3"
    BLOCK = "block", "PEM 7.4"
    SEGMENT = "segment", "PEM 7.5"
    NO_EXECUTE = "no execute", "PEM 7.5.4"
    HASH = "hash", "PEM 7.6.1.3"
    GROUP = "group", "PEM 7.6.1"
    ENTRY = "entry", "PEM 7.6.2"
    GUARDED = "guarded", "PEM 5.2.1"
    PROTECTION = "protection", "PEM 7.5.4"
    HISTORY = "history", "PEM 7.5.3"
    RESULT = "result", "MPC750 UM 4.5"
    TLB = "tlb", "MPC750 UM 5.4.3"


@dataclass(frozen=True)
class Step:
    """One check.

    Attributes
    ----------
    check : Check
    text : str
        What was found, in words.
    pte : Pte or None
        The page table entry that was compared.
    """

    check: Check
    text: str
    pte: Pte | None = None

    @property
    def source(self) -> str:
        """Section of the manual."""
        return self.check.source

    @property
    def skipped(self) -> bool:
        """Whether it is about a page table entry that is not valid."""
        return self.pte is not None and not self.pte.v


#: The exception that each result causes: bits of SRR1 after an ISI, of DSISR after a DSI
#: (MPC750 UM 4.5.3, 4.5.4).
_ISI = {Translation.PAGE_FAULT: 0x40000000, Translation.PROTECTION: 0x08000000,
        Translation.NO_EXECUTE: 0x10000000, Translation.DIRECT_STORE: 0x10000000}
_DSI = {Translation.PAGE_FAULT: 0x40000000, Translation.PROTECTION: 0x08000000,
        Translation.DIRECT_STORE: 0x04000000}
_STORE = 0x02000000


@dataclass
class Walk:
    """The translation of one effective address.

    Attributes
    ----------
    ea : int
    kind : AccessKind
    user : bool
        Privilege state: MSR[PR].
    result : Translation
        OK, or why the access is refused.
    pa : int or None
        Physical address; None if nothing maps the effective address. An access that protection
        refuses has one.
    wimg : int or None
        Storage attributes that go with it.
    segment : Segment or None
        The segment register, if it was used.
    bat : Bat or None
    pte : Pte or None
        What maps the address.
    groups : tuple of int
        Physical addresses of the primary and the secondary PTEG.
    examined : list of Pte
        Entries that were compared.
    sets_r, sets_c : bool
        Whether a table search for this access would set R or C.
    tlb : TlbEntry or None
        The entry for the page in the TLB, which the processor uses instead of a table search.
    steps : list of Step
    """

    ea: int
    kind: AccessKind
    user: bool
    result: Translation = Translation.OK
    pa: int | None = None
    wimg: int | None = None
    segment: Segment | None = None
    bat: Bat | None = None
    pte: Pte | None = None
    groups: tuple[int, ...] = ()
    examined: list[Pte] = field(default_factory=list)
    sets_r: bool = False
    sets_c: bool = False
    tlb: TlbEntry | None = None
    steps: list[Step] = field(default_factory=list)

    @property
    def stale(self) -> bool:
        """Whether the TLB has another translation of the page than the page table."""
        return self.tlb is not None and (self.pte is None or (
            self.tlb.pa, self.tlb.wimg, self.tlb.pp) != (self.pte.pa, self.pte.wimg, self.pte.pp))

    @property
    def exception(self) -> str | None:
        """The exception that the access causes, or None."""
        if self.result is Translation.OK:
            return None
        if self.result is Translation.BUS_ERROR:
            return "machine check"
        if self.kind is AccessKind.FETCH:
            return f"ISI, SRR1 {_ISI[self.result]:08x}"
        store = _STORE if self.kind is AccessKind.STORE else 0
        return f"DSI, DSISR {_DSI[self.result] | store:08x}, DAR {self.ea:08x}"

    def lines(self) -> Iterator[tuple[str, str]]:
        """Each step as (text, section of the manual); invalid entries in a row are one line."""
        for skipped, steps in groupby(self.steps, lambda step: step.skipped):
            found = list(steps)
            if skipped:
                count = f"{len(found)} entries" if len(found) > 1 else "1 entry"
                yield f"  {count} invalid", found[0].source
            else:
                yield from ((step.text, step.source) for step in found)

    def __repr__(self) -> str:
        return "\n".join(f"{text}  [{source}]" for text, source in self.lines())

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(text)}</td><td>{source}</td></tr>"
                       for text, source in self.lines())
        return f"<table><tbody>{rows}</tbody></table>"


def groups(ea: int, vsid: int, sdr1: int) -> Iterator[int]:
    """Physical addresses of the primary and the secondary PTEG (PEM 7.6.1.3)."""
    hashed = vsid & 0x7FFFF ^ ea >> 12 & 0xFFFF
    for value in (hashed, hashed ^ 0x7FFFF):
        yield sdr1 & 0xFFFF0000 | (value >> 10 & sdr1 & 0x1FF) << 16 | (value & 0x3FF) << 6


def walk(state: np.void, entry: Callable[[int], Pte | None], ea: int, kind: AccessKind,
         user: bool | None = None) -> Walk:
    """Translate an effective address.

    Parameters
    ----------
    state : numpy record
        The registers (`pteg.state`).
    entry : callable
        The page table entry at a physical address, or None where there is no memory.
    ea : int
    kind : AccessKind
    user : bool, optional
        Privilege state; by default that of MSR[PR].
    """
    msr = int(state["msr"])
    user = bool(msr & Msr.PR) if user is None else user
    found = Walk(ea, kind, user)
    fetch = kind is AccessKind.FETCH
    if not msr & (Msr.IR if fetch else Msr.DR):
        found.pa, found.wimg = ea, 0b0001 if fetch else 0b0011
        _note(found, Check.RELOCATION, f"MSR[{'IR' if fetch else 'DR'}] = 0: translation is off")
        return _end(found, Translation.OK)
    _note(found, Check.RELOCATION, f"MSR[{'IR' if fetch else 'DR'}] = 1: translation is on; "
          f"{'user' if user else 'supervisor'} state")
    side = "i" if fetch else "d"
    for n in range(4):
        bat = Bat.of(f"{side.upper()}BAT{n}", int(state[f"{side}bat{n}u"]),
                     int(state[f"{side}bat{n}l"]))
        if bat.covers(ea, user):
            return _block(found, bat)
    _note(found, Check.BLOCK, f"none of {side.upper()}BAT0 to {side.upper()}BAT3 has the address "
          "in a valid block")
    return _page(found, entry, state)


def compare_tlb(found: Walk, entry: TlbEntry | None) -> None:
    """Note what the TLB has for the page of a walk that has searched the page table."""
    found.tlb = entry
    if entry is None:
        text = "the TLB has no entry for the page: the processor searches the table"
    elif found.stale:
        text = f"{entry}: not what the table says; a tlbie is missing"
    elif found.sets_c:
        text = f"{entry}: the same translation, but C = 0: a store searches the table"
    else:
        text = f"{entry}: the same translation, no search is needed"
    _note(found, Check.TLB, text)


def _block(found: Walk, bat: Bat) -> Walk:
    found.bat, found.pa, found.wimg = bat, bat.place(found.ea), bat.wimg
    _note(found, Check.BLOCK, f"{bat.name} maps it: block {bat.ea:08x} to "
          f"{bat.ea + bat.size - 1:08x} -> {bat.pa:08x}; segments and page table are not used")
    if found.kind is AccessKind.FETCH and bat.wimg & 1:
        _note(found, Check.GUARDED, "the block is guarded: no instructions are fetched from it")
        return _end(found, Translation.NO_EXECUTE)
    return _protect(found, 1, bat.pp, "a block has no key")


def _page(found: Walk, entry: Callable[[int], Pte | None], state: np.void) -> Walk:
    ea, fetch = found.ea, found.kind is AccessKind.FETCH
    segment = found.segment = Segment.of(ea >> 28, int(state["sr"][ea >> 28]))
    if segment.t:
        _note(found, Check.SEGMENT, f"EA[0-3] selects SR{segment.number}: T = 1, a direct-store "
              "segment, which the 750 does not have")
        return _end(found, Translation.DIRECT_STORE)
    key = segment.kp if found.user else segment.ks
    _note(found, Check.SEGMENT, f"EA[0-3] selects SR{segment.number}: VSID {segment.vsid:06x}, "
          f"{'Kp' if found.user else 'Ks'} = {key}, N = {segment.n}")
    if fetch and segment.n:
        _note(found, Check.NO_EXECUTE, "no instructions are fetched from a segment with N = 1")
        return _end(found, Translation.NO_EXECUTE)
    return _search(found, entry, key, int(state["sdr1"]))


def _search(found: Walk, entry: Callable[[int], Pte | None], key: int, sdr1: int) -> Walk:
    ea, segment = found.ea, found.segment
    assert segment is not None
    page = ea >> 12 & 0xFFFF
    hashed = segment.vsid & 0x7FFFF ^ page
    _note(found, Check.HASH, f"hash = VSID[5-23] {segment.vsid & 0x7FFFF:05x} xor page index "
          f"{page:04x} = {hashed:05x}; SDR1 {sdr1:08x}: table at {sdr1 & 0xFFFF0000:08x}, "
          f"HTABMASK {sdr1 & 0x1FF:03x}")
    found.groups = tuple(groups(ea, segment.vsid, sdr1))
    for secondary, group in enumerate(found.groups):
        wanted = (PteHigh.V.mask | PteHigh.VSID.put(segment.vsid) | PteHigh.H.put(secondary)
                  | page >> 10)
        _note(found, Check.GROUP,
              f"{('primary', 'secondary')[secondary]} PTEG at {group:08x}; wanted is a first word "
              f"{wanted:08x}")
        for address in range(group, group + 64, 8):
            pte = entry(address)
            if pte is None:
                _note(found, Check.ENTRY, f"{address:08x}: no memory")
                return _end(found, Translation.BUS_ERROR)
            found.examined.append(pte)
            matches = pte.high == wanted
            text = f"  {pte}  <- matches" if matches else f"  {pte}"
            found.steps.append(Step(Check.ENTRY, text, pte))
            if matches:
                return _entry(found, pte, key)
    _note(found, Check.ENTRY, "none of the sixteen entries matches")
    return _end(found, Translation.PAGE_FAULT)


def _entry(found: Walk, pte: Pte, key: int) -> Walk:
    found.pte, found.pa, found.wimg = pte, pte.pa | found.ea & 0xFFF, pte.wimg
    found.sets_r = not pte.r
    if found.kind is AccessKind.FETCH and pte.wimg & 1:
        _note(found, Check.GUARDED, "the page is guarded: no instructions are fetched from it")
        _history(found)
        return _end(found, Translation.NO_EXECUTE)
    return _protect(found, key, pte.pp, f"key {key}")


def _protect(found: Walk, key: int, pp: int, why: str) -> Walk:
    """Key and PP (PEM tables 7-10 and 7-14)."""
    store = found.kind is AccessKind.STORE
    refused = pp == 0b11 or key and not pp & 0b10 if store else key and pp == 0b00
    rights = ("read and write", "read only", "nothing")[
        2 if key and pp == 0b00 else 1 if pp == 0b11 or key and pp == 0b01 else 0]
    _note(found, Check.PROTECTION, f"PP = {pp:02b}, {why}: {rights}")
    if found.pte is not None:
        found.sets_c = store and not refused and not found.pte.c
        _history(found)
    return _end(found, Translation.PROTECTION if refused else Translation.OK)


def _history(found: Walk) -> None:
    assert found.pte is not None
    names = [name for name, sets in (("R", found.sets_r), ("C", found.sets_c)) if sets]
    _note(found, Check.HISTORY, f"R = {found.pte.r}, C = {found.pte.c}: a table search would set "
          f"{' and '.join(names)}" if names else
          f"R = {found.pte.r}, C = {found.pte.c}: nothing to set")


def _note(found: Walk, check: Check, text: str) -> None:
    found.steps.append(Step(check, text))


_WORDS = {AccessKind.FETCH: "fetch from", AccessKind.LOAD: "load from",
          AccessKind.STORE: "store to", AccessKind.TOUCH: "touch of"}


def _end(found: Walk, result: Translation) -> Walk:
    found.result = result
    what = f"{_WORDS[found.kind]} {found.ea:08x}"
    if result is Translation.OK:
        _note(found, Check.RESULT, f"{what} -> {found.pa:08x}, WIMG {found.wimg:04b}")
    else:
        _note(found, Check.RESULT, f"{what}: {result.name.lower().replace('_', ' ')}, "
              f"{found.exception}")
    return found
