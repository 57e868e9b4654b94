"""Main memory through a recording: what it was, and each store to it."""

import numpy as np

__all__ = ["Replay"]


class Replay:
    """Words of memory by cycles.

    Parameters
    ----------
    base : int
        Physical address of main memory.
    before : array
        Its words when the recording began.
    stores : array of pteg.report.changes.WORD
        In the order in which they were made.

    Attributes
    ----------
    base, stores
    """

    def __init__(self, base: int, before: np.ndarray, stores: np.ndarray):
        self.base, self._before, self.stores = base, before, stores
        self._order = np.argsort(stores["address"], kind="stable")
        self._addresses = stores["address"][self._order]

    def words(self, address: int, count: int) -> np.ndarray:
        """Words as they were when the recording began."""
        first = (address - self.base) // 4
        return self._before[first:first + count].astype(np.uint32)

    def all_words(self) -> np.ndarray:
        """All of memory when the recording began, as a copy."""
        return self._before.astype(np.uint32)

    def to(self, address: int, size: int = 4) -> np.ndarray:
        """The stores to some bytes, in their order."""
        first, end = np.searchsorted(self._addresses, [address, address + size])
        return self.stores[np.sort(self._order[first:end])]

    def numbered(self, address: int, count: int) -> dict[str, np.ndarray]:
        """Words for a report: `before`, and of each store the `cycle`, the `index` and `value`."""
        stores = self.to(address, 4 * count)
        return {"before": self.words(address, count), "cycle": stores["cycle"],
                "index": (stores["address"] - np.uint32(address)) // 4, "value": stores["value"]}
