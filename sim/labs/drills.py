"""Drills: small exercises whose keys the machine computes.

    from pteg.labs.drills import drill
    item = drill("translate", seed=7)
    print(item.question); item.answer["pa"]

The same kind and seed make the same item. Question banks take `item.as_dict()`.
"""

import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pteg.errors import UserError
from pteg.hw.isa.registers import PteHigh, PteLow, SegmentRegister
from pteg.hw.mmu.enums import Translation
from pteg.mmu import Mmu, Walk
from pteg.mmu.walk import groups
from pteg.state import new_state

__all__ = ["DRILLS", "Item", "Setting", "drill", "same"]

#: The page table of every item: 64 KB.
TABLE = 0x0020_0000
TRANSLATION = 0x30  # MSR[IR], MSR[DR]
USER = 0x4000


@dataclass(frozen=True)
class Item:
    """An exercise.

    Attributes
    ----------
    kind : str
    seed : int
    question : str
    answer : dict of str
        The value of each field that is asked for, as text.
    steps : list of str
        How one comes to the answer, with the sections of the manual.
    """

    kind: str
    seed: int
    question: str
    answer: dict[str, str]
    steps: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)

    def score(self, given: dict[str, str]) -> float:
        """The part of the fields that are right, from 0 to 1."""
        right = sum(same(given.get(name, ""), value) for name, value in self.answer.items())
        return right / len(self.answer)


def same(given: str, key: str) -> bool:
    """Whether an answer is the key: numbers in any notation of hexadecimal, words in any case."""
    def plain(text: str) -> str:
        text = "".join(str(text).lower().replace("_", "").split()).removeprefix("0x")
        return text.lstrip("0") or "0" if text else ""

    return plain(given) == plain(key)


@dataclass
class Setting:
    """Registers and memory of an exercise, and the access that is asked about.

    Attributes
    ----------
    state : numpy record array
    memory : dict
        Words by physical address.
    ea : int
    access : str
    """

    state: np.ndarray
    memory: dict[int, int]
    ea: int
    access: str

    def read(self, address: int, size: int) -> bytes:
        """Bytes of physical memory."""
        return b"".join(self.memory.get(at, 0).to_bytes(4, "big")
                        for at in range(address, address + size, 4))

    def walk(self) -> Walk:
        """The translation that the key comes from."""
        return Mmu(lambda: self.state, self.read, lambda side: []).walk(self.ea, self.access)

    def put(self, address: int, high: int, low: int) -> None:
        """Write a PTE."""
        self.memory[address], self.memory[address + 4] = high, low


def drill(kind: str, seed: int) -> Item:
    """Make an exercise.

    Parameters
    ----------
    kind : str
        "translate", "bat", "protect" or "tlb".
    seed : int
    """
    if kind not in DRILLS:
        raise UserError(f"drill must be one of {', '.join(DRILLS)}, not {kind!r}")
    question, answer, steps = DRILLS[kind](random.Random(f"{kind} {seed}"))
    return Item(kind, seed, question, answer, steps)


Made = tuple[str, dict[str, str], list[str]]


def translate_setting(rng: random.Random) -> Setting:
    """A page table whose two groups have entries that match, and others that nearly do."""
    state = new_state()
    vsid, ea = rng.randrange(1 << 24), rng.randrange(1 << 32)
    state["sdr1"], state["msr"] = TABLE, TRANSLATION
    state["sr"][0, ea >> 28] = vsid
    setting = Setting(state, {}, ea, rng.choice(("load", "store")))
    places = [(group + 8 * slot, h) for h, group in enumerate(groups(ea, vsid, TABLE))
              for slot in range(8)]
    wanted = PteHigh.V.mask | vsid << 7 | ea >> 22 & 0x3F
    for place, h in places:
        near = rng.choice((wanted ^ 1 << rng.randrange(6), wanted ^ 1 << 7 + rng.randrange(24),
                           wanted & ~PteHigh.V.mask, wanted ^ PteHigh.H.mask))
        if rng.random() < 0.6:
            setting.put(place, near | h * PteHigh.H.mask if near & ~PteHigh.H.mask != wanted
                        else near ^ h * PteHigh.H.mask, _low(rng))
    if rng.random() < 0.85:
        place, h = rng.choice(places)
        setting.put(place, wanted | h * PteHigh.H.mask, _low(rng))
    return setting


def _low(rng: random.Random) -> int:
    """Second word of a PTE: a page of the first 16 MB, writable by everybody."""
    return (rng.randrange(0x400, 0x1000) << 12 | PteLow.R.mask | PteLow.C.mask
            | PteLow.WIMG.put(0b0010) | 0b10)


def _translate(rng: random.Random) -> Made:
    setting = translate_setting(rng)
    found = setting.walk()
    state, ea = setting.state[0], setting.ea
    listing = "\n".join(f"  {at:08x}: {setting.memory[at]:08x} {setting.memory[at + 4]:08x}"
                        for at in sorted(setting.memory) if at % 8 == 0)
    assert found.segment is not None
    primary, secondary = found.groups
    question = (f"A {setting.access} accesses EA {ea:08x}. SR{ea >> 28} is "
                f"{int(state['sr'][ea >> 28]):08x}, SDR1 {int(state['sdr1']):08x}; no BAT matches. "
                f"Entries of memory (others are 0):\n{listing}\n"
                "Give vsid, hash (of the primary PTEG), primary, secondary (addresses of the "
                "PTEGs), api, and pa (or: page fault).")
    answer = {"vsid": f"{found.segment.vsid:06x}",
              "hash": f"{found.segment.vsid & 0x7FFFF ^ ea >> 12 & 0xFFFF:05x}",
              "primary": f"{primary:08x}", "secondary": f"{secondary:08x}",
              "api": f"{ea >> 22 & 0x3F:02x}", "pa": _place(found)}
    return question, answer, _steps(found)


