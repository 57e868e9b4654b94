"""Values in a waveform that no signal holds, made from several signals: texts and numbers.

A tracer gets more words, and between the tracer and the sink each source of them adds the changes
of its own ones.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from pteg.engine.tracer import ChangeTracer
from pteg.pipeline.places import Signal
from pteg.waveforms.signals import Signal as Column

__all__ = ["Source", "ComputedTracer"]


class Source(Protocol):
    """What makes texts, or numbers of up to 64 bits.

    Attributes
    ----------
    needed : list of Signal
        What it reads in each row.
    texts : list of pteg.waveforms.signals.Signal
        Such as `pteg.waveforms.signals.Text`.
    lead : int
        Rows before the first wanted one that it wants to see.
    printed : bool
        The last of its columns is the number of characters that the console has printed.
    """

    needed: list[Signal]
    texts: Sequence[Column]
    lead: int
    printed: bool

    def restart(self) -> None:
        """The rows that follow do not continue those before."""

    def fill(self, rows: np.ndarray, columns: np.ndarray) -> None:
        """Write the values of the texts. `columns` are those of `needed`, and the first own one."""


class ComputedTracer:
    """A tracer with more words, and the sink that fills them in.

    Parameters
    ----------
    native : pteg.engine.Native
    paths : sequence of str
        Signals that are wanted as well.
    sources : sequence of Source
        Only the last one may have `printed`.
    shown : collection of str
        Paths of those texts that are wanted.

    Attributes
    ----------
    probes, offsets : list
        Signals and texts, and their words.
    trace, new_record, words
        See `pteg.engine.tracer.ChangeTracer`.
    printed : int
        See `pteg.pipeline.driver.ChangeTap`.
    """

    def __init__(self, native, paths, sources, shown):
        needed = [signal for source in sources for signal in source.needed]
        tracer = ChangeTracer(native.design, {
            path: native.probe(path) for path in [*paths, *needed]}, native.use_cache)
        offset_of = dict(zip(tracer.paths, tracer.offsets, strict=True))
        self.trace, self.new_record, self.words = tracer.trace, tracer.new_record, tracer.words
        self.probes = [native.probe(path) for path in paths]
        self.offsets = [offset_of[path] for path in paths]
        self._fills = []
        for source in sources:
            words = [offset_of[path] for path in source.needed]
            own = [*range(self.words, self.words + len(source.texts))]
            self.words += len(own)
            self._fills.append((source, np.array([*words, *own])))
            for word, text in zip(own, source.texts, strict=True):
                if text.path in shown:
                    self.probes.append(text)
                    self.offsets.append(word)
        self._first, self._values = tracer.words, np.zeros(self.words - tracer.words, np.uint64)
        self.printed = 0
        if sources and sources[-1].printed:     # the driver writes it into a word of its own
            self.printed, self.words = self.words, self.words + 1
            self._fills[-1][1][-1] = self.printed
        self._lead = max((source.lead for source in sources), default=0)
        self._next = self._sink = None

    def before(self, sink):
        """Hand the changes on to a sink of a `pteg.pipeline.driver.ChangeTap`; returns the sink
        for it."""
        self._sink = sink
        return self

    def wanted(self, cycle):
        """See `pteg.pipeline.driver.ChangeTap`: a little earlier than the sink wants changes."""
        wanted = self._sink.wanted(cycle)
        return None if wanted is None else max(cycle, wanted - self._lead)

    def write(self, changes):
        """Fill in the texts and hand all on."""
        filled = []
        for source, words in self._fills:
            if changes.cycle != self._next:
                source.restart()
            count = len(source.needed)
            rows = changes.rows(words)
            source.fill(rows, np.arange(count + 1))
            filled.append(rows[:, count:])
        self._next = changes.end
        if filled:
            rows = np.concatenate(filled, axis=1)
            changes = changes.joined(self._first, rows, self._values)
            self._values = rows[-1].copy()
        self._sink.write(changes)
