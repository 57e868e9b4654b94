"""What the MMU did in the window of a report: every translation, and every table search.

A translation is an answer that is acted on (`port__used`). A search has the entries that the walker
has read, as they came from memory.
"""

import numpy as np

from pteg.report.signals import SIDES

__all__ = ["TRANSLATION", "SEARCH", "SLOT", "translations", "searches"]

TRANSLATION = np.dtype([
    ("cycle", "u4"), ("ea", "u4"), ("pa", "u4"), ("segment", "u4"), ("side", "u1"), ("kind", "u1"),
    ("result", "u1"), ("wimg", "u1"), ("user", "u1"), ("relocate", "u1"), ("by_bat", "u1"),
    ("by_tlb", "u1"), ("pp", "u1")])
#: `first` and `count` are those of its slots. `r_cycle` and `c_cycle` are 0 if nothing is set.
#: The end of a search that goes on when the window ends is the cycle behind the window.
SEARCH = np.dtype([
    ("begin", "u4"), ("end", "u4"), ("ea", "u4"), ("vsid", "u4"), ("sdr1", "u4"),
    ("found_at", "u4"), ("first", "u4"), ("count", "u4"), ("r_cycle", "u4"),
    ("c_cycle", "u4"), ("side", "u1"), ("kind", "u1"), ("key", "u1"), ("outcome", "u1")])
SLOT = np.dtype([("cycle", "u4"), ("address", "u4"), ("high", "u4"), ("low", "u4")])


def translations(recorded) -> np.ndarray:
    """Every translation of the window, an array of `TRANSLATION` in the order of cycles."""
    parts = []
    for number, side in enumerate(SIDES):
        def column(name, side=side):
            return recorded.column(f"mmu.{side}.{name}")

        at = np.flatnonzero(column("port__valid") & column("port__used"))
        found = np.zeros(len(at), TRANSLATION)
        found["cycle"], found["side"] = recorded.start + at, number
        for field, name in (("ea", "port__ea"), ("pa", "port__pa"), ("segment", "segment"),
                            ("kind", "port__kind"), ("result", "port__result"),
                            ("wimg", "port__wimg"), ("user", "port__pr"),
                            ("relocate", "port__relocate"), ("by_bat", "by_bat"),
                            ("by_tlb", "by_tlb")):
            found[field] = column(name)[at]
        found["pp"] = column("entry")[at] & np.uint64(3)
        parts.append(found)
    joined = np.concatenate(parts)
    return joined[np.argsort(joined["cycle"], kind="stable")]


def searches(recorded) -> tuple[np.ndarray, np.ndarray]:
    """Every table search in the window, and the slots: arrays of `SEARCH` and `SLOT`."""
    def column(name):
        return recorded.column(f"mmu.walker.{name}").astype(np.int64)

    busy, done, start = column("busy"), column("done"), recorded.start
    rises = np.flatnonzero(np.diff(busy, prepend=0) == 1)
    reads = np.flatnonzero(column("memory__done") & (column("memory__type") >> 3 & 1)
                           & (1 - column("memory__error")))
    data = recorded.column("mmu.walker.memory__rdata")
    slots = np.zeros(len(reads), SLOT)
    slots["cycle"], slots["address"] = start + reads, column("memory__addr")[reads]
    slots["high"], slots["low"] = data[reads] >> np.uint64(32), data[reads] & np.uint64(0xFFFFFFFF)
    updates = {name: np.flatnonzero(column(f"updated_{name}")) for name in "rc"}
    ends, final = np.flatnonzero(done).tolist(), len(busy) - 1
    if busy[final] and not done[final]:
        ends.append(final + 1)
    found = np.zeros(len(ends), SEARCH)
    for number, end in enumerate(ends):
        before = rises[rises <= end]
        begin = int(before[-1]) if len(before) else 0
        first, last = np.searchsorted(reads, [begin, end + 1])
        row = found[number]
        row["begin"], row["end"] = start + begin, start + end
        row["first"], row["count"] = first, last - first
        for name, at in updates.items():
            inside = at[(at >= begin) & (at <= end)]
            row[f"{name}_cycle"] = start + int(inside[0]) if len(inside) else 0
    for field in ("ea", "vsid", "sdr1", "found_at", "side", "kind", "key", "outcome"):
        found[field] = column(field)[np.minimum(np.array(ends, int), final)]
    return found, slots
