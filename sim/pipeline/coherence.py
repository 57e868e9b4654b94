"""Memory as the processor of the pipeline model sees it.

Completed stores wait in the store queue, modified blocks are in the data cache or the L2, and
castouts may be in progress: memory itself does not have these bytes yet. The functions here find
and change them in the state of the hardware. This takes no simulated time.
"""

from functools import cached_property

import numpy as np

from pteg.hw.cache.enums import DataCacheState, DataOp, L2State
from pteg.hw.isa.registers import Hid0, L2cr

__all__ = ["Coherence"]

#: Bytes of a block and of a double word.
BLOCK, DOUBLE = 32, 8
#: States of the data cache in which a dcbz has not yet been written.
ZEROING = (DataCacheState.ALLOCATE, DataCacheState.BROADCAST, DataCacheState.ZERO)
#: States of the L2 in which the block that it reads is in `line`, and in which a block that is not
#: marked as valid yet enters the SRAM.
FILLING = (L2State.MISS, L2State.EVICT, L2State.FILL)
ENTERING = (L2State.FILL, L2State.ACCEPT)


class Coherence:
    """What a processor has of memory.

    Parameters
    ----------
    native : pteg.engine.Native
        The compiled hardware.
    state : numpy.ndarray
        Its state.
    cpu : pteg.pipeline.places.Processor
        Which of its processors.

    A cache that is disabled keeps its blocks, but the processor does not see them.
    """

    def __init__(self, native, state, cpu):
        self._native, self._state = native, state
        self._dcache, self._l2, self._queue = cpu.dcache, cpu.l2, cpu.core.lsu.queue
        self._special = cpu.core.special
        memories = native.memories
        self._data = memories[self._dcache.array.words]
        self._sets = memories[self._dcache.directory.valids].depth
        self._ways = self._data.depth // (self._sets * BLOCK // DOUBLE)

    def modified(self):
        """What memory does not have: a list of (physical address, bytes), the later the newer."""
        dcache, found = self._dcache, []
        if self._enabled("l2cr", L2cr.L2E.mask):
            found += [(base, self._bytes(row)) for base, row in self._l2_blocks("modified")]
        if self._read(dcache.buffer.busy):
            base = self._read(dcache.buffer.line) * BLOCK
            found.append((base, b"".join(self._double(place) for place in self._castout())))
        if self._enabled("hid0", Hid0.DCE):
            found += [(base, self._bytes(self._data.base + row))
                      for base, row in self._blocks(dcache.directory.modifieds)]
        operation = dcache.operation
        if (self._read(operation.held.op) == DataOp.ZERO
                and self._read(operation.state) in ZEROING):
            found.append((self._read(operation.held.pa) & -BLOCK, bytes(BLOCK)))
        for entry in self._stores():
            pa, size = self._read(entry.pa), self._read(entry.size)
            double = self._read(entry.data).to_bytes(DOUBLE, "big")
            found.append((pa, double[pa % DOUBLE:pa % DOUBLE + size]))
        return found

    def overlay(self, address, data):
        """Put what is newer than memory into `data`, an array of the bytes from `address` on."""
        for pa, newer in self.modified():
            _copy(address, data, pa, np.frombuffer(newer, np.uint8))

    def write(self, address, data):
        """Bytes of memory have been changed from outside: change all copies of them."""
        data = np.frombuffer(data, np.uint8)
        for pa, place in self._copies(address, len(data)):
            double = np.frombuffer(self._double(place), np.uint8).copy()
            _copy(pa, double, address, data)
            self._set(place, int.from_bytes(double.tobytes(), "big"))

    def _enabled(self, register, bit):
        return self._read(self._special.spr(register)) & bit

    # Places: an index of the state, or the path of a signal -------------------------------------

    def _copies(self, address, size):
        """(Physical address, place) of every double word that the processor has of these bytes."""
        dcache = self._dcache

        def inside(pa):
            return pa < address + size and address < pa + DOUBLE

        blocks = [*self._l2_blocks("valid"),
                  *((base, self._data.base + row)
                    for base, row in self._blocks(dcache.directory.valids))]
        for base, at in blocks:
            if base < address + size and address < base + BLOCK:
                for n in range(BLOCK // DOUBLE):
                    if inside(base + DOUBLE * n):
                        yield base + DOUBLE * n, at + n
        doubles = []
        if self._read(dcache.buffer.busy):
            base = self._read(dcache.buffer.line) * BLOCK
            doubles += [(base + DOUBLE * n, place) for n, place in enumerate(self._castout())]
        operation = dcache.operation
        held = self._read(operation.held.pa)
        if self._read(operation.state) == DataCacheState.RELOAD:
            # What has arrived; in the other places there may be a block that is being copied out.
            row = self._row(held, self._read(operation.way))
            arrived = [(held + DOUBLE * beat) % BLOCK // DOUBLE
                       for beat in range(self._read(operation.beat))]
            doubles += [((held & -BLOCK) + DOUBLE * n, self._data.base + row + n)
                        for n in arrived]
        if self._read(operation.held.op) == DataOp.STORE:
            doubles.append((held & -DOUBLE, operation.held.wdata))
        if self._l2_shape and self._read(self._l2.operation.state) in FILLING:
            pa = self._read(self._l2.requests.pa)
            doubles += [(pa & -BLOCK | pa + DOUBLE * n & BLOCK - DOUBLE, self._l2.sram.line(n))
                        for n in range(BLOCK // DOUBLE)]
        if entering := self._l2_entering():
            base, row = entering[0], self._l2_row(*entering[1:])
            doubles += [(base + DOUBLE * n, row + n) for n in range(BLOCK // DOUBLE)]
        doubles += [(self._read(entry.pa) & -DOUBLE, entry.data) for entry in self._stores()]
        yield from (double for double in doubles if inside(double[0]))

    def _row(self, pa, way):
        return (way * self._sets + pa // BLOCK % self._sets) * (BLOCK // DOUBLE)

    def _castout(self):
        """Places of the double words of the block that is cast out, as far as it is copied."""
        buffer = self._dcache.buffer
        places = [buffer.word(n) for n in range(BLOCK // DOUBLE)]
        if self._read(buffer.copying):
            row = self._row(self._read(buffer.line) * BLOCK, self._read(buffer.from_way))
            index, copied = self._read(buffer.index), self._read(buffer.copied)
            for later in range(BLOCK // DOUBLE - copied):
                n = (index + later) % (BLOCK // DOUBLE)
                places[n] = self._data.base + row + n
        return places

    def _blocks(self, marks):
        """(Address, first row of the data array) of the valid blocks with a mark in this memory."""
        directory = self._dcache.directory
        written = self._read(directory.written)
        valid, wanted = self._rows(directory.valids), self._rows(marks)
        for index in np.flatnonzero(valid & wanted):
            if written >> int(index) & 1:
                ways = int(valid[index] & wanted[index])
                for way in range(self._ways):
                    if ways >> way & 1:
                        tag = int(self._rows(directory.tag(way))[index])
                        base = (tag * self._sets + int(index)) * BLOCK
                        yield base, self._row(base, way)

    @cached_property
    def _l2_shape(self):
        """Sets and sectors of the L2, or None."""
        memories = self._native.memories
        if self._l2.sram.words not in memories:
            return None
        marks = memories[self._l2.tags.marks("valid", 0)]
        return marks.depth, marks.width

    def _l2_row(self, way, index, sector):
        """Index in the state of the first double word of a sector of the L2."""
        sets, sectors = self._l2_shape
        row = (way * sets + index) * sectors + sector
        return self._native.memories[self._l2.sram.words].base + row * (BLOCK // DOUBLE)

    def _l2_entering(self):
        """(Address, way, set, sector) of the block that enters the L2, or None."""
        if not self._l2_shape or self._read(self._l2.operation.state) not in ENTERING:
            return None
        sets, sectors = self._l2_shape
        base = self._read(self._l2.requests.pa) & -BLOCK
        return (base, self._read(self._l2.tags.kept_way), base // BLOCK // sectors % sets,
                base // BLOCK % sectors)

    def _l2_blocks(self, which):
        """(Address, index in the state) of all valid or all modified sectors of the L2."""
        if not self._l2_shape:
            return
        sets, sectors = self._l2_shape
        entering = self._l2_entering()
        # The line that the block replaces has its tag until the end, and its place no more.
        replaced = entering[1:3] if entering and self._read(self._l2.tags.fresh) else None
        for way in (0, 1):
            marks = self._rows(self._l2.tags.marks(which, way))
            tags = self._rows(self._l2.tags.tag(way))
            for index in map(int, np.flatnonzero(marks)):
                if (way, index) == replaced:
                    continue
                for sector in range(sectors):
                    if int(marks[index]) >> sector & 1:
                        place = (int(tags[index]) * sets + index) * sectors + sector
                        yield place * BLOCK, self._l2_row(way, index, sector)

    def _stores(self):
        """The completed stores in the queue, the oldest first."""
        completed = self._read(self._queue.completed)
        return [self._queue.entry(n) for n in range(completed.bit_length()) if completed >> n & 1]

    def _rows(self, path):
        memory = self._native.memories[path]
        return self._state[memory.base:memory.base + memory.depth]

    def _read(self, path):
        return int(self._native.read(self._state, path))

    def _bytes(self, at):
        """The block whose double words begin there in the state."""
        return self._state[at:at + BLOCK // DOUBLE].byteswap().tobytes()

    def _double(self, place):
        value = (self._read(place) if isinstance(place, str)
                 else int(self._state[place]))
        return value.to_bytes(DOUBLE, "big")

    def _set(self, place, value):
        if isinstance(place, str):
            self._native.write(self._state, place, value)
        else:
            self._state[place] = value


def _copy(to, target, at, source):
    """Copy the bytes `source`, which lie at address `at`, into `target`, which begins at `to`."""
    first, end = max(to, at), min(to + len(target), at + len(source))
    if first < end:
        target[first - to:end - to] = source[first - at:end - at]
