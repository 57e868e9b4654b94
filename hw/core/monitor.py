"""Performance monitor: four counters of events (MPC750 UM 11; IBM 750GX UM tables 11-2 to 11-5).

MMCR0 and MMCR1 select an event for each counter and say when counting is frozen. `EVENTS` are those
that are counted here, by counter and number; the others never happen. A counter that is frozen, or
counts nothing, costs next to nothing. A counter that has become negative, or the selected bit of
the time base, signals an interrupt if MMCR0 says so: ENINT is cleared, SIA has the address of the
last instruction completed in that cycle, and with DISCOUNT the counters stop until MMCR0 is
written. The interrupt waits until it can be taken.

Left out: thresholds, and the events of L2 cache, snoops, breakpoints and single instructions.
"""

import enum

from amaranth.hdl import C, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import SystemToSpecial
from pteg.hw.isa.registers import SPR_BY_NAME, Field

__all__ = ["PerformanceMonitor", "Event", "EVENTS"]


class Event(enum.IntEnum):
    """What can be counted: the positions of the monitor's `counts` and `happens`."""

    COMPLETED = 0             # 0, 1 or 2 a cycle, without folded branches
    DISPATCHED = 1            # 0, 1 or 2 a cycle
    CYCLES = 2
    TIME_BASE = 3             # the bit of TBL that MMCR0[7-8] selects has become 1
    FETCH_SEARCH = 4          # a cycle of a table search for a fetch
    DATA_SEARCH = 5
    FETCHES = 6               # an address goes to the instruction cache
    UNRESOLVED = 7            # a branch is executed before its condition is known
    NOT_TAKEN = 8             # a branch is executed, and predicted or known not to be taken
    TAKEN = 9                 # a branch is predicted to be taken
    RIGHT = 10                # a prediction was right
    WRONG = 11
    FETCH_MISS = 12           # in the instruction cache
    FETCH_TLB_MISS = 13
    DATA_TLB_MISS = 14
    PRIVILEGE = 15            # MSR[PR] changes
    BRANCH_STALL = 16         # a branch cannot be executed: two predictions are unresolved


#: By counter and number of the event in MMCR0 or MMCR1.
_ALL = {1: Event.CYCLES, 2: Event.COMPLETED, 3: Event.TIME_BASE, 4: Event.DISPATCHED}
EVENTS = (
    _ALL | {6: Event.FETCH_SEARCH, 8: Event.FETCHES, 11: Event.UNRESOLVED,
            12: Event.BRANCH_STALL},
    _ALL | {5: Event.FETCH_MISS, 6: Event.FETCH_TLB_MISS, 8: Event.NOT_TAKEN,
            9: Event.PRIVILEGE, 15: Event.FETCH_MISS, 16: Event.RIGHT},
    _ALL | {6: Event.DATA_TLB_MISS, 8: Event.TAKEN},
    _ALL | {6: Event.DATA_SEARCH, 8: Event.WRONG, 14: Event.BRANCH_STALL},
)

#: MMCR0: freeze always, in supervisor state, in user state, if MSR[PM] is set, if not; TBL bit;
#: PMC2-4 wait for PMC1.
_DIS, _DP, _DU, _DMS, _DMR, _RTCSELECT, _TRIGGER = *map(Field, range(5)), Field(7, 8), Field(18)
#: Interrupts: enabled; the counters stop then; when the TBL bit is set, PMC1, another is negative.
_ENINT, _DISCOUNT, _ON_TIME, _ON_PMC1, _ON_OTHERS = map(Field, (5, 6, 9, 16, 17))
#: Where the number of each counter's event is: (register, bits).
_SELECT = (("MMCR0", Field(19, 25)), ("MMCR0", Field(26, 31)),
           ("MMCR1", Field(0, 4)), ("MMCR1", Field(5, 9)))
#: Bits of TBL for RTCSELECT 0 to 3, from the right.
_TBL_BITS = (0, 8, 12, 16)
_NAMES = ("MMCR0", "MMCR1", "SIA", "PMC1", "PMC2", "PMC3", "PMC4")


