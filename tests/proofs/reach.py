"""All states that the bench `one_block` can reach: a search through the compiled components.

A state is the bench's registers and memories, without what only counts events, and the value that
the block must have: what the last store that was performed has written. From each state all inputs
are tried that make a difference, breadth first: a counterexample is as short as can be.
"""

from hashlib import blake2b
from itertools import product

import numpy as np

from pteg.engine.probes import extract, insert
from pteg.hw.cache.enums import DataCacheState

__all__ = ["Explored", "Violated", "explore"]

_PORTS = ["late", "waits", *(f"{name}{n}" for n in range(2)
                             for name in ("want", "over", "loads", "loaded", "stores"))]
_ALL = (1 << 64) - 1


class Violated(AssertionError):
    """A claim does not hold; the message has the inputs, cycle by cycle, that lead there."""


class Explored:
    """What a search has found.

    Attributes
    ----------
    came_from : list of (int, tuple)
        Of each state: the number of one before, and the inputs that led from there.
    rests : list of int
        Of each state: the one that follows if no processor wants more and memory is not late; its
        own number if neither processor does anything; -1 if the search has not come so far.
    depth : int
        Cycles from reset that all have been looked at.
    complete : bool
        There are no other states.
    """

    def __init__(self):
        self.came_from, self.rests, self.depth, self.complete = [], [], 0, False

    def path(self, number):
        """The inputs that lead to a state, a line for each cycle."""
        lines = []
        while number:
            number, inputs = self.came_from[number]
            lines.append("  {}, {}, {}".format(*inputs))
        return "\n".join(["cpu0 wants, cpu1 wants, memory is late:", *lines[::-1]])

    def waits_for_ever(self):
        """The number of a state after which a processor is never done, though memory answers and
        nobody wants more; None if there is none."""
        ends = {}   # of each state, whether it comes to an end
        for start in range(len(self.rests)):
            number, seen = start, []
            while number not in ends and self.rests[number] not in (-1, number):
                ends[number] = False    # unless it is found out to be otherwise
                seen.append(number)
                number = self.rests[number]
            end = ends.get(number, True)
            if not end:
                return start
            ends |= dict.fromkeys([*seen, number], True)
        return None


class _Bench:
    """The compiled bench."""

    def __init__(self, native):
        self.native, self.start = native, native.new_state()
        counts = [f"shared.cache{n}.{name}" for n in range(2)
                  for name in ("hits", "misses", "castouts")]
        self.kept = np.full_like(self.start, _ALL)
        for path in [*counts, *_PORTS]:
            for part in native.probe(path).parts:
                mask = (1 << part.width) - 1 << part.shift
                self.kept[part.word] &= np.uint64(_ALL & ~mask)
        self.parts = {path: native.probe(path).parts for path in [
            "does0", "does1", *_PORTS,
            *(f"shared.cache{n}.{name}" for n in range(2)
              for name in ("operation.state", "directory.written"))]}
        self.valids = [native.memories[f"shared.cache{n}.directory.valids"].base for n in range(2)]

    def get(self, state, path):
        return extract(state, self.parts[path])

    def owns(self, state, n):
        """Whether a cache has the block, which is of set 0."""
        return (self.get(state, f"shared.cache{n}.directory.written") & 1
                and int(state[self.valids[n]]))

    def inputs(self, state, wants):
        """All that make a difference, the one that asks for nothing and delays nothing first: a
        processor that is busy does not hear of more, and memory must have something to delay."""
        self.native.settle(state)
        free = [self.get(state, f"over{n}") or not self.get(state, f"does{n}") for n in range(2)]
        waits = self.get(state, "waits")
        return product(*(wants if each else wants[:1] for each in free),
                       [late for late in range(4) if not late & ~waits])

    def step(self, state, inputs, value):
        """A cycle. Returns what the block must be after it, and what is wrong."""
        for path, given in zip(("want0", "want1", "late"), inputs, strict=True):
            insert(state, self.parts[path], int(given))
        zeroed = any(self.get(state, f"shared.cache{n}.operation.state") == DataCacheState.ZERO
                     for n in range(2))
        self.native.step(state)
        before, problem = value, None
        for n in range(2):
            loaded = self.get(state, f"loaded{n}")
            if self.get(state, f"loads{n}") and loaded != before:
                problem = f"cpu{n} loads {loaded}, but the last store was of {before}"
            if self.get(state, f"stores{n}"):
                value = n + 1
        if self.owns(state, 0) and self.owns(state, 1):
            problem = "both caches have the block"
        return 0 if zeroed else value, problem


def explore(native, wants, depth=None):
    """Look at all states that can be reached in so many cycles, or at all.

    Parameters
    ----------
    native : pteg.engine.compiled.Native
        Of `one_block.OneBlock`.
    wants : list of one_block.Want
        What processors may want, NOTHING first.
    depth : int, optional

    Raises
    ------
    Violated
    """
    bench, found, numbers = _Bench(native), Explored(), {}

    def number_of(state, value, before, inputs):
        kept = state & bench.kept
        key = blake2b(kept.tobytes() + bytes([value]), digest_size=16).digest()
        if key not in numbers:
            numbers[key] = len(numbers)
            found.came_from.append((before, inputs))
            found.rests.append(-1)
            level.append((numbers[key], kept, value))
        return numbers[key]

    level = []
    number_of(bench.start, 0, 0, ())
    while level and found.depth != depth:
        last, level = level, []
        for number, kept, value in last:
            for inputs in list(bench.inputs(kept.copy(), wants)):
                state = kept.copy()
                after, problem = bench.step(state, inputs, value)
                following = number_of(state, after, number, inputs)
                if problem:
                    raise Violated(f"{problem}:\n{found.path(following)}")
                if found.rests[number] < 0:
                    found.rests[number] = following
            if not bench.get(kept, "does0") and not bench.get(kept, "does1"):
                found.rests[number] = number
        found.depth += 1
    found.complete = not level
    stuck = found.waits_for_ever()
    if stuck is not None:
        raise Violated(f"a processor waits for ever:\n{found.path(stuck)}")
    return found
