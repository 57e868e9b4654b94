"""Waits for the ticks of a clock domain.

`tick().repeat(n)` and `tick().until(condition)` are loops over single ticks in Amaranth. Here the
kernel sees them as one :class:`Wait`, and may pass the ticks at which it does not end.
"""

from amaranth.hdl import ShapeCastable, Value, ValueCastable
from amaranth.sim import BrokenTrigger

__all__ = ["Ticks", "Wait"]


class Ticks:
    """The waits for one clock domain, behind one waker of its clock and one of its reset.

    Attributes
    ----------
    slot : slot
        Of the clock.
    level : int
        Of the clock after its active edge.
    clock_waits, reset_waits : set of Wait
        Those that an edge of the clock, or of an asynchronous reset, concerns.
    """

    def __init__(self, engine, domain):
        self.slot = engine.state.slot(domain.clk)
        self.level = 1 if domain.clk_edge == "pos" else 0
        self.reset = domain.rst
        self.clock_waits, self.reset_waits = set(), set()
        self.slot.add_waker(self.on_clock)
        self.asynchronous = domain.async_reset and domain.rst is not None
        if self.asynchronous:
            engine.state.slot(domain.rst).add_waker(self.on_reset)

    def on_clock(self, curr, new):
        """Activate the waits, if it is the active edge."""
        if new == self.level and self.clock_waits:
            for wait in list(self.clock_waits):
                wait.clocked = True
                wait.activate(self.clock_waits)
        return True

    def on_reset(self, curr, new):
        """Activate the waits, if the reset becomes active."""
        if new:
            for wait in list(self.reset_waits):
                wait.was_reset = True
                wait.activate(self.reset_waits)
        return True

    def add(self, wait):
        """Let edges activate a wait."""
        self.clock_waits.add(wait)
        if self.asynchronous:
            self.reset_waits.add(wait)

    def discard(self, wait):
        """Let edges no longer activate a wait."""
        self.clock_waits.discard(wait)
        self.reset_waits.discard(wait)

    def clear(self):
        """Forget all waits."""
        self.clock_waits.clear()
        self.reset_waits.clear()


class Wait:
    """A wait of a process for a tick, or for several, in the manner of Amaranth's trigger states.

    Attributes
    ----------
    once : bool
        Whether it is for a single tick: a second one, before the process runs, does not matter.
    remaining : int
        Ticks to go, if there is no condition.
    condition : Value or None
    passed : int
        Ticks at which the wait did not end.
    """

    def __init__(self, engine, process, ticks, sampled, *, once=False, remaining=1, condition=None):
        self.engine, self.process, self.ticks = engine, process, ticks
        self.sampled = [(Value.cast(expression), _converter(expression)) for expression in sampled]
        self.once, self.remaining, self.condition, self.passed = once, remaining, condition, 0
        self.result, self.broken, self.ends = None, False, False
        self.clocked = self.was_reset = False
        ticks.add(self)

    def activate(self, source):
        """Have the process woken in the next delta cycle."""
        if self.once:
            source.discard(self)
        if self.process.waits_on is self:
            self.engine._active_triggers.add(self)
        else:
            self.broken = True  # the loop over single ticks has missed one
            source.discard(self)

    def run(self):
        """Sample, if the wait ends at this tick, and wake the process."""
        engine, reset = self.engine, self.ticks.reset
        in_reset = self.was_reset or reset is not None and engine.get_value(reset) != 0
        if self.condition is None:
            self.remaining -= 1
            self.ends = in_reset or self.remaining == 0
        else:
            self.ends = in_reset or engine.get_value(self.condition) != 0
        if self.ends:
            values = []
            for expression, convert in self.sampled:
                value = engine.get_value(expression)
                values.append(value if convert is None else convert(value))
            self.result = (self.clocked, in_reset, *values)
        else:
            self.passed += 1
        self.clocked = self.was_reset = False
        self.process.runnable = True
        self.process.waits_on = None

    def resume(self):
        """Return whether the process runs on; otherwise it waits for the next tick."""
        if self.broken or self.ends:
            self.ticks.discard(self)
            return True
        self.process.waits_on = self
        return False

    def initial_eligible(self):
        """Return whether the first wait of a process ends at once."""
        return False

    def __await__(self):
        yield self
        if self.broken:
            raise BrokenTrigger
        return self.result


def _converter(expression):
    """Return what makes a sampled number a value of the expression's shape, or None."""
    if isinstance(expression, ValueCastable):
        shape = expression.shape()
        if isinstance(shape, ShapeCastable):
            return shape.from_bits
    return None
