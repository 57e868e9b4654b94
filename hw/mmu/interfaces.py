"""Signatures of the memory management unit (MPC750 UM chapter 5; PEM chapter 7)."""

from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.mmu.enums import AccessKind, Translation
from pteg.hw.sizes import TLB_MOST_WAYS

__all__ = [
    # Enumerations and layouts
    "SegmentWord", "TlbEntry",
    # Ports of the MMU
    "TranslatePort", "RegisterPort", "InvalidatePort",
    # Between its parts
    "SearchPort",
]


class SegmentWord(data.Struct):
    """A segment register, least significant field first (PEM figure 2-14)."""

    vsid: 24
    _reserved: 4
    n: 1
    kp: 1
    ks: 1
    t: 1


class TlbEntry(data.Struct):
    """One TLB entry, least significant field first: what a PTE says of a page.

    The rest of its tag, the part of the page number that does not select the set, is beside it.
    """

    pp: 2           # page protection
    wimg: 4         # storage attributes
    c: 1            # changed; R needs no bit here, a page in a TLB has been referenced
    rpn: 20         # physical page number
    vsid: 24        # tag: virtual segment ID


class TranslatePort(wiring.Signature):
    """Translation of one effective address, seen from the unit that asks.

    The answer is combinational. After MISS, the asker may raise `search` once the access is no
    longer speculative, and hold it with the same request; when the search is over, the answer to
    the same request is OK or a fault in that cycle (`searching` low again), and `search` must be
    lowered in the next.
    """

    def __init__(self):
        super().__init__({
            #: The fields below ask for a translation; without it `result` has no meaning.
            "valid": Out(1),
            #: Effective address.
            "ea": Out(32),
            "kind": Out(AccessKind),
            #: MSR[PR]: user privilege.
            "pr": Out(1),
            #: MSR[IR] or MSR[DR]: if 0, pa = ea and wimg is that of real mode.
            "relocate": Out(1),
            #: A miss may be answered by a table search now.
            "search": Out(1),
            #: The answer is acted on in this cycle, whatever it is: the access goes ahead or the
            #: fault is taken. Only then do the LRU bits and the statistics change.
            "used": Out(1),
            "result": In(Translation),
            #: Physical address, when `result` is OK.
            "pa": In(32),
            #: Storage attributes W I M G, when `result` is OK.
            "wimg": In(4),
        })


class RegisterPort(wiring.Signature):
    """Access of mtspr, mfspr, mtsr and mfsr to the registers that live in the MMU.

    Reads are combinational; a write takes effect at the end of the cycle.
    """

    def __init__(self):
        super().__init__({
            #: SPR number (SDR1, IBATs, DBATs) when `segment` is 0.
            "spr": Out(10),
            #: Access segment register `sr` instead.
            "segment": Out(1),
            "sr": Out(4),
            "write": Out(1),
            "wdata": Out(32),
            #: Zero for an SPR that does not live here.
            "rdata": In(32),
        })


class InvalidatePort(wiring.Signature):
    """tlbie: invalidates the sets that `ea` selects in both TLBs at the end of the cycle."""

    def __init__(self):
        super().__init__({
            "valid": Out(1),
            #: Only the bits that select a set matter: EA[14-19] on the 750 (MPC750 UM 5.4.3.2).
            "ea": Out(32),
        })


class SearchPort(wiring.Signature):
    """A table search, seen from the side of the TLB that requests it.

    The walker takes the request when it is idle. The requester holds it until `refill` or `fail`.
    If it does not, the search still runs to its end, and no other request gets its answer.
    """

    def __init__(self):
        super().__init__({
            #: A search is wanted.
            "valid": Out(1),
            "ea": Out(32),
            #: A store sets C, if it is permitted.
            "kind": Out(AccessKind),
            "vsid": Out(24),
            #: Ks or Kp of the segment, as MSR[PR] selects (PEM 7.5.4).
            "key": Out(1),
            #: Way of the TLB that the entry is to be written to.
            "way": Out(range(TLB_MOST_WAYS)),
            #: The request is taken at the end of this cycle.
            "start": In(1),
            #: The search succeeded: `entry` is to be written now.
            "refill": In(1),
            #: The search is over and found nothing (`error` low), or met a transfer error.
            "fail": In(1),
            "error": In(1),
            "entry": In(TlbEntry),
            #: Effective address that was searched for.
            "refill_ea": In(32),
            "refill_way": In(range(TLB_MOST_WAYS)),
        })