def _place(found: Walk) -> str:
    if found.result is Translation.OK:
        return f"{found.pa:08x}"
    return found.result.name.lower().replace("_", " ")


def _steps(found: Walk) -> list[str]:
    return [f"{text}  [{source}]" for text, source in found.lines()]


def bat_setting(rng: random.Random) -> Setting:
    """Four data BATs, one of which often has the address."""
    state, ea = new_state(), rng.randrange(1 << 32)
    state["msr"] = TRANSLATION | rng.choice((0, USER))
    state["sr"] = SegmentRegister.T.mask    # what no block has is a fault
    hit = rng.randrange(5)
    for n in range(4):
        length = (1 << rng.randrange(12)) - 1
        covered = length << 17 | 0x1FFFF
        begin = (ea if n == hit else ea ^ 1 << rng.randrange(17, 32)) & ~covered & 0xFFFFFFFF
        if n != hit and not (begin ^ ea) & ~covered & 0xFFFFFFFF:
            begin ^= 0x80000000 if covered < 0x80000000 else 0
        state[f"dbat{n}u"] = begin | length << 2 | rng.choice((1, 2, 3))
        state[f"dbat{n}l"] = (rng.randrange(1 << 32) & 0xFFFE0000 & ~covered
                              | rng.choice((0x10, 0x28, 0)) | rng.choice((0, 1, 2, 2, 2, 3)))
    return Setting(state, {}, ea, rng.choice(("load", "store")))


def _bat(rng: random.Random) -> Made:
    setting = bat_setting(rng)
    found, state = setting.walk(), setting.state[0]
    rows = "\n".join(f"  DBAT{n}U {int(state[f'dbat{n}u']):08x}  DBAT{n}L "
                     f"{int(state[f'dbat{n}l']):08x}" for n in range(4))
    who = "user" if found.user else "supervisor"
    question = (f"A {setting.access} in {who} state accesses EA {setting.ea:08x}.\n{rows}\n"
                "Give block (the number of the BAT, or: none) and pa (or: protection; direct "
                "store if no block has the address).")
    block = found.bat.name[-1] if found.bat else "none"
    return question, {"block": block, "pa": _place(found)}, _steps(found)


def protect_setting(rng: random.Random) -> Setting:
    """One page, with any key, PP and N."""
    state = new_state()
    vsid, ea = rng.randrange(1 << 24), rng.randrange(1 << 32)
    state["sdr1"] = TABLE
    state["msr"] = TRANSLATION | rng.choice((0, USER))
    state["sr"][0, ea >> 28] = vsid | rng.randrange(4) << 29 | (rng.random() < 0.2) << 28
    setting = Setting(state, {}, ea, rng.choice(("load", "store", "fetch")))
    low = _low(rng) & ~3 | rng.randrange(4)
    setting.put(next(groups(ea, vsid, TABLE)), PteHigh.V.mask | vsid << 7 | ea >> 22 & 0x3F, low)
    return setting


def _protect(rng: random.Random) -> Made:
    setting = protect_setting(rng)
    found = setting.walk()
    segment = int(setting.state[0]["sr"][setting.ea >> 28])
    pp = next(low for at, low in setting.memory.items() if at % 8) & 3
    who = "user" if found.user else "supervisor"
    question = (f"A {setting.access} in {who} state. The segment register is {segment:08x}, the "
                f"PTE has PP = {pp:02b} and WIMG = 0010.\nGive result (ok, protection or no "
                "execute) and exception (none, DSI or ISI).")
    result = found.result.name.lower().replace("_", " ")
    exception = (found.exception or "none").split(",")[0]
    return question, {"result": result, "exception": exception}, _steps(found)


def _tlb(rng: random.Random) -> Made:
    from pteg.labs.tlbprobe import measure

    pages = [rng.randrange(4) << 18 | rng.choice((5, 6)) << 12 for _ in range(5)]
    order = [rng.choice(pages) for _ in range(9)]
    found = measure(order)
    listing = " ".join(f"{ea:06x}" for ea in order)
    question = (f"The data TLB has 64 sets of 2 ways with LRU replacement and is empty. A program "
                f"loads from these addresses of one segment, in this order:\n  {listing}\n"
                "Give misses (how many) and order (H for a hit, M for a miss, such as MMH).")
    steps = [f"{ea:06x}: set EA[14-19] = {ea >> 12 & 63}, tag {ea >> 18:x}: "
             f"{'miss' if mark == 'M' else 'hit'}  [MPC750 UM 5.4.3]"
             for ea, mark in zip(order, found, strict=True)]
    return question, {"misses": str(found.count("M")), "order": found}, steps


#: Drills by name, each a function of random choices.
DRILLS: dict[str, Callable[[random.Random], Made]] = {
    "translate": _translate, "bat": _bat, "protect": _protect, "tlb": _tlb}
