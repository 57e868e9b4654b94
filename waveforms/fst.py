"""FST files: the compressed waveform format of GTKWave, which Surfer and others read too.

The file begins with header, geometry (the widths of all variables) and hierarchy (their names), so
that whatever of the blocks of changes is on the disk can be read: during the simulation, and after
it was killed. A block of changes has a chain of bytes for each variable, compressed by itself.

The values are those of the VCD file of the same run (`vcd.py`): strings for enums, the clock as a
signal, x where nothing was recorded.
"""

import gzip
import struct
import time as clock_of_host
import zlib

import numpy as np

from pteg.errors import UserError
from pteg.waveforms import fstbody
from pteg.waveforms.compiled import SLACK
from pteg.waveforms.signals import columns
from pteg.waveforms.variables import STRING, Variables
from pteg.waveforms.vcdheader import timebase

__all__ = ["FstFile", "has_cycles"]

# Types of block.
HEADER, GEOMETRY, HIERARCHY, CHANGES, SKIP = 0, 3, 4, 8, 255
# Tags in the hierarchy.
SCOPE, UPSCOPE, MODULE, WIRE, TEXT = 254, 255, 0, 16, 21
#: Length of a string variable in the geometry: each change has its own.
VARIABLE_LENGTH = 0xFFFFFFFF
#: A block ends when it has so many changes, or after so many seconds.
BLOCK_CHANGES, BLOCK_SECONDS = 1 << 20, 5.0
#: Chains shorter than this are not compressed.
SHORT = 32
LEVEL = 3
_EXPONENTS = {"1 us": -6, "1 ns": -9, "1 ps": -12, "1 fs": -15}


