"""CQ0 and CQ1, the two oldest instructions in flight, as texts of a waveform.

The completion queue holds no instruction words. Every instruction leaves the instruction queue when
it enters the completion queue, so a mirror of the instruction queue is kept, from a few signals.
"""

import numpy as np
from numba import njit

from pteg.waveforms.signals import Text

__all__ = ["CompletingTexts"]

#: In place of address and word: there is no instruction, or it entered before the first row.
NOTHING, UNKNOWN = 1 << 32, 2 << 32
#: Cycles before the first wanted row in which most instructions of that one have entered.
LEAD = 100


class CompletingTexts:
    """A tracer whose rows have two more columns, and the sink that fills them in.

    Parameters
    ----------
    native : pteg.engine.Native
    places : pteg.pipeline.places.Processor
    paths : sequence of str
        Signals that the rows are to hold as well.
    texts : sequence of str
        Those of the two texts that are wanted.
    instruction : callable
        The text for an address and the instruction word there.

    Attributes
    ----------
    probes, offsets : list
        Signals and texts, and where the rows hold them.
    trace, words
        See `pteg.engine.Tracer`.
    """

    def __init__(self, native, places, paths, texts, instruction):
        completion, dispatch = places.core.completion, places.core.dispatch
        needed = [completion.count, completion.head]
        for port, entry in zip(completion.entering, dispatch.entries, strict=True):
            needed += [port.valid, port.cq, entry.pc, entry.insn]
        tracer = native.tracer(list(dict.fromkeys([*paths, *needed])))
        offset_of = dict(zip(tracer.paths, tracer.offsets, strict=True))
        self._columns = np.array([*(offset_of[path] for path in needed), tracer.words])

        def label(value):
            if value in (NOTHING, UNKNOWN):
                return "-" if value == NOTHING else "?"
            return instruction(value >> 32, value & 0xFFFF_FFFF)

        self.trace, self.words = tracer.trace, tracer.words + 2
        for place, path in enumerate(self.paths(places)):
            offset_of[path] = tracer.words + place
        self.probes = [*map(native.probe, paths), *(Text(path, 64, label=label) for path in texts)]
        self.offsets = [offset_of[probe.path] for probe in self.probes]
        self._queue = np.full(native.memories[completion.queue.entries].depth, UNKNOWN, np.uint64)
        self._next = self._sink = None

    def before(self, sink):
        """Hand the rows on to a sink of a `pteg.pipeline.driver.Tap`; returns the sink for it."""
        self._sink = sink
        return self

    @staticmethod
    def paths(places):
        """Paths of the two texts."""
        return [places.core.completion.at(name) for name in ("cq0", "cq1")]

    def wanted(self, cycle):
        """See `pteg.pipeline.driver.Tap`: a little earlier than the sink wants rows."""
        wanted = self._sink.wanted(cycle)
        return None if wanted is None else max(cycle, wanted - LEAD)

    def write(self, cycle, rows):
        """Fill in the texts and hand the rows on."""
        if cycle != self._next:
            self._queue[:] = UNKNOWN
        self._next = cycle + len(rows)
        _fill(rows, self._columns, self._queue)
        self._sink.write(cycle, rows)


@njit(cache=True)
def _fill(rows, columns, queue):
    """Address and word of CQ0 and CQ1 in each row, from the mirror `queue` of the queue."""
    count, head, first = columns[0], columns[1], columns[-1]
    for row in rows:
        for place in range(2):
            value = np.uint64(NOTHING)
            if row[count] > place:
                value = queue[(row[head] + np.uint64(place)) % np.uint64(len(queue))]
            row[first + place] = value
        for place in range(2):
            valid, cq, pc, insn = columns[2 + 4 * place:6 + 4 * place]
            if row[valid]:
                queue[row[cq]] = row[pc] << np.uint64(32) | row[insn]
