"""The way of a TLB that a table search has filled, as the pipeline model has it.

Loads after a wrong prediction use the TLB before they are dropped. The functional model does not
know of them, so it cannot know which entry a search replaces.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from pteg.hw.mmu.enums import Side
from pteg.hw.mmu.interfaces import TlbEntry

__all__ = ["Ways", "find", "way_of"]

#: Where VSID and page index begin in a row of a TLB (`pteg.hw.mmu.tlb`).
_VSID, _PAGE = TlbEntry.as_shape()["vsid"].offset, TlbEntry.as_shape().size
_VSIDS = (1 << TlbEntry.as_shape()["vsid"].width) - 1


class Ways(NamedTuple):
    """Where the TLBs are in the pipeline's state."""

    rows: np.ndarray    # by side and way: the word of set 0
    stride: int         # words from one set to the next
    word: np.ndarray    # by side, way and set: the word that has the valid bit, and the bit
    bit: np.ndarray


def find(cpu):
    """Find the TLBs of a `pteg.pipeline.cpu.PipelineCpu` of one processor."""
    mmu, native = cpu.places.mmu, cpu.native
    parameters = cpu.platform.parameters
    size = len(Side), parameters.tlb_ways
    found = Ways(np.zeros(size, np.int64), 0, *(
        np.zeros((*size, parameters.tlb_sets), np.int64) for _ in range(2)))
    for side, translator in ((Side.FETCH, mmu.immu), (Side.DATA, mmu.dmmu)):
        for way in range(parameters.tlb_ways):
            memory = native.memories[translator.tlb.way(way)]
            found = found._replace(stride=memory.stride)
            found.rows[side, way] = memory.base
            places = [(part.word, part.shift + bit)
                      for part in native.probe(translator.tlb.valid(way)).parts
                      for bit in range(part.width)]
            found.word[side, way], found.bit[side, way] = zip(*places, strict=True)
    return found


@njit
def way_of(state, ways, side, ea, tag):
    """The way that has a page, or 0 if none has: then the search has not found it."""
    sets = ways.word.shape[2]
    index = ea >> 12 & sets - 1
    page = (tag & 0xFFFF) // sets
    for way in range(ways.rows.shape[1]):
        if not state[ways.word[side, way, index]] >> np.uint64(ways.bit[side, way, index]) & 1:
            continue
        row = ways.rows[side, way] + index * ways.stride
        low = state[row]
        held = low >> np.uint64(_PAGE)
        if ways.stride > 1:
            held |= state[row + 1] << np.uint64(64 - _PAGE)
        vsid = np.int64(low >> np.uint64(_VSID)) & _VSIDS
        if np.int64(held) == page and vsid == tag >> 16 & _VSIDS:
            return way
    return 0
