"""The file of a checkpoint: named sections, each compressed and with a checksum.

    magic      16 bytes  b"pteg-checkpoint\\n"
    version     4 bytes  big-endian, 4
    length      4 bytes  big-endian: of the manifest
    checksum   32 bytes  SHA-256 of the manifest
    manifest             JSON; "sections" lists [name, size, stored size, SHA-256 of what is stored]
    sections             each a zlib stream, one after the other in that order; then the file ends

A reader checks every number before it uses it to allocate or read. Nothing in the file is executed.
"""

import hashlib
import json
import os
import struct
import zlib

from pteg.errors import UserError
from pteg.files import check_regular, kind_of
from pteg.outputs import write_file

__all__ = ["VERSION", "write", "Reader"]

MAGIC = b"pteg-checkpoint\n"
VERSION = 4
_HEAD = struct.Struct(">16sII32s")
#: A manifest has some kilobytes; sections are limited by who reads them.
LONGEST_MANIFEST = 1 << 20
MOST_SECTIONS = 1024
#: So much of another file tells what it is.
BEGINNING = 4096


def write(path, manifest, sections):
    """Write a file whole or not at all.

    Parameters
    ----------
    path : path
    manifest : dict
        JSON-able; "sections" is added.
    sections : dict of str to bytes

    Raises
    ------
    UserError
        It cannot be written. A file of that name is as it was.
    """
    stored = {name: zlib.compress(data, 1) for name, data in sections.items()}
    table = [[name, len(sections[name]), len(data), hashlib.sha256(data).hexdigest()]
             for name, data in stored.items()]
    text = json.dumps({**manifest, "sections": table}).encode()
    head = _HEAD.pack(MAGIC, VERSION, len(text), hashlib.sha256(text).digest())
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise UserError(f"cannot write {os.fspath(path)!r}: not a regular file")
    write_file(path, head, text, *stored.values())


class Reader:
    """A checkpoint file that is open for reading; a context manager.

    Attributes
    ----------
    name : str
    manifest : dict

    Raises
    ------
    UserError
        The file is damaged, of another kind, or newer than this program.
    """

    def __init__(self, path):
        self.name = os.fspath(path)
        check_regular(path)
        try:
            self._file = open(path, "rb")  # noqa: SIM115 - closed in __exit__
        except OSError as error:
            raise UserError(f"{self.name}: {error.strerror}") from None
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()

    def damaged(self, problem):
        """The UserError that says what is wrong."""
        return UserError(f"{self.name}: damaged checkpoint: {problem}")

    def section(self, name, size):
        """Contents of a section that must have `size` bytes."""
        declared = self.size(name)
        if declared != size:
            raise self.damaged(f"section {name!r} must have {size} bytes, not {declared}")
        data = self._stored(name)
        try:
            stream = zlib.decompressobj()
            # One byte more than expected shows that there is more, however much it is.
            contents = stream.decompress(data, size + 1)
        except zlib.error:
            raise self.damaged(f"section {name!r} cannot be decompressed") from None
        if len(contents) != size or not stream.eof or stream.unused_data:
            raise self.damaged(f"section {name!r} must hold {size} bytes")
        return contents

    def size(self, name):
        """Declared size of a section."""
        if name not in self._sections:
            raise self.damaged(f"it has no section {name!r}")
        return self._sections[name][1]

    def _stored(self, name):
        """A section as it is in the file."""
        position, _, stored, checksum = self._sections[name]
        self._file.seek(position)
        data = self._read(stored)
        if hashlib.sha256(data).hexdigest() != checksum:
            raise self.damaged(f"section {name!r} has a wrong checksum")
        return data

    def _read(self, size):
        try:
            data = self._file.read(size)
        except OSError as error:
            raise UserError(f"{self.name}: {error.strerror}") from None
        if len(data) != size:
            raise self.damaged("it is cut short")
        return data

    def _open(self):
        begin = self._file.read(BEGINNING)
        if not begin.startswith(MAGIC):
            raise UserError(f"{self.name}: must be a checkpoint of pteg, not {kind_of(begin)}")
        self._file.seek(0)
        _, version, length, checksum = _HEAD.unpack(self._read(_HEAD.size))
        if version != VERSION:
            raise UserError(f"{self.name}: checkpoint must have format version {VERSION}, "
                            f"not {version}; it was saved by another version of pteg")
        if length > LONGEST_MANIFEST:
            raise self.damaged("its manifest is too long")
        text = self._read(length)
        if hashlib.sha256(text).digest() != checksum:
            raise self.damaged("its manifest has a wrong checksum")
        try:
            self.manifest = json.loads(text)
        except (ValueError, RecursionError):
            raise self.damaged("its manifest is not JSON") from None
        self._sections = self._places(_HEAD.size + length)
        for name in self._sections:     # those too that this restore has no use for
            self._stored(name)

    def _places(self, position):
        """Position, size, stored size and checksum of each section."""
        table = self.manifest.get("sections") if isinstance(self.manifest, dict) else None
        if not isinstance(table, list) or len(table) > MOST_SECTIONS:
            raise self.damaged("its manifest lists no sections")
        places = {}
        for row in table:
            if not (isinstance(row, list) and [type(x) for x in row] == [str, int, int, str]
                    and row[0] not in places and row[1] >= 0
                    # The largest that zlib makes of so many bytes.
                    and 0 <= row[2] <= row[1] + (row[1] >> 9) + 64):
                raise self.damaged("its manifest describes a section that cannot be")
            places[row[0]] = position, *row[1:]
            position += row[2]
        if position != os.fstat(self._file.fileno()).st_size:
            raise self.damaged("its length is wrong")
        return places
