"""The target's dictionary while it is being built: bytes, words, word lists.

Two spaces are filled. `rom` holds code, headers and constant data, and stays in the ROM. `data`
holds variables; start-up copies its initial values to RAM. kernel/dictionary.s has the layout of
headers and word lists.
"""

from dataclasses import dataclass, field

from pteg.errors import UserError

__all__ = ["Space", "Word", "WordList", "IMMEDIATE", "COMPILE_ONLY", "thread_of"]

IMMEDIATE, COMPILE_ONLY = 0x80, 0x40
#: Cells of a word list before its threads.
_LIST_CELLS = 3


class Space:
    """A growing piece of the target's memory.

    Parameters
    ----------
    name : str
    base, end : int
        Where it begins, and the first address that it must not reach.
    """

    def __init__(self, name, base, end):
        self.name, self.base, self.end = name, base, end
        self.data = bytearray()

    @property
    def here(self):
        return self.base + len(self.data)

    def append(self, data):
        """Add bytes; returns their address."""
        address = self.here
        self.data += data
        if self.here > self.end:
            raise UserError(f"Open Firmware's {self.name} must end below {self.end:#x}, "
                            f"not at {self.here:#x}")
        return address

    def cell(self, value=0):
        """Add a 32-bit number; returns its address."""
        return self.append((value & 0xFFFFFFFF).to_bytes(4, "big"))

    def cells(self, values):
        """Add several; returns the address of the first."""
        address = self.here
        for value in values:
            self.cell(value)
        return address

    def align(self, boundary=4):
        self.append(bytes(-self.here % boundary))

    def __contains__(self, address):
        return self.base <= address < self.here

    def fetch(self, address):
        offset = address - self.base
        return int.from_bytes(self.data[offset:offset + 4], "big")

    def store(self, address, value):
        offset = address - self.base
        self.data[offset:offset + 4] = (value & 0xFFFFFFFF).to_bytes(4, "big")


@dataclass
class Word:
    """A word of the target.

    `kind` is "code", "colon", or the name of a data word's behaviour; `operand` is that of a data
    word.
    """

    name: str
    xt: int
    kind: str = "colon"
    operand: int | None = None
    flags: int = 0
    source: str = ""


@dataclass
class WordList:
    """A word list of the target and its place in the data space."""

    address: int
    threads: int
    words: dict = field(default_factory=dict)

    @classmethod
    def make(cls, data, threads, previous=None):
        """Add an empty one to the data space, linked to the one made before it."""
        address = data.cells([threads - 1, previous.address if previous else 0, 0])
        data.cells([0] * threads)
        return cls(address, threads)

    def find(self, name):
        """The latest word of this name, or None; the case of letters does not count."""
        return self.words.get(name.lower())

    def add(self, word, data, store_link):
        """Make a word the first of its thread; `store_link(xt, previous)` writes its header."""
        head = self.address + 4 * (_LIST_CELLS + thread_of(word.name, self.threads))
        store_link(word.xt, data.fetch(head))
        data.store(head, word.xt)
        self.words[word.name.lower()] = word


def thread_of(name, threads):
    """Which thread a name belongs to: `name_hash` of kernel/dictionary.s."""
    encoded = name.encode("latin-1")
    total = len(encoded)
    for byte in encoded:
        total = (total << 5 | total >> 27) & 0xFFFFFFFF ^ (byte | 0x20)
    total ^= total >> 16
    total ^= total >> 8
    return total & threads - 1
