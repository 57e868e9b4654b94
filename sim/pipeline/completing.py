"""CQ0 and CQ1, the two oldest instructions in flight, as texts of a waveform.

The completion queue holds no instruction words. Every instruction leaves the instruction queue when
it enters the completion queue, so a mirror of the instruction queue is kept, from a few signals.
"""

from functools import cache

import numpy as np
from numba import njit

from pteg.waveforms.signals import Text

__all__ = ["CompletingTexts"]

#: In place of address and word: there is no instruction, or it entered before the first row.
NOTHING, UNKNOWN = 1 << 32, 2 << 32


class CompletingTexts:
    """A `pteg.pipeline.computed.Source`.

    Parameters
    ----------
    native : pteg.engine.Native
    places : pteg.pipeline.places.Processor
    instruction : callable
        The text for an address and the instruction word there.
    """

    #: In so many cycles most instructions of the first wanted row have entered.
    lead = 100
    printed = False

    def __init__(self, native, places, instruction):
        completion, dispatch = places.core.completion, places.core.dispatch
        self.needed = [completion.count, completion.head]
        for port, entry in zip(completion.entering, dispatch.entries, strict=True):
            self.needed += [port.valid, port.cq, entry.pc, entry.insn]

        @cache      # for both texts
        def label(value):
            if value in (NOTHING, UNKNOWN):
                return "-" if value == NOTHING else "?"
            return instruction(value >> 32, value & 0xFFFF_FFFF)

        self.texts = [Text(path, 64, label=label) for path in self.paths(places)]
        self._queue = np.zeros(native.memories[completion.queue.entries].depth, np.uint64)

    @staticmethod
    def paths(places):
        """Paths of the two texts."""
        return [places.core.completion.at(name) for name in ("cq0", "cq1")]

    def restart(self):
        self._queue[:] = UNKNOWN

    def fill(self, rows, columns):
        _fill(rows, columns, self._queue)


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
