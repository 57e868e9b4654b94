"""The random numbers of the adversary (`pteg.functional.adversary`)."""

from pteg.compiled import compiled

__all__ = ["draw", "once_in", "first_random"]


def first_random(seed):
    """State of the random numbers at the beginning."""
    return (seed * 0x9E3779B97F4A7C15 ^ 0x5DEECE66D) % (1 << 48)


@compiled
def draw(m):
    """Random number of 32 bits."""
    m.random = m.random * 25214903917 + 11 & (1 << 48) - 1
    return m.random >> 16


@compiled
def once_in(m, number):
    """True once in so many calls; `number` is a power of 2."""
    return draw(m) >> 8 & number - 1 == 0
