"""Loops over clock edges, compiled by numba."""

from numba import njit

__all__ = ["steps", "steps_until"]


@njit(cache=True)
def steps(step, state, edges):
    """Perform clock edges."""
    for _ in range(edges):
        step(state)


@njit(cache=True)
def steps_until(step, test, state, result, edges):
    """Perform clock edges before the first at which a test holds; return how many."""
    for edge in range(edges):
        test(state, result)
        if result[0]:
            return edge
        step(state)
    return edges
