"""What an adversary does to the TLBs: it forgets nothing that it has not been told to, and tlbie
takes effect late.

Behind each TLB is a second level, of which nothing in the architecture speaks: an entry that leaves
the TLB goes there, and may come back instead of a table search. Only tlbie empties it.

A tlbie takes effect at the latest at a sync after a tlbsync, behind which it has been ordered by an
eieio or sync (PEM 7.6.3.2). Software for one processor may expect that a sync is enough (`m.lone`).
A tlbie of another processor, the sender, waits for the eieio, tlbsync and sync of that one.
"""

from pteg.compiled import compiled
from pteg.functional.chance import draw, once_in

__all__ = ["KEPT", "complete_any", "complete_all", "drop_any", "keep_entry", "order_tlbie",
           "postpone_tlbie", "random_way", "recall", "sync_tlbie", "wait_for_tlbie"]

#: Entries of a set of the second level.
KEPT = 16
#: Stages of a tlbie, as bits: executed, ordered before a tlbsync, waited for by it. A set may have
#: one in each. The last bit: it does not take effect before it must.
ISSUED, ORDERED, AWAITED, PATIENT = 1, 2, 4, 8


@compiled
def random_way(m):
    return draw(m) % m.tlb_ways


# -- The second level -----------------------------------------------------------------------------

@compiled
def kept_place(m, side, index, tag):
    """Where the second level has an entry, or -1."""
    for place in range(KEPT):
        if m.kept_tag[side, index, place] == tag:
            return place
    return -1


@compiled
def keep_entry(m, side, index, way):
    """An entry is about to leave the TLB."""
    tag = m.tlb_tag[side, index, way]
    if not tag:
        return
    i = kept_place(m, side, index, tag)
    if i < 0:
        i = draw(m) % KEPT
    m.kept_tag[side, index, i], m.kept_word[side, index, i] = tag, m.tlb_word[side, index, way]
    m.kept_pte[side, index, i] = m.tlb_pte[side, index, way]
    m.kept_loaded[side, index, i] = m.tlb_loaded[side, index, way]
    m.kept_told[side, index, i] = m.tlb_told[side, index, way]


@compiled
def recall(m, side, index, way, tag):
    """Bring an entry back into a way, most often. Returns whether it is done."""
    i = kept_place(m, side, index, tag)
    if i < 0 or once_in(m, 8):
        return False
    keep_entry(m, side, index, way)
    if m.kept_tag[side, index, i] != tag:
        return False        # it had to give way
    m.tlb_tag[side, index, way], m.tlb_word[side, index, way] = tag, m.kept_word[side, index, i]
    m.tlb_pte[side, index, way] = m.kept_pte[side, index, i]
    m.tlb_loaded[side, index, way] = m.kept_loaded[side, index, i]
    m.tlb_told[side, index, way] = m.kept_told[side, index, i]
    return True


@compiled
def drop_any(m):
    """An entry leaves the TLB, for no reason."""
    side, index, way = draw(m) & 1, draw(m) & m.tlb_sets - 1, random_way(m)
    keep_entry(m, side, index, way)
    m.tlb_tag[side, index, way] = 0


# -- tlbie ----------------------------------------------------------------------------------------

@compiled
def complete(m, index):
    """All tlbie of a set take effect."""
    for side in range(2):
        for way in range(m.tlb_ways):
            m.tlb_tag[side, index, way] = 0
        for place in range(KEPT):
            m.kept_tag[side, index, place] = 0


@compiled
def complete_any(m):
    """A tlbie takes effect, unless it is patient."""
    start = draw(m)
    for k in range(m.tlb_sets):
        index = start + k & m.tlb_sets - 1
        for sender in range(m.tlbie.shape[0]):
            if m.tlbie[sender, index] and not m.tlbie[sender, index] & PATIENT:
                complete(m, index)
                m.tlbie[sender, index] = 0
                return


@compiled
def complete_all(m):
    for sender in range(m.tlbie.shape[0]):
        for index in range(m.tlb_sets):
            if m.tlbie[sender, index]:
                complete(m, index)
                m.tlbie[sender, index] = 0
    m.tlbie_pending = 0


@compiled
def postpone_tlbie(m, index, sender):
    """A tlbie of a set: now, or later."""
    if once_in(m, 2):
        complete(m, index)
        return
    m.tlbie[sender, index] |= ISSUED | (PATIENT if once_in(m, 2) else 0)
    m.tlbie_pending |= 1 << sender


@compiled
def advance(m, sender, before, after):
    """All tlbie of a stage reach the next."""
    for index in range(m.tlb_sets):
        if m.tlbie[sender, index] & before:
            m.tlbie[sender, index] = m.tlbie[sender, index] & ~before | after


@compiled
def order_tlbie(m, sender):
    """eieio."""
    if m.tlbie_pending >> sender & 1:
        advance(m, sender, ISSUED, ORDERED)


@compiled
def wait_for_tlbie(m, sender):
    """tlbsync."""
    if m.tlbie_pending >> sender & 1:
        advance(m, sender, ORDERED, AWAITED)


@compiled
def sync_tlbie(m, sender):
    if not m.tlbie_pending >> sender & 1:
        return
    left = 0
    for index in range(m.tlb_sets):
        if m.tlbie[sender, index] & AWAITED:
            complete(m, index)
            m.tlbie[sender, index] &= ~AWAITED
            if m.tlbie[sender, index] == PATIENT:
                m.tlbie[sender, index] = 0
        left |= m.tlbie[sender, index]
    if not left:
        m.tlbie_pending &= ~(1 << sender)
    advance(m, sender, ISSUED, ORDERED)
