"""The kernel: time, delta cycles, processes and testbenches, as in Amaranth's simulator.

A delta cycle has three phases: triggers that were hit sample and wake their processes; processes
and circuit run, and queue changes of signals; the changes become visible, and hit triggers.
Testbenches run when nothing else is left to do at a point in time.
"""

from time import process_time

from amaranth.hdl import Signal, Value
from amaranth.hdl._ir import DriverConflict
from amaranth.sim._async import ChangedTrigger, EdgeTrigger
from amaranth.sim._pyeval import eval_assign, eval_value
from amaranth.sim.pysim import PySimEngine, _PyTriggerState

from pteg.engine.kernel.interpreted import Interpreted
from pteg.engine.kernel.processes import Process
from pteg.engine.kernel.recorder import Recorder
from pteg.engine.kernel.state import Clock, State
from pteg.engine.kernel.waits import Ticks
from pteg.errors import UserError

__all__ = ["Engine"]

#: Steps of time between two reads of the processor's clock.
PATIENCE = 64
#: Delta cycles at one point in time after which it is said to settle never.
ENDLESS = 20_000
#: How often that number doubles, if the native circuit had to give up as often.
MOST_PATIENT = 12


class Engine(PySimEngine):
    """Amaranth's kernel with a circuit that may be interpreted or native.

    Parameters
    ----------
    prepared : amaranth Design
    compile : callable
        Returns the native circuit for this engine's state; raises UserError if there is none.

    Attributes
    ----------
    compile_after : float
        Seconds of interpretation before the design is compiled.
    """

    def __init__(self, prepared, compile):
        self._design, self._compile = prepared, compile
        self.compile_after = float("inf")
        self._state = State()
        self._processes, self._testbenches, self._clocks = [], [], {}
        self._delta_cycles, self._vcd_writers, self._active_triggers = 0, [], set()
        self.interpreted = self.circuit = Interpreted(self._state, prepared.fragment)
        self.native = self._recorder = None
        self.domains = {}  # by what `ctx.tick` was given
        self.tickers = {}  # the waits for ticks, by domain
        self.level_watched = False  # whether a user has waited for a clock to fall, or to change
        self.known = len(self._state.slots)
        self._state.looked.clear()
        self._begin = None
        self._patience, self._retreats = 1, 0

    # What Amaranth's classes ask for -------------------------------------------------------------

    def reset(self):
        """Return to the start of the simulation."""
        if self.circuit is not self.interpreted:
            self.interpret()
        self._state.reset()
        self.interpreted.reset()
        self._active_triggers.clear()
        for ticks in self.tickers.values():
            ticks.clear()
        for process in (*self._processes, *self._testbenches):
            process.reset()

    def add_clock_process(self, clock, *, phase, period):
        """Let a clock signal toggle."""
        slot = self._state.slot(clock)
        if slot.is_comb:
            raise DriverConflict("Clock signal is already driven by combinational logic")
        self._clocks[slot] = Clock(self._state, slot, phase, period)
        self._processes.insert(len(self._clocks) - 1, self._clocks[slot])

    def add_async_process(self, simulator, process):
        """Add a process."""
        self._processes.append(
            Process(self._design, self, process, testbench=False, background=True))

    def add_async_testbench(self, simulator, process, *, background):
        """Add a testbench."""
        self._testbenches.append(
            Process(self._design, self, process, testbench=True, background=background))

    def add_trigger_combination(self, combination, *, oneshot):
        """Begin to wait."""
        self._watch(combination)
        return _PyTriggerState(self, combination, self._active_triggers, oneshot=oneshot)

    def ticks(self, domain):
        """Return the waits for a domain."""
        ticks = self.tickers.get(domain)
        if ticks is None:
            if self._state.slot(domain.clk) not in self._clocks:
                self.interpret()
            ticks = self.tickers[domain] = Ticks(self, domain)
            self.level_watched |= not ticks.level
        return ticks

    def _watch(self, combination):
        """Interpret from now on, if a wait is for a signal that may change more than once."""
        for trigger in combination._triggers:
            if not isinstance(trigger, (ChangedTrigger, EdgeTrigger)):
                continue
            if self._state.slot(trigger.signal) not in self._clocks:
                self.interpret()
            elif isinstance(trigger, ChangedTrigger) or not trigger.polarity:
                self.level_watched = True

    def get_value(self, expr):
        """Return the value of an expression."""
        value = Value.cast(expr)
        if self.circuit is self.native:
            if isinstance(value, Signal):
                return self.native.look(value)
            self.native.refresh(value)
        return eval_value(self._state, value)

    def set_value(self, expr, value):
        """Queue the change of an expression."""
        target = Value.cast(expr)
        if self.circuit is self.native:
            self.native.refresh(target)
        eval_assign(self._state, target, value)

    def write_vcd(self, **options):
        """Return a context in which waveforms are written."""
        self.interpret()
        return super().write_vcd(**options)

    # Time ----------------------------------------------------------------------------------------

    def step_design(self):
        """Perform delta cycles until there is nothing more to do."""
        converged, begin = False, self._delta_cycles
        while not converged:
            changed = set() if self._vcd_writers else None
            for trigger in self._active_triggers:
                trigger.run()
            self._active_triggers.clear()
            for process in self._processes:
                if process.runnable:
                    process.runnable = False
                    process.run()
            if self.circuit is self.native and self.native.races(self._clocks):
                self.interpret()
            self.circuit.evaluate()
            if self._delta_cycles - begin > ENDLESS:
                self._explain()
            converged = self.circuit.commit(changed)
            for writer in self._vcd_writers:
                self._record(writer, changed)
            self._delta_cycles += 1
        if self._vcd_writers and self.circuit is self.native:
            self._recorder.record(self.now, self._vcd_writers)

    def _explain(self):
        """Say what does not settle. The compiler names the signals of a loop in their order."""
        try:
            self._compile(self._state, self.known)
        except UserError as error:
            if "combinational loop" in str(error):
                raise
        names = sorted({slot.signal.name for slot in self._state.pending
                        if hasattr(slot, "signal")})
        raise UserError(f"the simulation does not settle at {self.now} fs: after {ENDLESS:,} delta "
                        f"cycles these still change: {', '.join(names[:8])}")

    def _record(self, writer, changed):
        time = self._now_plus_deltas(writer.fs_per_delta)
        for change in changed:
            if hasattr(change, "addr"):
                writer.update_memory(time, change.state.memory, change.addr)
            else:
                writer.update_signal(time, change.signal)

    def advance(self, until=None):
        """Do everything at this point in time, and advance to the next.

        Parameters
        ----------
        until : int, optional
            Points in time before this one, at which only the clock changes, may be passed as well;
            by default while anything is critical, or not at all if it is 0.

        Returns
        -------
        bool
            Whether a critical testbench or process is left.
        """
        self.step_design()
        converged = False
        while not converged:
            converged = True
            for testbench in self._testbenches:
                if testbench.runnable:
                    testbench.runnable = False
                    testbench.run()
                    converged = False
        critical = any(process.critical for process in self._processes) or any(
            testbench.critical for testbench in self._testbenches)
        if self.circuit is self.interpreted:
            self._patience -= 1
            if self._patience <= 0:
                self._consider_native()
        if self.circuit is self.native and until != 0 and not self._vcd_writers and (
                critical or until is not None):
            self.circuit.pass_time(self, until)
        self._state.timeline.advance()
        return critical

    # The two circuits ----------------------------------------------------------------------------

    def _consider_native(self):
        """Compile when that is worth it, and let the native circuit take over when it may."""
        self._patience = PATIENCE << min(self._retreats, MOST_PATIENT)
        if self._begin is None:
            self._begin = process_time()
            self._patience = 1
        if process_time() - self._begin < self.compile_after or any(
                writer.fs_per_delta for writer in self._vcd_writers):
            return
        if self.native is None:
            try:
                self.native = self._compile(self._state, self.known)
            except UserError:
                self.compile_after = float("inf")
                return
        if not self.native.native.step.is_complete:
            return
        if self._vcd_writers:
            if self._recorder is None:
                self._recorder = Recorder(self.native)
            if not self._recorder.is_complete:
                return
        if self.interpreted.watched({*self._clocks, *self.native.clocks}):
            self._retreats += 1
            return
        self.interpreted.detach()
        self.native.attach()
        self.circuit = self.native
        if self._vcd_writers:
            self._recorder.begin()

    def interpret(self):
        """Let the interpreted circuit take over, at any point in a delta cycle."""
        if self.circuit is self.interpreted:
            return
        if self._vcd_writers:
            self._recorder.record(self.now, self._vcd_writers)
        self.circuit = self.interpreted
        self.native.detach(self.interpreted)
        self._retreats += 1
        self._patience = PATIENCE << min(self._retreats, MOST_PATIENT)
