"""The oracle of the pipeline model: the functional model follows it in lockstep, with an oracle.

In lockstep both models translate alike: each instruction has the same effects, and table searches
come at the same moments. So what the functional model's oracle finds, in program order, are the
uses that the pipeline has made; each is held against the pipeline's own TLBs before it is told.
Instructions that the pipeline drops are none.
"""

from pteg.components.console import new_watch
from pteg.cpu import Stop
from pteg.errors import UserError
from pteg.functional.model import CPU_STATE, clear_translations, take_stale
from pteg.hw.mmu.enums import AccessKind, Side
from pteg.lockstep.lockstep import Lockstep, Mismatch
from pteg.lockstep.loop import DRAIN, HALTED, PAUSED, PRINTED, STALE, STUCK
from pteg.mmu.history import Fault
from pteg.pipeline.driver import SINGLE

__all__ = ["Follower"]

_STOPS = {HALTED: Stop.CHECKSTOP, PRINTED: Stop.CONSOLE, STUCK: Stop.STUCK, DRAIN: Stop.DRAIN,
          PAUSED: Stop.CYCLES}
#: Exceptions that a TLB entry is not used for.
_NO_ENTRY = (Fault.UNSEEN,)


class Follower(Lockstep):
    """Runs the pipeline model, watched by an oracle.

    Parameters
    ----------
    cpu : pteg.pipeline.cpu.PipelineCpu
        Its TLBs are empty: what they hold has not been watched.
    sink : callable
        Gets each `pteg.mmu.history.Finding`; returns whether the run is to end.
    references : bool
        See `pteg.Machine.oracle`.
    """

    def __init__(self, cpu, sink, references=False):
        if any(True for side in Side for _ in cpu.tlb(side)):
            raise UserError("an oracle with cpu='pipeline' begins before the first run, with empty "
                            "TLBs")
        super().__init__(cpu)
        self._sink, self._changed = sink, False
        self._model["oracle"] = self._model["watched"] = True
        self._model["oracle_references"] = references
        self._model["cycles"] = cpu.instructions
        self._compared = 0      # instructions when RAM was compared

    def changed(self):
        """Registers or memory of the pipeline have been changed from outside."""
        self._changed = True

    def follow(self, limits):
        """Run until one of the limits; return a `Stop`. See `pteg.cpu.Cpu.run`."""
        if self._changed:
            self._take_over()
        control, driver = self._control[0], self.cpu.driver
        control["address"] = -1 if limits.address is None else limits.address
        control["last_cycle"] = driver.cycle + limits.cycles
        driver.control["address"] = -1
        console = self.platform.console
        watch = limits.watch
        if watch is None:
            watch = new_watch(seen=console.printed if console else 0)
        end = self.instructions + limits.instructions
        stop = None
        try:
            while stop is None and self.instructions < end:
                single = not limits.undisturbed and end - self.instructions <= SINGLE
                driver.pause(limits.address, single)
                whole = end if single or limits.undisturbed else end - SINGLE
                control["limit"] = min(whole, self._compared + self._ram_every)
                stop = self._result(self._piece(watch), limits.address)
        except Mismatch as difference:
            raise UserError(f"the oracle cannot follow the pipeline model: {difference}") from None
        finally:
            driver.pause()
        return stop or Stop.INSTRUCTIONS

    def _result(self, result, address):
        if self.instructions >= self._compared + self._ram_every:
            self._compare_ram()
            self._compared = self.instructions
        if result == STALE:
            found = take_stale(self._model[0])
            if self._is_pipelines(found) and self._sink(found):
                return Stop.STALE
        elif result in _STOPS:
            return _STOPS[result]
        return Stop.ADDRESS if self._theirs["pc"][0] == address else None

    def _is_pipelines(self, found):
        """Whether the pipeline's TLB holds the entry, too."""
        if found.fault in _NO_ENTRY:
            return True
        side = Side.FETCH if found.kind == AccessKind.FETCH else Side.DATA
        wanted = found.vsid, found.ea >> 12 & 0xFFFF
        return any((vsid, page) == wanted and not (low ^ found.word) & 0xFFFFF000
                   for _, _, vsid, page, low in self.cpu.tlb(side))

    def _take_over(self):
        """Begin again with the pipeline's registers and memory; the TLBs stay."""
        ram = self.platform.ram
        self._ram[:] = ram.memory
        self.cpu.overlay(ram.base, self._ram)
        self._state[:] = self.cpu.get_state().view(CPU_STATE)
        self._writes[:] = 0
        self._writes_before = self._pipeline_writes()
        clear_translations(self._model)
        self._look_at_interrupts()
        self._changed = False
