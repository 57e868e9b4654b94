"""Columns of a waveform that no signal holds, made from several signals: texts and numbers.

A tracer's rows get more columns, and between the tracer and the sink each source of them fills its
own ones in.
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
    """A tracer with more columns, and the sink that fills them in.

    Parameters
    ----------
    native : pteg.engine.Native
    paths : sequence of str
        Signals that the rows are to hold as well.
    sources : sequence of Source
        Only the last one may have `printed`.
    shown : collection of str
        Paths of those texts that are wanted.

    Attributes
    ----------
    probes, offsets : list
        Signals and texts, and where the rows hold them.
    trace, new_record, words
        See `pteg.engine.tracer.ChangeTracer`.
    printed : bool
        See `pteg.pipeline.driver.Tap`.
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
        self.printed = bool(sources) and sources[-1].printed
        for source in sources:
            columns = [offset_of[path] for path in source.needed]
            self._fills.append((source, np.array([*columns, self.words])))
            for place, text in enumerate(source.texts):
                if text.path in shown:
                    self.probes.append(text)
                    self.offsets.append(self.words + place)
            self.words += len(source.texts)
        self._lead = max((source.lead for source in sources), default=0)
        self._next = self._sink = None

    def before(self, sink):
        """Hand the rows on to a sink of a `pteg.pipeline.driver.Tap`; returns the sink for it."""
        self._sink = sink
        return self

    def wanted(self, cycle):
        """See `pteg.pipeline.driver.Tap`: a little earlier than the sink wants rows."""
        wanted = self._sink.wanted(cycle)
        return None if wanted is None else max(cycle, wanted - self._lead)

    def write(self, cycle, rows):
        """Fill in the texts and hand the rows on."""
        for source, columns in self._fills:
            if cycle != self._next:
                source.restart()
            source.fill(rows, columns)
        self._next = cycle + len(rows)
        self._sink.write(cycle, rows)
