"""The register ledger: what each exit from the guest did to the registers, and whether both sides
have their own again.

A register of the guest is right if the guest has the value that it had, or another one that MOL has
put into its registers in memory (`struct mac_regs`) or that the emulated instruction names as its
result. A register of the host is right if the host gets it back as it gave it away. What is neither
is *leaked*: one side has what is the other's.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from pteg.hw.isa.exceptions import Vector
from pteg.hw.isa.registers import Msr
from pteg.mol.places import Places
from pteg.mol.replay import Replay
from pteg.pipeline.switches import Moment

__all__ = ["GUEST", "HOST", "REGISTERS", "Verdict", "ledger"]

_GPRS = [f"gpr{n}" for n in range(32)]
_FPRS = [f"fpr{n}" for n in range(32)]
#: Registers that the guest uses itself, and those of the host that MOL uses while the guest is in.
GUEST = [*_GPRS, "cr", "xer", "lr", "ctr", *_FPRS, "fpscr"]
HOST = ["gpr1", *(f"sr{n}" for n in range(16)),
        *(f"{side}bat{n}{half}" for side in "id" for n in range(4) for half in "ul"),
        "sdr1", "sprg2", "sprg3"]
#: All of them, the real MSR, where an exception leaves the MSR before it, and where MOL's vectors
#: leave GPR1.
REGISTERS = list(dict.fromkeys([*GUEST, *HOST, "msr", "srr1", "sprg1"]))
#: Words in memory that stand for registers of the guest, by their names in asm_offsets.c.
_IMAGES = {**{name: ("xGPR", n) for n, name in enumerate(_GPRS)}, "cr": ("xCR", 0),
           "xer": ("xXER", 0), "lr": ("xLR", 0), "ctr": ("xCTR", 0)}


class Verdict(IntEnum):
    """What has become of a register."""

    KEPT = 0        # nobody has used it
    RESTORED = 1    # it was used, and is what it was
    GIVEN = 2       # the guest has a result of MOL's
    LEAKED = 3      # it is what it must not be
    UNUSED = 4      # not the guest's, for its FP is 0; not the host's, for it was not asked


def ledger(places: Places, word: Callable[[int], int | None], exits: np.ndarray,
           records: np.ndarray, memory: Replay) -> dict[str, Any]:
    """The ledger for a report.

    Parameters
    ----------
    places : pteg.mol.places.Places
    word : callable
        The instruction at an effective address of the guest, or None.
    exits : array
        Of `pteg.pipeline.switches.Switches`, whose recording began where MOL enters the guest
        (`mac_entry`). The first of them is no exit, and tells what the host gave away then.
    records : array of pteg.pipeline.exits.exit_record
        The same exits: where and by which exception the guest was left.
    memory : Replay
    """
    begin, exits = exits[:1], exits[1:]
    records = records[np.isin(records["cycle"], exits["cycle"][:, Moment.LEFT])]
    exits = exits[:len(records)]
    saved, images = _saved(places, exits, memory)
    guest = _guest(exits, saved, images, _results(word, records))
    host = _host(begin, exits)
    return {
        "registers": REGISTERS, "guest": GUEST, "host": HOST,
        "verdicts": [verdict.name for verdict in Verdict],
        "moments": [moment.name for moment in Moment],
        "cycle": exits["cycle"].astype(np.uint32).ravel(),
        "value": exits["value"].ravel(), "changed": exits["changed"].astype(np.uint32).ravel(),
        "saved": saved.astype(np.uint32).ravel(),
        "given": _given(begin, exits).ravel(),
        "guest_verdict": guest.ravel(), "host_verdict": host.ravel(),
    }


def _columns(names: Sequence[str]) -> list[int]:
    return [REGISTERS.index(name) for name in names]


def _saved(places, exits, memory):
    """Of each exit and register of the guest: the cycle in which it was stored first, or 0, and
    what was stored last."""
    saved, images = (np.zeros((len(exits), len(GUEST)), np.uint64) for _ in range(2))
    left = exits["cycle"][:, Moment.LEFT]

    def look(place, number, shift):
        stores = memory.to(place)
        # A store may be written when the guest is in again: nothing else stores there meanwhile.
        owner = np.searchsorted(left, stores["cycle"], side="right") - 1
        for store, row in zip(stores, owner, strict=True):
            if row >= 0:
                saved[row, number] = saved[row, number] or store["cycle"]
                part = np.uint64(0xFFFFFFFF) << np.uint64(shift)
                images[row, number] = images[row, number] & ~part | np.uint64(
                    store["value"]) << np.uint64(shift)

    for number, name in enumerate(GUEST):
        if name in _IMAGES:
            look(places.of(*_IMAGES[name]), number, 0)
        elif name in _FPRS:
            for word, shift in ((0, 32), (1, 0)):
                look(places.of("xFP_VALUE", word), number, shift)
    return saved, images


def _results(word, records):
    """The GPR that the instruction which left the guest has as its result, or -1."""
    found = np.full(len(records), -1)
    for row, record in enumerate(records):
        if int(record["vector"]) & 0xFFF00 == Vector.PROGRAM:
            instruction = word(int(record["pc"]))
            if instruction is not None and instruction >> 26 == 31:
                found[row] = instruction >> 21 & 31
    return found


def _guest(exits, saved, images, results):
    """The verdict on each register of the guest, in each exit."""
    columns = _columns(GUEST)
    values = exits["value"][:, :, columns]
    left, entered = values[:, Moment.LEFT], values[:, Moment.ENTERED]
    same = left == entered
    given = (saved != 0) & (images == entered)
    given |= np.arange(len(GUEST)) == results[:, None]      # the GPRs are the first ones
    verdict = np.select([same & (exits["changed"][:, columns] == 0), same, given],
                        [Verdict.KEPT, Verdict.RESTORED, Verdict.GIVEN], Verdict.LEAKED)
    before = exits["value"][:, Moment.LEFT, REGISTERS.index("srr1")]
    after = exits["value"][:, Moment.ENTERED, REGISTERS.index("msr")]
    floats = before & after & np.uint64(Msr.FP) != 0
    begin = GUEST.index("fpr0")
    verdict[~floats, begin:] = Verdict.UNUSED
    return verdict.astype(np.uint8)


def _given(begin, exits):
    """Registers of the host as it gave them away before each exit."""
    columns = _columns(HOST)
    given = np.zeros((len(exits), len(HOST)), np.uint64)
    if len(begin):
        last = begin["value"][0, Moment.LEFT, columns]
        last[HOST.index("gpr1")] = begin["value"][0, Moment.LEFT, REGISTERS.index("sprg1")]
    for row, exit_ in enumerate(exits):
        given[row] = last
        if exit_["cycle"][Moment.BACK]:
            last = exit_["value"][Moment.BACK, columns]
    return given


def _host(begin, exits):
    """The verdict on each register of the host, in each exit."""
    columns = _columns(HOST)
    same = exits["value"][:, Moment.OTHERS, columns] == _given(begin, exits)
    verdict = np.where(same, Verdict.RESTORED, Verdict.LEAKED)
    verdict[exits["cycle"][:, Moment.OTHERS] == 0] = Verdict.UNUSED
    return verdict.astype(np.uint8)
