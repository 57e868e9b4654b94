"""Testbenches and processes, and the contexts that they get."""

import operator

from amaranth.hdl import Shape, Value, ValueCastable, ValueLike
from amaranth.sim import DomainReset, _async
from amaranth.sim.pysim import _PyTriggerState

from pteg.engine.kernel.waits import Wait

__all__ = ["Process"]


class TickTrigger(_async.TickTrigger):
    """Amaranth's, with waits that the kernel understands."""

    def sample(self, *exprs):
        """See `amaranth.sim.TickTrigger.sample`."""
        return TickTrigger(self._engine, self._process, domain=self._domain,
                           sampled=(*self._sampled, *exprs))

    def __await__(self):
        return self._wait(once=True).__await__()

    async def until(self, condition):
        """See `amaranth.sim.TickTrigger.until`."""
        if not isinstance(condition, ValueLike):
            raise TypeError(f"Condition must be a value-like object, not {condition!r}")
        if isinstance(condition, ValueCastable) and not isinstance(condition.shape(), Shape):
            raise TypeError(f"The shape of a condition may only be `signed` or `unsigned`, "
                            f"not {condition.shape()!r}")
        return self._values(await self._wait(condition=Value.cast(condition)))

    async def repeat(self, count):
        """See `amaranth.sim.TickTrigger.repeat`."""
        count = operator.index(count)
        if count <= 0:
            raise ValueError(f"Repeat count must be a positive integer, not {count!r}")
        return self._values(await self._wait(remaining=count))

    def _wait(self, **end):
        engine = self._engine
        return Wait(engine, self._process, engine.ticks(self._domain), self._sampled, **end)

    @staticmethod
    def _values(result):
        _, in_reset, *values = result
        if in_reset:
            raise DomainReset
        return tuple(values)


class _Ticking:
    """Makes the `tick` of a context return ours."""

    def tick(self, domain="sync", *, context=None):
        """See `amaranth.sim.SimulatorContext.tick`."""
        known = self._engine.domains.get(domain) if context is None else None
        if known is None:
            known = super().tick(domain, context=context)._domain
            if context is None:
                self._engine.domains[domain] = known
        return TickTrigger(self._engine, self._process, domain=known)


class TestbenchContext(_Ticking, _async.TestbenchContext):
    """What a testbench gets."""


class ProcessContext(_Ticking, _async.ProcessContext):
    """What a process gets."""


class Process(_async.AsyncProcess):
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
        self.wait = waits_on if type(waits_on) is Wait else None
        assert waits_on is self.wait or isinstance(waits_on, _PyTriggerState), \
            "processes and testbenches may only await simulation triggers"