class PerformanceMonitor(wiring.Component):
    """MMCR0, MMCR1, SIA and PMC1 to PMC4."""

    system: In(SystemToSpecial())
    #: MSR[PR], MSR[PM].
    user: In(1)
    marked: In(1)
    #: TBL.
    time_base: In(32)
    #: Instructions in this cycle.
    completed: In(2)
    dispatched: In(2)
    #: Address of the last one that completes.
    pc: In(32)
    #: Events that happen once a cycle at most, by their `Event`.
    happens: In(len(Event))
    #: An interrupt waits.
    interrupt: Out(1)
    #: It is taken in this cycle.
    taken: In(1)

    def elaborate(self, platform):
        m = Module()

        registers = {name: Signal(32, name=name.lower()) for name in _NAMES}
        counters = [registers[f"PMC{n}"] for n in range(1, 5)]
        mmcr0 = registers["MMCR0"]
        with m.Switch(self.system.spr):
            for name, register in registers.items():
                with m.Case(SPR_BY_NAME[name].number, SPR_BY_NAME[f"U{name}"].number):
                    m.d.comb += self.system.rdata.eq(register)

        user = Signal()
        selected = Signal()   # the bit of TBL, in the cycle before
        watched = Signal()
        happens = Signal(len(Event))
        stopped = Signal()    # by DISCOUNT
        negative = Signal(4)  # the counters, at the end of this cycle

        def control(field):
            return mmcr0[field.slice].any()

        frozen = (control(_DIS) | stopped | Mux(self.user, control(_DU), control(_DP))
                  | Mux(self.marked, control(_DMS), control(_DMR)))
        signals = (control(_ON_PMC1) & negative[0] | control(_ON_OTHERS) & negative[1:].any()
                   | control(_ON_TIME) & watched & ~selected)
        with m.If(self.taken):
            m.d.sync += self.interrupt.eq(0)
        with m.If((mmcr0 != 0) | (registers["MMCR1"] != 0)):
            m.d.comb += negative.eq(Cat(counter[31] for counter in counters))
            with m.Switch(mmcr0[_RTCSELECT.slice]):
                for number, bit in enumerate(_TBL_BITS):
                    with m.Case(number):
                        m.d.comb += watched.eq(self.time_base[bit])
            m.d.sync += [selected.eq(watched), user.eq(self.user)]
            m.d.comb += [
                happens.eq(self.happens), happens[Event.CYCLES].eq(1),
                happens[Event.TIME_BASE].eq(watched & ~selected),
                happens[Event.PRIVILEGE].eq(self.user ^ user),
            ]
            with m.If(~frozen):
                self._count(m, registers, counters, happens, negative)
            with m.If(control(_ENINT)):
                with m.If(signals):
                    m.d.sync += [self.interrupt.eq(1), mmcr0[_ENINT.slice].eq(0),
                                 stopped.eq(control(_DISCOUNT))]
                    with m.If(self.completed != 0):
                        m.d.sync += registers["SIA"].eq(self.pc)
        with m.If(self.system.write):
            with m.Switch(self.system.spr):
                for name, register in registers.items():
                    with m.Case(SPR_BY_NAME[name].number):
                        m.d.sync += register.eq(self.system.wdata)
                        if name == "MMCR0":
                            m.d.sync += stopped.eq(0)
        return m

    def _count(self, m, registers, counters, happens, negative):
        """Add what happens in this cycle to the counters that count it."""
        mmcr0 = registers["MMCR0"]
        for number, (counter, events) in enumerate(zip(counters, EVENTS, strict=True)):
            name, bits = _SELECT[number]
            step = Signal(2, name=f"step{number + 1}")
            with m.Switch(registers[name][bits.slice]):
                for select, event in events.items():
                    with m.Case(select):
                        if event is Event.COMPLETED:
                            m.d.comb += step.eq(self.completed)
                        elif event is Event.DISPATCHED:
                            m.d.comb += step.eq(self.dispatched)
                        else:
                            m.d.comb += step.eq(happens[event])
            # PMCTRIGGER: the others wait until PMC1 has become negative.
            waits = mmcr0[_TRIGGER.slice].any() & ~counters[0][31] if number else C(0)
            with m.If((step != 0) & ~waits):
                m.d.comb += negative[number].eq((counter + step)[31])
                m.d.sync += counter.eq(counter + step)
