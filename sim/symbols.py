"""Names for addresses: the symbols of the programs that a machine has loaded."""

from bisect import bisect_right

from pteg.loader import read_symbols

__all__ = ["Symbols"]

#: So far behind a symbol an address still counts as inside what it names.
REACH = 1 << 16


class Symbols:
    """Symbols of ELF files, which are only read when the first name is asked for."""

    def __init__(self):
        self._files, self._names, self._addresses = [], {}, None

    def add(self, path):
        """Know the symbols of one more file."""
        self._files.append(path)
        self._addresses = None

    def _read(self):
        for path in self._files:
            for name, address in read_symbols(path).items():
                # Of two names for one address the one without decoration.
                known = self._names.get(address)
                if known is None or known.startswith((".", "$")):
                    self._names[address] = name
        self._files.clear()
        self._addresses = sorted(self._names)

    def name(self, address):
        """`symbol+0x10`, or None if no symbol is near enough below."""
        if self._addresses is None:
            self._read()
        index = bisect_right(self._addresses, address) - 1
        if index < 0 or address - self._addresses[index] >= REACH:
            return None
        distance = address - self._addresses[index]
        name = self._names[self._addresses[index]]
        return f"{name}+{distance:#x}" if distance else name

    def describe(self, address):
        """The address in hexadecimal, with its name if it has one."""
        name = self.name(address)
        return f"{address:#010x}" + (f" <{name}>" if name else "")
