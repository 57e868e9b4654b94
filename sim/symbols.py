"""Names for addresses: the symbols of the programs that a machine has loaded.

A program's symbols are virtual addresses. They are known at the physical addresses where it was
loaded too, where its exception handlers run.
"""

from bisect import bisect_right
from functools import lru_cache
from os import PathLike

from pteg.boot.loader import Image, read_elf, read_symbols
from pteg.files import read_file
from pteg.worlds import GUESTS

__all__ = ["Symbols"]

#: So far behind a symbol an address still counts as inside what it names.
REACH = 1 << 16
#: Columns for the text of an instruction that has a name.
WIDTH = 24


class Symbols:
    """Symbols of ELF files, which are only read when the first name is asked for.

    Attributes
    ----------
    worlds : dict of pteg.worlds.World to Symbols
        Those of worlds with programs of their own at addresses that the host uses for others.
    """

    def __init__(self) -> None:
        self.worlds: dict[int, Symbols] = {}
        self._programs: list[tuple[bytes, Image]] = []
        self._places: dict[str, int] = {}       # of a name
        self._names: dict[int, str] = {}        # at an address
        self._addresses: list[int] = []         # of names, in order
        self._read_all = True                   # of the programs
        #: `instruction`, which logs ask for the same ones again and again.
        self.instruction = lru_cache(1 << 16)(self._instruction)

    def add(self, data: bytes, image: Image) -> None:
        """Know the symbols of one more program, and forget those that it has overwritten.

        Parameters
        ----------
        data : bytes
            The ELF file.
        image : pteg.boot.loader.Image
            Where it has been loaded.
        """
        self._programs = [(old, place) for old, place in self._programs
                          if not image.overlaps(place)] + [(data, image)]
        self._read_all = False
        self.instruction.cache_clear()

    def add_file(self, path: str | PathLike) -> None:
        """Know the symbols of an ELF file that something else has loaded."""
        data = read_file(path)
        self.add(data, read_elf(data, str(path)))

    @property
    def programs(self) -> tuple[tuple[bytes, Image], ...]:
        """The ELF files, and where each has been loaded."""
        return tuple(self._programs)

    def of(self, world: int) -> "Symbols":
        """The symbols of a world (`pteg.worlds.World`): a guest has no names of its host."""
        if world in self.worlds:
            return self.worlds[world]
        return _NO_SYMBOLS if world in GUESTS else self

    def _read(self) -> None:
        if self._read_all:
            return
        self._read_all = True
        self._places, self._names = {}, {}
        for data, image in self._programs:
            for name, address in read_symbols(data):
                self._places.setdefault(name, address)
                for place in (address, image.physical(address)):
                    # Of two names for one address the one without decoration.
                    known = self._names.get(place)
                    if known is None or known.startswith((".", "$")):
                        self._names[place] = name
        self._addresses = sorted(self._names)

    def address(self, name: str) -> int | None:
        """The virtual address of a symbol, or None."""
        self._read()
        return self._places.get(name)

    def _below(self, address: int) -> int | None:
        """Where the symbol is that names an address, or None if none is near enough below."""
        self._read()
        index = bisect_right(self._addresses, address) - 1
        if index < 0 or address - self._addresses[index] >= REACH:
            return None
        return self._addresses[index]

    def function(self, address: int) -> str | None:
        """The symbol that names an address, without the distance to it, or None."""
        place = self._below(address)
        return None if place is None else self._names[place]

    def name(self, address: int) -> str | None:
        """`symbol+0x10`, or None if no symbol is near enough below."""
        place = self._below(address)
        if place is None:
            return None
        distance, name = address - place, self._names[place]
        return f"{name}+{distance:#x}" if distance else name

    def describe(self, address: int) -> str:
        """The address in hexadecimal, with its name if it has one."""
        name = self.name(address)
        return f"{address:#010x}" + (f" <{name}>" if name else "")

    def _instruction(self, address: int, word: int) -> str:
        """Line of a log: address, disassembly, and the name if there is one."""
        from pteg.firmware.disasm import disassemble

        text, name = disassemble(word, address), self.name(address)
        return f"{address:08x}  " + (f"{text:{WIDTH}} <{name}>" if name else text)

    def disassembled(self, address: int, word: int) -> str:
        """An instruction, with the name of its address if there is one."""
        from pteg.firmware.disasm import disassemble

        text, name = " ".join(disassemble(word, address).split()), self.name(address)
        return f"{text} <{name}>" if name else text


_NO_SYMBOLS = Symbols()
