"""The hashed page table in memory (PEM 7.6)."""

from collections.abc import Callable, Iterator

from pteg.mmu.entries import Pte, Rows

__all__ = ["HashTable", "group_at"]

#: Bytes of a PTEG: eight entries of eight.
GROUP = 64


class HashTable:
    """The page table that SDR1 describes, as it is in memory now.

    Iterating over it gives the valid entries. It takes no copy: what the machine changes is seen.

    Attributes
    ----------
    base : int
        Physical address.
    size : int
        Bytes.
    """

    def __init__(self, sdr1: int, read: Callable[[int, int], bytes]):
        self.base = sdr1 & 0xFFFF0000
        self.size = (sdr1 & 0x1FF) + 1 << 16
        self._read = read

    def __len__(self) -> int:
        """Number of PTEGs."""
        return self.size // GROUP

    def group(self, number: int) -> Rows[Pte]:
        """The eight entries of a PTEG, valid or not.

        Parameters
        ----------
        number : int
            From 0 to `len(table) - 1`: the bits of the hash that count.

        Raises
        ------
        IndexError
        pteg.UserError
            There is no memory for the table.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"PTEG must be 0 to {len(self) - 1}, not {number}")
        return group_at(self._read, self.base | number * GROUP)

    def entries(self) -> Rows[Pte]:
        """All valid entries, in the order of their addresses."""
        return Rows(self)

    def __iter__(self) -> Iterator[Pte]:
        # A base that is not a multiple of the size has bits of the hash set for ever.
        for address in sorted({self.base | number * GROUP for number in range(len(self))}):
            yield from (pte for pte in group_at(self._read, address) if pte.v)

    def occupancy(self) -> list[int]:
        """How many entries are valid in each PTEG."""
        return [sum(self._read(self.base | number * GROUP, GROUP)[at] >> 7
                    for at in range(0, GROUP, 8)) for number in range(len(self))]

    def __repr__(self) -> str:
        counts = self.occupancy()
        return (f"hash table at {self.base:08x}, {self.size >> 10} KB, {len(self)} PTEGs of 8 "
                f"entries: {sum(counts)} valid, {counts.count(8)} PTEGs full")

    def _repr_html_(self) -> str:
        """In a notebook: the valid entries too."""
        return f"<p>{self}</p>{self.entries()._repr_html_()}"


def group_at(read: Callable[[int, int], bytes], address: int) -> Rows[Pte]:
    """The eight entries of the PTEG at a physical address."""
    data = read(address, GROUP)
    return Rows(Pte.of(address + at, int.from_bytes(data[at:at + 4], "big"),
                       int.from_bytes(data[at + 4:at + 8], "big")) for at in range(0, GROUP, 8))
