"""Many independent simulations of one design, on all cores: arrays in and arrays out.

The states of the simulations are the rows of one array. Threads share its rows; the compiled loops
below run without Python's global lock.
"""

import os
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pteg.engine.arrays import as_words, fit, mask, split, values_of
from pteg.engine.probes import MASK64, Kind, MemoryInfo, Part, Probe
from pteg.errors import UserError
from pteg.jit import njit

if TYPE_CHECKING:
    from pteg.engine.compiled import Native
    from pteg.engine.tracer import Tracer

__all__ = ["Batch"]

#: Clock edges in one call of a compiled loop, so that a user can interrupt.
EDGES = 1 << 18


class Batch:
    """Simulations of one design that differ in inputs, registers and memories.

    Values of a signal are arrays of a value for each simulation: `int64` for signed signals,
    `uint64` for others. Signals of more than 64 bits have one more dimension: words of 64 bits, the
    least significant first. What is written there are integers of Python, or such words.

    Parameters
    ----------
    native : Native
        The compiled design.
    count : int
        How many simulations.
    workers : int, optional
        Threads; by default one for each core.

    Attributes
    ----------
    states : numpy.ndarray of uint64, (count, words)
        Row `n` is the state of simulation `n`: what `native.read` and `native.write` take.
    cycles : numpy.ndarray of int64, (count,)
        Clock edges that each simulation has performed.

    Raises
    ------
    UserError
        `count` or `workers` is not positive.
    """

    def __init__(self, native: "Native", count: int, *, workers: int | None = None):
        for name, value in (("count", count), ("workers", workers)):
            if value is not None and (not isinstance(value, int) or value < 1):
                raise UserError(f"{name} must be a positive integer, not {value!r}")
        self.native, self.count = native, count
        self.workers = min(workers or os.cpu_count() or 1, count)
        self.states = np.tile(native.new_state(), (count, 1))
        self.cycles = np.zeros(count, np.int64)
        self._tracers: dict[tuple[str, ...], Tracer] = {}

    # Signals and memories ------------------------------------------------------------------------

    def read(self, path: str) -> NDArray[Any]:
        """Return the values of any signal, with registers and inputs as they are."""
        tracer = self._tracer((path,))
        record = np.zeros((self.count, 1, tracer.words), np.uint64)
        _trace(tracer.trace, self.states, record)
        return values_of(record, tracer)[path][0]

    def write(self, path: str, values: ArrayLike) -> None:
        """Set an input or register: one value for all simulations, or an array.

        Excess bits are dropped.
        """
        probe = self._settable(path)
        words = split(probe, fit(path, as_words(path, probe.width, values), (self.count,)))
        for index, part in enumerate(probe.parts):
            keep = self.states[:, part.word] & np.uint64(~mask(part) & MASK64)
            self.states[:, part.word] = keep | words[:, index] << np.uint64(part.shift)

    def read_memory(self, path: str) -> NDArray[Any]:
        """Return the contents of a memory: an array (count, depth)."""
        info = self._memory(path)
        end = info.base + info.depth * info.stride
        rows = self.states[:, info.base:end].reshape(self.count, info.depth, info.stride)
        return rows[..., 0].copy() if info.stride == 1 else rows.copy()

    def write_memory(self, path: str, values: ArrayLike) -> None:
        """Set the contents of a memory: (depth,) for all simulations, or (count, depth)."""
        info = self._memory(path)
        words = fit(path, as_words(path, info.width, values), (self.count, info.depth))
        end = info.base + info.depth * info.stride
        self.states[:, info.base:end] = words.reshape(self.count, -1)

    # Running -------------------------------------------------------------------------------------

    def step(self, cycles: int = 1) -> None:
        """Perform clock edges in all simulations, with the inputs as they are."""
        step, states = self.native.step, self.states

        def work(rows, done, edges):
            _step(step, states[rows], edges)
            self.cycles[rows] += edges

        self._share(work, cycles)

    def run(self, inputs: Mapping[str, ArrayLike], outputs: str | Iterable[str] = (),
            cycles: int | None = None) -> dict[str, NDArray[Any]]:
        """Perform clock edges with recorded inputs, and record signals.

        Parameters
        ----------
        inputs : dict of str to array
            By path, the value of each cycle: (cycles,) for all simulations, or (cycles, count). An
            input that is not there keeps its value.
        outputs : str or list of str
            Paths or globs of any signals.
        cycles : int, optional
            By default as many as `inputs` have.

        Returns
        -------
        dict of str to array
            By path, (cycles, count): the values before the clock edge, with the inputs of that
            cycle.

        Raises
        ------
        UserError
            There is no such signal or input, or shapes do not fit.
        """
        cycles = self._length(inputs, cycles)
        parts: list[Part] = []
        columns = [np.zeros((cycles, self.count, 0), np.uint64)]
        for path, values in inputs.items():
            probe = self._settable(path)
            words = as_words(path, probe.width, values)
            if words.ndim == 2:     # one sequence for all
                words = words[:, np.newaxis]
            columns.append(split(probe, fit(path, words, (cycles, self.count))))
            parts += probe.parts
        feed = np.concatenate(columns, axis=2)
        places = np.array([(part.word, part.shift, mask(part)) for part in parts],
                          np.uint64).reshape(-1, 3)
        tracer = self._tracer(tuple(self.native.match(outputs)) if outputs else ())
        record = np.zeros((self.count, cycles, tracer.words), np.uint64)

        def work(rows, done, edges):
            span = slice(done, done + edges)
            _run(self.native.step, tracer.trace, self.states[rows], places, feed[span, rows],
                 record[rows, span])
            self.cycles[rows] += edges

        self._share(work, cycles)
        return values_of(record, tracer)

    def run_until(self, path: str, cycles: int) -> NDArray[np.bool_]:
        """Perform clock edges until a signal of one bit is set, in each simulation by itself.

        Parameters
        ----------
        path : str
            Of a signal of one bit.
        cycles : int
            The most that a simulation performs.

        Returns
        -------
        array of bool, (count,)
            Whether it is set; `cycles` tells when.
        """
        tracer = self._tracer((path,))
        if tracer.probes[0].width != 1:
            raise UserError(f"{path!r} has {tracer.probes[0].width} bits: `run_until` waits for "
                            "a signal of one bit")
        reached = np.zeros(self.count, np.bool_)

        def work(rows, done, edges):
            _run_until(self.native.step, tracer.trace, self.states[rows], self.cycles[rows],
                       reached[rows], edges)

        self._share(work, cycles)
        return reached | (self.read(path) != 0)

    # Parts of these ------------------------------------------------------------------------------

    def _share(self, work, cycles):
        """Call `work(rows, done, edges)` for all rows and cycles, in threads."""
        if cycles < 0:
            raise UserError(f"cycles must not be negative, not {cycles}")
        bounds = np.linspace(0, self.count, self.workers + 1).astype(int)
        stopped = threading.Event()

        def share(first, last):
            edges = max(1, EDGES // (last - first))
            for done in range(0, cycles, edges):
                if stopped.is_set():
                    return
                work(slice(first, last), done, min(edges, cycles - done))

        with ThreadPoolExecutor(self.workers) as pool:
            shares = [pool.submit(share, first, last)
                      for first, last in zip(bounds, bounds[1:], strict=False)]
            try:
                for one in shares:
                    one.result()
            finally:    # Ctrl-C: the other threads end soon
                stopped.set()

    def _tracer(self, paths):
        if paths not in self._tracers:
            self._tracers[paths] = self.native.tracer(list(paths))
        return self._tracers[paths]

    def _settable(self, path) -> Probe:
        probe = self.native.probe(path)
        if not probe.parts or probe.kind is Kind.OUTPUT:
            raise UserError(f"{path!r} is {probe.kind.value}: only inputs and registers can be set")
        return probe

    def _memory(self, path) -> MemoryInfo:
        if path not in self.native.memories:
            known = ", ".join(self.native.memories) or "none"
            raise UserError(f"design {self.native.name!r} has no memory {path!r}; it has {known}")
        return self.native.memories[path]

    def _length(self, inputs, cycles):
        for path, values in inputs.items():
            length = len(np.atleast_1d(np.asarray(values)))
            if cycles is None:
                cycles = length
            elif length != cycles:
                raise UserError(f"{path!r} has values of {length} cycles, not of {cycles}")
        if cycles is None:
            raise UserError("how many cycles? Give inputs, or `cycles`")
        return cycles


@njit(cache=True, nogil=True)
def _step(step, states, edges):
    for number in range(len(states)):
        for _ in range(edges):
            step(states[number])


@njit(cache=True, nogil=True)
def _trace(trace, states, record):
    for number in range(len(states)):
        trace(states[number], record[number, 0])


@njit(cache=True, nogil=True)
def _run(step, trace, states, places, feed, record):
    """`places` has word, shift and mask of the parts of inputs; `feed` is (edges, count, parts)."""
    for number in range(len(states)):
        state = states[number]
        for edge in range(len(feed)):
            for index in range(len(places)):
                word, shift, mask = places[index, 0], places[index, 1], places[index, 2]
                state[word] = state[word] & ~mask | feed[edge, number, index] << shift
            if record.shape[2]:
                trace(state, record[number, edge])
            step(state)


@njit(cache=True, nogil=True)
def _run_until(step, trace, states, cycles, reached, edges):
    result = np.zeros(1, np.uint64)
    for number in range(len(states)):
        if reached[number]:
            continue
        for _ in range(edges):
            trace(states[number], result)
            if result[0]:
                reached[number] = True
                break
            step(states[number])
            cycles[number] += 1
