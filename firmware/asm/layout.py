"""Where everything goes: the sections of a source, their parts, and their addresses.

A section consists of parts: subsections (`.text 1`), and what comes under one name in several
groups or with `,unique,`. Parts of one name follow each other, as a linker would join them.
"""

from itertools import pairwise

from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.program import Section, SectionFlags

__all__ = ["Layout"]

_DATA, _READ = SectionFlags.ALLOC | SectionFlags.WRITE, SectionFlags.ALLOC
_CODE = SectionFlags.ALLOC | SectionFlags.EXECUTE
#: Flags by name, the name being the whole or followed by a dot (System V ABI, PowerPC EABI).
_STANDARD = {
    **dict.fromkeys((".text", ".init", ".fini"), _CODE),
    **dict.fromkeys((".data", ".sdata", ".bss", ".sbss", ".init_array", ".fini_array",
                     ".preinit_array", ".ctors", ".dtors", ".got2"), _DATA),
    **dict.fromkeys((".comment", ".note"), SectionFlags(0))}
_NOBITS = (".bss", ".sbss", ".sbss2")


def _known(name, table):
    return next((known for known in table if name == known or name.startswith(f"{known}.")), None)


class Layout:
    """The parts of all sections.

    Parameters
    ----------
    addresses : dict
        Address of sections by name.
    """

    def __init__(self, addresses):
        self._addresses = addresses
        #: Parts of each name, by (group, subsection).
        self._parts = {}
        #: Names of sections with contents, in the order in which they got the first.
        self._used = {}

    def open(self, name, flags=None, nobits=None, *, group="", subsection=0):
        """The part of a section, made if it is new. Without flags it has those of its name."""
        parts = self._parts.setdefault(name, {})
        if known := next(iter(parts.values()), None):
            if flags not in (None, known.flags) or nobits not in (None, known.nobits):
                raise Problem(f"section {name!r} was begun with other flags")
            flags, nobits = known.flags, known.nobits
        if flags is None:
            flags = (SectionFlags(0) if name.startswith(".debug_")
                     else _STANDARD.get(_known(name, _STANDARD), _READ))
        if nobits is None:
            nobits = _known(name, _NOBITS) is not None
        if (group, subsection) not in parts:
            parts[group, subsection] = Section(name, flags, nobits,
                                               None if parts else self._addresses.get(name))
        return parts[group, subsection]

    def use(self, part):
        """Something is put into a part."""
        if part.name in self._parts:
            self._used.setdefault(part.name)

    def find(self, name):
        """The first part of a section, or None if there is no such section."""
        return self._ordered(name)[0] if name in self._parts else None

    def lowest(self, *names):
        """Lowest address of those of these sections that have contents, or None."""
        return min((self.find(name).address for name in names if name in self._used), default=None)

    def _ordered(self, name):
        """Parts of a section: groups in the order of their appearance, subsections by number."""
        parts = self._parts[name]
        groups = list(dict.fromkeys(group for group, _ in parts))
        return [parts[key] for key in sorted(parts, key=lambda key: (groups.index(key[0]), key[1]))]

    def _names(self):
        return dict.fromkeys([*self._used, *self._parts])

    def place(self):
        """Give every part its address; yields what is wrong.

        A section without an address follows the one before it; what is not in memory is at 0.
        """
        position = 0
        for name in self._names():
            first, *rest = parts = self._ordered(name)
            first.alignment = max(part.alignment for part in parts)
            if first.address is None:
                first.address = self._addresses.get(name)
            end = position if first.allocated else 0
            for part in (first, *rest):
                if part.address is None:
                    part.address = -(-end // part.alignment) * part.alignment
                end = part.end
            if first.allocated:
                position = end
        yield from self._faults()

    def _faults(self):
        placed = sorted((part for parts in self._parts.values() for part in parts.values()
                         if part.size and part.allocated), key=lambda part: part.address)
        for low, high in pairwise(placed):
            if low.end > high.address:
                yield (f"section {low.name}, {low.address:#x} to {low.end:#x}, overlaps "
                       f"{high.name} at {high.address:#x}")
        for part in placed:
            if part.end > 1 << 32:
                yield f"section {part.name} must end below 4 GB, not at {part.end:#x}"

    def join(self):
        """The finished section of each part, once all parts have addresses and contents."""
        joined = {}
        for name in self._names():
            parts = self._ordered(name)
            used = [part for part in parts if part.size] or parts[:1]
            whole = used[0]
            if len(used) > 1:
                whole = Section(name, whole.flags, whole.nobits, whole.address,
                                max(part.alignment for part in used))
                for part in used:
                    whole.data.extend(bytes(part.address - whole.end) + part.data)
            joined.update(dict.fromkeys(parts, whole))
        return joined
