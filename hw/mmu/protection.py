"""Memory protection: key and PP bits (PEM 7.5.4; for blocks PEM 7.4.4).

    key PP   loads, fetches  stores        key PP   loads, fetches  stores
     0  00        yes         yes           1  00         no          no
     0  01        yes         yes           1  01        yes          no
     0  10        yes         yes           1  10        yes         yes
     0  11        yes          no           1  11        yes          no

A block has no key: its PP bits have the same meaning as for a page with key 1.
"""

from amaranth.hdl import Mux

__all__ = ["prohibited", "BLOCK_KEY"]

#: Key with which `prohibited` answers for a BAT entry.
BLOCK_KEY = 1


def prohibited(key, pp, store):
    """Amaranth value: 1 if the access violates the protection of its page."""
    return Mux(store, (pp == 0b11) | (key & ~pp[1]), key & (pp == 0b00))