class FstFile:
    """An FST file, filled with `Changes`.

    Parameters
    ----------
    file
        Binary file, open for writing, with a method `patch(position, data)` that overwrites bytes;
        it is not closed (`pteg.outputs.OutputFile`).
    signals, places, frequency, clock, pure
        As for `pteg.waveforms.vcd.VcdFile`.

    Attributes
    ----------
    period, names, strings
        Likewise.
    """

    def __init__(self, file, signals, places=None, *, frequency=200e6, clock="clk", pure=False):
        scale, self._half = timebase(frequency)
        self.period = 2 * self._half
        self._file, self._size = file, 0
        places = columns(signals)[0] if places is None else places
        self._shown = shown = Variables(signals, places, clock=clock, pure=pure)
        self.names, self.strings = shown.names, shown.strings
        self._users = shown.users()
        self._row = np.zeros(shown.words, np.uint64)    # the values in the last cycle
        self._cycle = None      # the next one, if there is no gap
        self._begin = None      # time of the first change in the file
        self._blocks, self._closed = 0, False
        hierarchy, self._order = _hierarchy(shown)
        scopes = hierarchy.count(bytes([SCOPE, MODULE]))
        self._head = [_EXPONENTS[scale], scopes, 1 + len(shown.order), 1 + len(shown.all)]
        self._write(self._header())
        lengths = b"".join(_varint(length) for length in self._lengths())
        self._write(_block(GEOMETRY, struct.pack(">QQ", len(lengths), len(self._order))
                           + _packed(lengths)))
        self._write(_block(HIERARCHY, struct.pack(">Q", len(hierarchy))
                           + gzip.compress(hierarchy, mtime=0)))
        self._file.flush()
        self._new_block()

    def _lengths(self):
        """For each handle the characters of a value."""
        yield 1     # the clock
        for index in self._order[1:]:
            variable = self._shown.all[index]
            yield VARIABLE_LENGTH if variable.kind == STRING else variable.width

    def _header(self):
        exponent, scopes, places, handles = self._head
        end = self.period * (self._cycle or 0)
        return _block(HEADER, struct.pack(
            ">QQ", self._begin or 0, end) + struct.pack("=d", 2.718281828459045) + struct.pack(
            ">QQQQQb128s119sBq", 0, scopes, places, handles, self._blocks, exponent, b"pteg", b"",
            0, 0))

    def _write(self, data):
        self._file.write(data)
        self._size += len(data)

    # Cycles -----------------------------------------------------------------------------------

    def write(self, changes):
        """Append the values of some cycles; see `VcdFile.write`."""
        cycle = changes.cycle
        if self._cycle is not None and cycle < self._cycle:
            raise UserError(f"a waveform cannot go back in time, from cycle {self._cycle} to "
                            f"{cycle}: close it before a reset")
        if len(changes.before) < self._shown.words:
            raise ValueError(f"there must be {self._shown.words} words, not {len(changes.before)}")
        if len(changes) == 0:
            return
        if cycle != self._cycle:
            if self._cycle is not None:
                self._unknown()
            self._row = ~changes.row(0)[:self._shown.words]     # so that everything changes
        if self._begin is None:
            self._begin = self.period * cycle
        changes = changes.following(self._row)
        self._shown.learn(changes)
        self._append(changes.copy())
        self._row = changes.row(-1 + len(changes))[:self._shown.words]
        self._cycle = changes.end
        # The first block ends at once: before it, no reader opens the file.
        if (self._frame is None or self._changes >= BLOCK_CHANGES
                or clock_of_host.monotonic() - self._started > BLOCK_SECONDS):
            self._flush()

    def close(self):
        """Mark the end of the last cycle. The file stays open."""
        if not self._closed:
            self._closed = True
            if self._cycle is None:     # readers need a time, at which all is unknown
                self._tick(0)
                self._count += 1
            self._flush(end=self.period * (self._cycle or 0))

    def _new_block(self):
        # Times, by their differences; what happens, each with the index of its first time: some
        # changes, or None if all values become unknown; the clock's chain.
        self._times, self._pieces, self._clock = [], [], []
        self._count, self._changes, self._time = 0, 0, None
        self._clock_last = 0
        self._frame = self._row.copy() if self._cycle is not None else None
        self._started = clock_of_host.monotonic()

    def _append(self, changes):
        self._pieces.append((self._count, changes))
        self._changes += len(changes.pairs)
        self._tick(self.period * changes.cycle)
        self._clock.append(_varint(self._count - self._clock_last << 2 | 2))
        edges = 2 * len(changes)        # the clock rises and falls in each
        self._times.append(_varint(self._half) * (edges - 1))
        self._clock.append(b"\4" + b"\6\4" * (len(changes) - 1))
        self._count += edges
        self._clock_last = self._count - 1
        self._time += self._half * (edges - 1)

    def _tick(self, time):
        """The next time in the block."""
        self._times.append(_varint(time - (self._time or 0)))
        self._time = time

    def _unknown(self):
        """All values are x from the end of the last cycle on."""
        self._tick(self.period * self._cycle)
        self._pieces.append((self._count, None))
        self._clock.append(_varint(self._count - self._clock_last << 4 | 1))
        self._clock_last = self._count
        self._count += 1

    def _chains(self):
        """The chains of the variables, in their order."""
        shown = self._shown
        # Each gets the most room that it may need, and writes a little beyond its end.
        words = np.zeros(shown.words + 1, np.int64)
        unknown = 0
        for _, changes in self._pieces:
            if changes is None:
                unknown += 1
            else:
                fstbody.count(changes.pairs, words)
        first, users = self._users
        counts = np.zeros(len(shown.all), np.int64)
        np.add.at(counts, users, np.repeat(words[:-1], np.diff(first)))
        table = shown.table
        strings = table["kind"] == STRING
        most = 8 + np.where(strings, max(18, shown.longest_name), table["width"] // 8 + 1)
        sizes = counts * most + unknown * (8 + table["width"]) + SLACK
        starts = np.cumsum(sizes) - sizes
        at, last = starts.copy(), np.full(len(starts), -1)
        out = np.empty(int(sizes.sum()) + SLACK, np.uint8)
        for time, changes in self._pieces:
            if changes is None:
                fstbody.unknown(time, last, table, at, out)
            else:
                row = changes.before[:shown.words].copy()
                fstbody.chains(changes.ends, changes.pairs, row, time, last, *self._users, table,
                               shown.members, shown.text, at, out)
        return [out[begin:end].tobytes() for begin, end in zip(starts, at, strict=True)]

    # Blocks -----------------------------------------------------------------------------------

    def _flush(self, end=None):
        """Write the block."""
        if self._count:
            if end is not None and end > self._time:
                self._tick(end)
                self._count += 1
            # Readers skip a block that the disk does not have whole.
            begin, block = self._size, self._block_of_changes()
            self._write(bytes([SKIP]) + block[1:9])
            self._file.flush()
            self._write(block[9:])
            self._file.patch(begin, block[:1])
            self._blocks += 1
            self._file.flush()
        self._file.patch(0, self._header())
        self._new_block()

    def _block_of_changes(self):
        of_variables = self._chains()
        chains = [b"".join(self._clock), *(of_variables[index] for index in self._order[1:])]
        body, table, position, before, empty = [b"Z"], [], 1, 0, 0
        for chain in chains:
            if not chain:
                empty += 1
                continue
            if empty:
                table.append(_varint(empty << 1))
                empty = 0
            stored = _stored(chain)
            body.append(stored)
            table.append(_signed_varint(position - before << 1 | 1))
            before = position
            position += len(stored)
        if empty:
            table.append(_varint(empty << 1))
        places = b"".join(table)
        times = b"".join(self._times)
        packed = _packed(times)
        frame = self._initial()
        packed_frame = _packed(frame)
        first, _ = _read_varint(times)
        return _block(CHANGES, b"".join([
            struct.pack(">QQQ", first, self._time, sum(map(len, chains))),
            _varint(len(frame)), _varint(len(packed_frame)), _varint(len(chains)), packed_frame,
            _varint(len(chains)), *body, places, struct.pack(">Q", len(places)),
            packed, struct.pack(">QQQ", len(times), len(packed), self._count)]))

    def _initial(self):
        """The values at the beginning of the block, as characters."""
        if self._frame is None:
            return b"x" * sum(length for length in self._lengths() if length != VARIABLE_LENGTH)
        parts = [b"0"]      # the clock has fallen
        for index in self._order[1:]:
            variable = self._shown.all[index]
            if variable.kind != STRING:
                words = self._frame[variable.column:variable.column + (variable.width + 63) // 64]
                value = sum(int(word) << 64 * n for n, word in enumerate(words))
                value &= (1 << variable.width) - 1
                parts.append(f"{value:0{variable.width}b}".encode())
        return b"".join(parts)


def has_cycles(content: bytes) -> bool:
    """Whether an FST file has a block of changes."""
    return any(content[65:73])      # their number, in the header


# Bytes --------------------------------------------------------------------------------------------

def _hierarchy(shown):
    """Scopes and variables, and the index of each handle's variable (-1: the clock)."""
    tree = {}
    for place, index in [(shown.clock, -1), *shown.order]:
        *scopes, name = place
        branch = tree
        for scope in scopes:
            branch = branch.setdefault((scope,), {})
        branch[name] = index
    parts, handles, order = [], {}, []

    def visit(branch):
        for name, what in branch.items():
            if isinstance(what, dict):
                parts.append(bytes([SCOPE, MODULE]) + name[0].encode() + b"\0\0")
                visit(what)
                parts.append(bytes([UPSCOPE]))
                continue
            known = handles.get(what, 0)    # another name of that handle
            if not known:
                order.append(what)
                handles[what] = len(order)
            variable = shown.all[what] if what >= 0 else None
            string = variable is not None and variable.kind == STRING
            width = 1 if variable is None else 0 if string else variable.width
            text = name if width <= 1 else f"{name} [{width - 1}:0]"
            parts.append(bytes([TEXT if string else WIRE, 0]) + text.encode() + b"\0"
                         + _varint(width) + _varint(known))

    visit(tree)
    return b"".join(parts), order


def _block(kind, body):
    return bytes([kind]) + struct.pack(">Q", 8 + len(body)) + body


def _varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _signed_varint(value):
    """As LEB128: bit 6 of the last byte is the sign."""
    out = bytearray()
    while not -64 <= value < 64:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value & 127)
    return bytes(out)


def _read_varint(data):
    value = shift = 0
    for size, byte in enumerate(data, 1):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, size
    raise ValueError("a varint must end")


def _packed(data):
    """Compressed, or as it is where that is not shorter; readers compare the lengths."""
    packed = zlib.compress(data, LEVEL)
    return packed if len(packed) < len(data) else data


def _stored(chain):
    """A chain with its length before compression, which is 0 if it is not compressed."""
    if len(chain) > SHORT:
        packed = zlib.compress(chain, LEVEL)
        if len(packed) < len(chain):
            return _varint(len(chain)) + packed
    return b"\0" + chain
