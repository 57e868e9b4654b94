"""A circuit as Amaranth's simulator runs it: a process for each module and domain."""

from amaranth.sim._pyrtl import _FragmentCompiler

__all__ = ["Interpreted"]


class Interpreted:
    """Amaranth's own processes and the wakers by which signals start them.

    Exact in every delta cycle, for every design.
    """

    def __init__(self, state, fragment):
        self.state = state
        self.processes = list(_FragmentCompiler(state)(fragment))
        #: The wakers of the circuit, by slot; those of users come after them.
        self.wakers = {slot: list(slot.wakers) for slot in state.slots if slot.wakers}

    def reset(self):
        """Return to the start of the simulation."""
        for process in self.processes:
            process.reset()

    def evaluate(self):
        """Run the processes whose inputs have changed: they queue changes."""
        for process in self.processes:
            if process.runnable:
                process.runnable = False
                process.run()

    def commit(self, changed):
        """Make the queued changes visible; return whether there were none."""
        return self.state.commit(changed)

    def watched(self, but):
        """Return whether users wait for a change of any slot that is not in `but`."""
        return any(len(slot.wakers) > len(self.wakers.get(slot, ()))
                   for slot in self.state.slots if slot not in but)

    def detach(self):
        """Let changes of signals no longer start the circuit."""
        for slot, own in self.wakers.items():
            del slot.wakers[:len(own)]

    def attach(self, edges):
        """Take over: registers, inputs and memories are up to date, all else follows from them.

        Parameters
        ----------
        edges : dict of slot to int
            The clocks that had an active edge in the last delta cycle, and their levels.
        """
        for slot, own in self.wakers.items():
            slot.wakers[:0] = own
        self.reset()
        converged = False
        while not converged:
            self.evaluate()
            converged = self.state.commit()
        for clock, level in edges.items():
            for waker in self.wakers.get(clock, ()):
                waker(1 - level, level)
