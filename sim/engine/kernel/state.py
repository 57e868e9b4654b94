"""The kernel's signals and memories, and what drives its clocks."""

from amaranth.sim._base import BaseProcess
from amaranth.sim.pysim import _PyEngineState

__all__ = ["Clock", "State"]


class State(_PyEngineState):
    """The kernel's signals and memories.

    Attributes
    ----------
    looked : set of int
        The numbers of the slots that users have read.
    """

    def __init__(self):
        super().__init__()
        self.looked = set()

    def get_signal(self, signal):
        """Return the number of a signal's slot."""
        index = super().get_signal(signal)
        self.looked.add(index)
        return index

    def slot(self, signal):
        """Return a signal's slot."""
        return self.slots[super().get_signal(signal)]


class Clock(BaseProcess):
    """Toggles a clock signal."""

    critical = False

    def __init__(self, state, slot, phase, period):
        self.state, self.slot, self.phase, self.half = state, slot, phase, period // 2
        self.reset()

    def reset(self):
        """Start from the beginning."""
        self.runnable, self.started = True, False

    def run(self):
        """Queue the next level."""
        if self.started:
            self.slot.update(int(not self.slot.curr))
        self.state.set_delay_waker(self.half if self.started else self.phase, self.wake)
        self.started = True

    def wake(self):
        """Be run in the next delta cycle."""
        self.runnable = True
