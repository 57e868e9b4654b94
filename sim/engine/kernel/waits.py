"""Testbenches and processes, and their waits for many ticks.

`tick().repeat(n)` and `tick().until(condition)` are loops over single ticks in Amaranth. Here the
kernel sees them as one :class:`Wait`, and may pass the ticks at which it does not end.
"""

import operator

from amaranth.hdl import Shape, Value, ValueCastable, ValueLike
from amaranth.sim import _async
from amaranth.sim._async import AsyncProcess, DomainReset
from amaranth.sim.pysim import _PyTriggerState

__all__ = ["Process", "Wait"]


class Wait(_PyTriggerState):
    """A wait for several ticks of a domain.

    Attributes
    ----------
    remaining : int or None
        Ticks to go; None: until the condition holds.
    condition : Value or None
    passed : int
        Ticks at which the wait did not end.
    """

    def __init__(self, engine, combination, active, *, remaining=None, condition=None):
        super().__init__(engine, combination, active, oneshot=False)
        self.process = combination._process
        self.clock = engine.state.slot(combination._triggers[0].signal)
        self.reset = combination._triggers[2].value  # after the edges of clock and reset
        self.remaining, self.condition, self.passed = remaining, condition, 0

    def compute_result(self):
        """Sample, if the wait ends at this tick."""
        engine = self._engine
        in_reset = (self._combination._triggers[1] in self._triggers_hit
                    or engine.get_value(self.reset) != 0)
        if self.remaining is not None:
            self.remaining -= 1
            ends = self.remaining <= 0
        else:
            ends = engine.get_value(self.condition) != 0
        self.ends = ends or in_reset
        if self.ends:
            super().compute_result()
        else:
            self.passed += 1

    def resume(self):
        """Return whether the process runs on; otherwise it waits for the next tick."""
        if self._broken or self.ends:
            return True
        self.process.waits_on = self
        return False


class TickTrigger(_async.TickTrigger):
    """Amaranth's, with waits that the kernel understands."""

    def sample(self, *exprs):
        """See `amaranth.sim.TickTrigger.sample`."""
        return TickTrigger(self._engine, self._process, domain=self._domain,
                           sampled=(*self._sampled, *exprs))

    async def until(self, condition):
        """See `amaranth.sim.TickTrigger.until`."""
        if not isinstance(condition, ValueLike):
            raise TypeError(f"Condition must be a value-like object, not {condition!r}")
        if isinstance(condition, ValueCastable) and not isinstance(condition.shape(), Shape):
            raise TypeError(f"The shape of a condition may only be `signed` or `unsigned`, "
                            f"not {condition.shape()!r}")
        return await self._wait(condition=Value.cast(condition))

    async def repeat(self, count):
        """See `amaranth.sim.TickTrigger.repeat`."""
        count = operator.index(count)
        if count <= 0:
            raise ValueError(f"Repeat count must be a positive integer, not {count!r}")
        return await self._wait(remaining=count)

    async def _wait(self, **end):
        wait = self._engine.add_wait(self._collect_trigger(), **end)
        _, reset_edge, reset, *values = await wait
        if reset_edge or reset:
            raise DomainReset
        return tuple(values)


class _Ticks:
    """Makes the `tick` of a context return ours."""

    def tick(self, domain="sync", *, context=None):
        """See `amaranth.sim.SimulatorContext.tick`."""
        trigger = super().tick(domain, context=context)
        return TickTrigger(trigger._engine, trigger._process, domain=trigger._domain)


class TestbenchContext(_Ticks, _async.TestbenchContext):
    """What a testbench gets."""


class ProcessContext(_Ticks, _async.ProcessContext):
    """What a process gets."""


class Process(AsyncProcess):
    """A testbench or process, which may sleep through the ticks of a :class:`Wait`."""

    def __init__(self, design, engine, constructor, *, testbench, background):
        self.constructor, self.background = constructor, background
        self.context = (TestbenchContext if testbench else ProcessContext)(design, engine, self)
        self.reset()

    def reset(self):
        """Start from the beginning."""
        self.wait = None
        super().reset()

    def run(self):
        """Continue until the next wait."""
        if self.wait is not None and not self.wait.resume():
            return
        super().run()
        waits_on = self.waits_on
        if waits_on is not None:
            assert isinstance(waits_on, _PyTriggerState), \
                "processes and testbenches may only await simulation triggers"
        self.wait = waits_on if type(waits_on) is Wait else None
