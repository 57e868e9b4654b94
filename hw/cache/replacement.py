"""Pseudo-LRU replacement among eight ways (MPC750 UM 3.5, figure 3-7 and tables 3-4, 3-5).

Seven bits a set form a tree; each points to the half that was used less recently.

                     B0
               0 /        \\ 1
              B1            B2
            /    \\        /    \\
          B3      B4    B5      B6
         L0 L1  L2 L3  L4 L5  L6 L7
"""

from amaranth.hdl import Cat, Mux

__all__ = ["WAYS", "PLRU_BITS", "victim", "used", "first_invalid"]

WAYS = 8
PLRU_BITS = 7


def victim(bits):
    """The way (3 bits) that the tree points to. Bit n of `bits` is Bn."""
    upper = bits[0]
    pair = Mux(upper, bits[2], bits[1])
    last = Mux(upper, Mux(bits[2], bits[6], bits[5]), Mux(bits[1], bits[4], bits[3]))
    return Cat(last, pair, upper)


def used(bits, way):
    """The tree after a use of `way`: the bits on its path point away from it."""
    upper, pair, last = way[2], way[1], way[0]
    return Cat(
        ~upper,
        Mux(upper, bits[1], ~pair), Mux(upper, ~pair, bits[2]),
        *(Mux(Cat(pair, upper) == n, ~last, bits[3 + n]) for n in range(4)))


def first_invalid(valid):
    """The lowest way whose bit in `valid` is 0, if there is one."""
    way = 0
    for n in reversed(range(WAYS)):
        way = Mux(valid[n], way, n)
    return way
