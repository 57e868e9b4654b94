"""Replacement in the TLBs, as hw/mmu/replacement.py does it (MPC750 UM 5.4.3.1)."""

from pteg.compiled import compiled, inlined
from pteg.functional import constants as isa

__all__ = ["SEED", "filled", "orders", "points", "touch", "use", "victim"]

#: First contents of the shift register of `random`.
SEED = 0xACE1
#: All bits of `tlb_order`.
_KEEP = 0xFF


def orders(parameters):
    """How many values `tlb_order` can have."""
    ways = parameters.tlb_ways
    return {"lru": 1 << ways - 1, "fifo": ways, "random": 1}[parameters.tlb_replacement]


@compiled
def victim(m, side, index):
    """The way of a set that a new entry goes to."""
    order = 0 | m.tlb_order[side, index]
    if m.tlb_policy == isa.POLICY_FIFO:
        return order
    if m.tlb_policy == isa.POLICY_RANDOM:
        return 0 | m.tlb_random[side] & m.tlb_ways - 1
    node = way = 0
    while node < m.tlb_ways - 1:
        bit = order >> node & 1
        way, node = way << 1 | bit, 2 * node + 1 + bit
    return way


@compiled
def points(m, way):
    """What a use of a way leaves of the tree of bits, and what it sets."""
    keep, point = _KEEP, 0
    if m.tlb_policy == isa.POLICY_LRU:
        node, half = 0, m.tlb_ways >> 1
        while half:
            bit = 1 if way & half else 0
            keep &= ~(1 << node)
            point |= (1 - bit) << node
            node, half = 2 * node + 1 + bit, half >> 1
    return keep, point


@inlined
def use(m, side, index, keep, point):
    m.tlb_order[side, index] = m.tlb_order[side, index] & keep | point


@inlined
def touch(m, side, kind, row):
    """A soft translation is used: so is the TLB entry that it was made from."""
    use(m, side, m.soft_set[kind, row], m.soft_keep[kind, row], m.soft_point[kind, row])


@compiled
def filled(m, side, index, way):
    """A search has filled a way."""
    if m.tlb_policy == isa.POLICY_FIFO and way == m.tlb_order[side, index]:
        m.tlb_order[side, index] = way + 1 & m.tlb_ways - 1
    if m.tlb_policy == isa.POLICY_RANDOM:
        register = 0 | m.tlb_random[side]
        enters = register ^ register >> 2 ^ register >> 3 ^ register >> 5
        m.tlb_random[side] = register >> 1 | (enters & 1) << 15
