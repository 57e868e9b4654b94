"""Exceptions: which one is taken in a cycle, and its vector (MPC750 UM 4.2 to 4.5).

At most one exception is taken: a fault of the oldest instruction; an exception at its completion
(trace, a floating-point exception that the new MSR enables); or an interrupt, when the completion
queue is empty. No interrupt is taken between the start of a table search for a fetch and the end
of the fetched instruction.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.enums import Cause
from pteg.hw.core.special import ExceptionPort
from pteg.hw.isa.exceptions import Srr1, Vector
from pteg.hw.isa.registers import Msr
from pteg.hw.words import flag

__all__ = ["ExceptionUnit"]

#: Vector and SRR1 bits of the exceptions that instructions cause.
_EXCEPTIONS = {
    Cause.MACHINE_CHECK: (Vector.MACHINE_CHECK, Srr1.TEA),
    Cause.ISI_PAGE_FAULT: (Vector.ISI, Srr1.PAGE_FAULT),
    Cause.ISI_PROTECTION: (Vector.ISI, Srr1.PROTECTION),
    Cause.ISI_NO_EXECUTE: (Vector.ISI, Srr1.NO_EXECUTE),
    Cause.BREAKPOINT: (Vector.INSTRUCTION_BREAKPOINT, 0),
    Cause.ILLEGAL: (Vector.PROGRAM, Srr1.ILLEGAL),
    Cause.PRIVILEGED: (Vector.PROGRAM, Srr1.PRIVILEGED),
    Cause.TRAP: (Vector.PROGRAM, Srr1.TRAP),
    Cause.FP_UNAVAILABLE: (Vector.FP_UNAVAILABLE, 0),
    Cause.SYSTEM_CALL: (Vector.SYSTEM_CALL, 0),
    Cause.ALIGNMENT: (Vector.ALIGNMENT, 0),
    Cause.DSI: (Vector.DSI, 0),
    Cause.FP_ENABLED: (Vector.PROGRAM, Srr1.FP_ENABLED),
}
#: Interrupts, the first has the highest priority.
_INTERRUPTS = {Vector.EXTERNAL: "external", Vector.PERFORMANCE_MONITOR: "monitor",
               Vector.DECREMENTER: "decrementer", Vector.THERMAL: "thermal"}


class ExceptionUnit(wiring.Component):
    """Takes exceptions.

    Parameters
    ----------
    held : bool
        After a hard reset nothing happens until the first soft reset.
    """

    msr: In(32)
    #: The oldest instruction: it causes an exception instead of completing.
    fault: In(1)
    reason: In(Cause)
    fault_pc: In(32)
    #: DAR and DSISR of a data access that has failed.
    dar: In(32)
    dsisr: In(32)
    #: It completes, perhaps with the next one.
    complete: In(1)
    #: It does, and had finished before; that is followed by a trace exception, or by an enabled
    #: floating-point exception that has waited for the MSR that it writes.
    settled: In(1)
    trace: In(1)
    waited: In(1)
    #: Nothing is in flight; in any case, the instruction at `pc` is the next to complete, and after
    #: what completes in this cycle the one at `next_pc`.
    idle: In(1)
    pc: In(32)
    next_pc: In(32)
    #: A debugger starts the processor anew.
    restart: In(1)
    #: SRESET: an interrupt that nothing masks, when it is asserted (MPC750 UM 4.5.1).
    soft_reset: In(1)
    #: Interrupt requests.
    external: In(1)
    monitor: In(1)
    decrementer: In(1)
    thermal: In(1)
    #: A transfer error of something that no instruction in flight did. One cycle.
    machine_check: In(1)
    #: A power-save mode.
    asleep: In(1)
    #: A table search for a fetch begins.
    fetch_search: In(1)
    #: Dispatch nothing: an interrupt waits, or is waited for.
    drain: Out(1)
    exception: Out(ExceptionPort())
    #: Where the handler is.
    handler: Out(32)
    #: The processor has stopped.
    checkstop: Out(1)
    #: It has not begun yet.
    held: Out(1)

    def __init__(self, held=False):
        self._held = held
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        # Exceptions taken, for statistics, interrupts among them; the last one of these, for models
        # that follow this one.
        total = Signal(64, name="taken")
        counts = {vector: Signal(64, name=f"{name}_interrupts")
                  for vector, name in _INTERRUPTS.items()}
        last_interrupt = Signal(Vector)
        taken = self.exception
        enabled = flag(self.msr, Msr.ME)

        hold = Signal()         # a table search has begun for an instruction
        pending = Signal()
        interrupt = Signal()
        check = Signal()        # a machine check that belongs to no instruction waits
        with m.If(self.machine_check):
            m.d.sync += check.eq(1)
        held = Signal(init=self._held)
        reset, level = Signal(name="reset_waits"), Signal(name="reset_level")
        m.d.sync += level.eq(self.soft_reset)
        with m.If(self.soft_reset & ~level):
            m.d.sync += [reset.eq(1), held.eq(0)]
        m.d.comb += self.held.eq(held)
        m.d.comb += [
            pending.eq(reset | check | flag(self.msr, Msr.EE)
                       & (self.external | self.monitor | self.decrementer | self.thermal)),
            self.drain.eq(pending & ~hold | self.checkstop | self.held | self.asleep),
            interrupt.eq(pending & ~hold & self.idle & ~self.restart & ~self.checkstop),
            taken.dar.eq(self.dar), taken.dsisr.eq(self.dsisr),
            self.handler.eq(taken.vector | Mux(flag(self.msr, Msr.IP), 0xFFF00000, 0)),
        ]
        with m.If(self.fetch_search):
            m.d.sync += hold.eq(1)

        with m.If(self.fault):
            self._fault(m, taken)
        with m.Elif(self.settled & self.trace):
            m.d.comb += [taken.valid.eq(1), taken.vector.eq(Vector.TRACE),
                         taken.srr0.eq(self.next_pc)]
        with m.Elif(self.settled & self.waited):
            m.d.comb += [
                taken.valid.eq(1), taken.vector.eq(Vector.PROGRAM),
                taken.srr0.eq(self.next_pc),
                taken.cause_bits.eq(int(Srr1.FP_ENABLED | Srr1.SUBSEQUENT)),
            ]
        with m.Elif(interrupt):
            m.d.comb += [
                taken.valid.eq(1), taken.srr0.eq(self.pc),
                taken.vector.eq(Mux(self.external, Vector.EXTERNAL, Mux(
                    self.monitor, Vector.PERFORMANCE_MONITOR, Mux(
                        self.decrementer, Vector.DECREMENTER, Vector.THERMAL)))),
            ]
            with m.If(reset):
                m.d.comb += taken.vector.eq(Vector.SYSTEM_RESET)
                m.d.sync += [reset.eq(0), last_interrupt.eq(Vector.SYSTEM_RESET)]
            with m.Elif(check):
                m.d.comb += [taken.vector.eq(Vector.MACHINE_CHECK),
                             taken.cause_bits.eq(int(Srr1.TEA)), taken.valid.eq(enabled)]
                m.d.sync += [check.eq(0), self.checkstop.eq(~enabled)]
            with m.Else():
                m.d.sync += last_interrupt.eq(taken.vector)
                with m.Switch(taken.vector):
                    for vector, count in counts.items():
                        with m.Case(vector):
                            m.d.sync += count.eq(count + 1)
        with m.If(taken.valid):
            m.d.sync += total.eq(total + 1)
        with m.If(self.complete | self.fault | self.restart):
            m.d.sync += hold.eq(0)
        return m

    def _fault(self, m, taken):
        """The exception of the oldest instruction."""
        m.d.comb += [taken.valid.eq(1), taken.srr0.eq(self.fault_pc)]
        with m.Switch(self.reason):
            for member, (vector, bits) in _EXCEPTIONS.items():
                with m.Case(member):
                    m.d.comb += [taken.vector.eq(vector), taken.cause_bits.eq(int(bits))]
                    if member is Cause.SYSTEM_CALL:
                        m.d.comb += taken.srr0.eq(self.fault_pc + 4)
                    if member in (Cause.DSI, Cause.ALIGNMENT):
                        m.d.comb += taken.data.eq(1)
        with m.If((self.reason == Cause.MACHINE_CHECK) & ~flag(self.msr, Msr.ME)):
            # Nothing can handle it: the processor stops (MPC750 UM 4.5.2).
            m.d.comb += taken.valid.eq(0)
            m.d.sync += self.checkstop.eq(1)
