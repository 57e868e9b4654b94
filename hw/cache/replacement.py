"""Pseudo-LRU replacement (MPC750 UM 3.5, figure 3-7 and tables 3-4, 3-5).

The bits of a set form a tree, one less than there are ways; each points to the half that was used
less recently. With eight ways:

                     B0
               0 /        \\ 1
              B1            B2
            /    \\        /    \\
          B3      B4    B5      B6
         L0 L1  L2 L3  L4 L5  L6 L7
"""

from amaranth.hdl import Cat, Const, Mux

__all__ = ["victim", "used", "first_invalid"]


def victim(bits, node=0):
    """The way that the tree points to. Bit n of `bits` is Bn, which has B2n+1 and B2n+2 below."""
    if node >= len(bits):
        return Const(0, 0)
    return Cat(Mux(bits[node], victim(bits, 2 * node + 2), victim(bits, 2 * node + 1)), bits[node])


def used(bits, way):
    """The tree after a use of `way`: the bits on its path point away from it."""
    after = []
    for node in range(len(bits)):
        level = (node + 1).bit_length() - 1
        down = len(way) - 1 - level             # bit of `way` that chooses below this node
        here = node + 1 - (1 << level)          # the bits of `way` above it, on the way here
        after.append(Mux(way[down + 1:] == here, ~way[down], bits[node]))
    return Cat(*after)


def first_invalid(valid):
    """The lowest way whose bit in `valid` is 0, if there is one."""
    way = 0
    for n in reversed(range(len(valid))):
        way = Mux(valid[n], way, n)
    return way
