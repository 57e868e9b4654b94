"""ELF files: 32 bits, big-endian, PowerPC (System V ABI, PowerPC supplement).

An executable has one program header a section: GDB, binutils and loaders read it. An object has
none, and is for a linker. No relocations; labels are in the symbol table.
"""

import struct

__all__ = ["write_elf", "write_object"]

_PAGE = 0x1000
_REL, _EXEC, _POWERPC = 1, 2, 20
_PROGBITS, _SYMTAB, _STRTAB, _NOBITS = 1, 2, 3, 8
_ABSOLUTE = 0xFFF1
_TYPES = {"notype": 0, "object": 1, "function": 2}
_HEADER, _PROGRAM, _SECTION, _SYMBOL = ">16sHHIIIIIHHHHHH", ">8I", ">10I", ">IIIBBH"


class _Strings:
    """A string table."""

    def __init__(self):
        self.data = bytearray(1)

    def add(self, text):
        offset = len(self.data)
        self.data += text.encode(errors="surrogateescape") + b"\0"
        return offset


def write_elf(sections, labels, entry):
    """Bytes of an ELF executable.

    Parameters
    ----------
    sections : iterable of Section
    labels : iterable of Label
    entry : int
    """
    return _write(list(sections), labels, entry, _EXEC)


def write_object(sections, labels):
    """Bytes of a relocatable ELF file; its sections, at address 0, refer only to themselves."""
    return _write(list(sections), labels, 0, _REL)


def _write(sections, labels, entry, kind):
    loaded = [] if kind == _REL else [
        section for section in sections if section.flags & 2 and section.size]
    body = bytearray(struct.calcsize(_HEADER) + len(loaded) * struct.calcsize(_PROGRAM))
    names, strings = _Strings(), _Strings()
    headers = [(0,) * 10]
    offsets = {}

    def add(name, type_, data, *, flags=0, address=0, size=None, link=0, info=0, align=1, entry=0):
        headers.append((names.add(name), type_, flags, address, len(body),
                        len(data) if size is None else size, link, info, align, entry))
        body.extend(data)

    for section in sections:
        # A segment's offset and address must agree within a page, so that it can be mapped.
        if section in loaded and not section.nobits:
            body.extend(bytes((section.address - len(body)) % _PAGE))
        offsets[section.name] = len(body)
        add(section.name, _NOBITS if section.nobits else _PROGBITS,
            b"" if section.nobits else section.data, flags=int(section.flags),
            address=section.address, size=section.size, align=section.alignment)

    body.extend(bytes(-len(body) % 4))
    symbols, local = _symbol_table(sections, labels, strings)
    add(".symtab", _SYMTAB, symbols, link=len(headers) + 1, info=local, align=4,
        entry=struct.calcsize(_SYMBOL))
    add(".strtab", _STRTAB, strings.data)
    names_offset = names.add(".shstrtab")
    headers.append((names_offset, _STRTAB, 0, 0, len(body), len(names.data), 0, 0, 1, 0))
    body.extend(names.data)
    body.extend(bytes(-len(body) % 4))

    programs = b"".join(
        struct.pack(_PROGRAM, 1, offsets[s.name], s.address, s.address,
                    0 if s.nobits else s.size, s.size,
                    4 | bool(s.flags & 1) << 1 | bool(s.flags & 4), _PAGE)
        for s in loaded)
    identification = b"\x7fELF" + bytes([1, 2, 1]) + bytes(9)
    header = struct.pack(
        _HEADER, identification, kind, _POWERPC, 1, entry,
        struct.calcsize(_HEADER) if loaded else 0, len(body), 0,
        struct.calcsize(_HEADER), struct.calcsize(_PROGRAM) if loaded else 0, len(loaded),
        struct.calcsize(_SECTION), len(headers), len(headers) - 1)
    body[:len(header) + len(programs)] = header + programs
    return bytes(body) + b"".join(struct.pack(_SECTION, *header) for header in headers)


def _symbol_table(sections, labels, strings):
    """Symbols, local ones first as ELF asks, and the number of the first global one."""
    index = {section.name: number for number, section in enumerate(sections, 1)}
    table = [bytes(16)]
    ordered = sorted(labels, key=lambda label: label.binding > 0)
    for label in ordered:
        place = _ABSOLUTE if label.section is None else index.get(label.section.name, _ABSOLUTE)
        table.append(struct.pack(_SYMBOL, strings.add(label.name), label.value & 0xFFFFFFFF,
                                 label.size, label.binding << 4 | _TYPES[label.type],
                                 label.visibility, place))
    return b"".join(table), 1 + sum(not label.binding for label in ordered)
