"""Many clock edges in one call, while all that waits for the clock is known not to wake up."""

from functools import cache

from pteg.engine.kernel.conditions import Untranslatable, truth
from pteg.engine.tracer import compile_nodes

__all__ = ["pass_time"]

#: Edges in one call, so that a user can interrupt.
CHUNK = 1 << 20
#: Ticks that a wait must have lasted before its condition is compiled.
WORTHWHILE = 64


def pass_time(engine, until):
    """Pass the clock edges before the next point in time at which a process might run.

    Parameters
    ----------
    engine : Engine
        Settled, with a native circuit.
    until : int or None
        A point in time not to be reached.
    """
    circuit, timeline = engine.circuit, engine.state.timeline
    clock = engine._clocks.get(circuit.clock)
    if clock is None or engine.level_watched:
        return
    toggle = timeline.wakers.get(clock.wake)
    if toggle is None or not clock.half:
        return
    others = [time for waker, time in timeline.wakers.items() if waker != clock.wake]
    bound = min([*others, *([] if until is None else [until])], default=None)
    slot = clock.slot
    rising = toggle + clock.half if slot.curr else toggle
    edges = CHUNK
    if bound is not None:
        edges = min(edges, -((rising - bound) // clock.half // 2))
    edges = _run(engine, circuit, edges) if edges > 0 else 0
    if edges:
        toggle, level = rising + (2 * edges - 1) * clock.half, 1
    else:
        level = slot.curr
    if level and (bound is None or toggle < bound):
        toggle, level = toggle + clock.half, 0
    slot.curr = slot.next = level
    timeline.wakers[clock.wake] = toggle


def _run(engine, circuit, edges):
    """Perform at most so many clock edges before one that a process must see; return how many."""
    if circuit.reset_word is not None and circuit.state[circuit.reset_word]:
        return 0
    ticks = [ticks for ticks in engine.tickers.values() if ticks.slot is circuit.clock]
    if len(circuit.clock.wakers) != 1 + len(ticks):
        return 0  # a process iterates over the ticks
    waits = [wait for tick in ticks for wait in tick.clock_waits]
    if any(wait.process.waits_on is not wait for wait in waits):
        return 0
    counted = [wait for wait in waits if wait.condition is None]
    edges = min([edges, *(wait.remaining - 1 for wait in counted)])
    if edges < 1:
        return 0
    if any(wait.condition is not None and wait.passed < WORTHWHILE for wait in waits):
        return 0
    try:
        test = _test(circuit, waits)
    except Untranslatable:
        return 0
    steps, steps_until = _loops()
    cycle, state, record = circuit.native.cycle, circuit.state, circuit.native.new_record()
    if test is None:
        steps(cycle, state, record, edges)
    else:
        edges = int(steps_until(cycle, test, state, record, state[:1].copy(), edges))
    for wait in counted:
        wait.remaining -= edges
    circuit.version += 1
    return edges


def _test(circuit, waits):
    """Return a compiled function: whether a wait ends at the next tick; None if none can."""
    graph = circuit.native.design.graph
    node = graph.const(0, 1)
    for wait in waits:
        if wait.condition is not None:
            node = graph.either(node, _cached(circuit, wait.condition))
        if circuit.reset_word is None:  # otherwise it is an input, and zero
            reset = wait.ticks.reset
            if reset is not None:
                node = graph.either(node, _cached(circuit, reset))
    if graph.value(node) == 0:
        return None
    if node not in circuit.tests:
        circuit.tests[node] = compile_nodes(circuit.native.design, [node],
                                                   circuit.native.use_cache)
    return circuit.tests[node]


def _cached(circuit, condition):
    """Return the node of a condition, which is kept so that no other has its identity."""
    known = circuit.conditions.get(id(condition))
    if known is None:
        known = circuit.conditions[id(condition)] = (
            condition, truth(circuit.native.design, condition))
    return known[1]


@cache
def _loops():
    from pteg.engine.kernel.loops import steps, steps_until

    return steps, steps_until
