"""Loops over clock edges, compiled by numba."""

from numba import njit

__all__ = ["steps", "steps_until"]


@njit(cache=True)
def steps(cycle, state, record, edges):
    """Perform clock edges."""
    for _ in range(edges):
        cycle(state, record)


@njit(cache=True)
def steps_until(cycle, test, state, record, result, edges):
    """Perform clock edges before the first at which a test holds; return how many."""
    for edge in range(edges):
        test(state, result)
        if result[0]:
            return edge
        cycle(state, record)
    return edges
