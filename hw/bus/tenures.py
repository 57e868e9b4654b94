"""The order of data tenures: first come, first served, one level of pipelining (MPC750 UM 8.1).

Data tenures follow in the order of their address tenures. During one, one more address
tenure may take place or wait: two transactions are outstanding at most. Both ends of the bus need
this order: the arbiter selects the master of the data, the decoder its target.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.sizes import BEATS

__all__ = ["TenureQueue"]


class TenureQueue(wiring.Component):
    """Remembers whose the current data tenure is and whose the next.

    Parameters
    ----------
    parties : int
        Number of those who can have a tenure; each is one bit of `who` and `current`.
    """

    def __init__(self, parties):
        if not isinstance(parties, int) or parties < 1:
            raise ValueError(f"parties must be a positive integer, not {parties!r}")
        self.parties = parties
        super().__init__({
            #: A transaction with a data tenure starts: TS. Not while `full`.
            "start": In(1), "who": In(parties),
            #: It has four beats.
            "burst": In(1),
            #: ARTRY: the transaction that has started last, and has moved no data, is none.
            "cancel": In(1),
            #: Of the current tenure.
            "ta": In(1), "tea": In(1),
            #: Whose tenure it is; no bit is set while there is none.
            "current": Out(parties),
            #: The last cycle of the current tenure.
            "end": Out(1),
            #: There is no room for another transaction in the next cycle.
            "full": Out(1),
        })

    def elaborate(self, platform):
        m = Module()
        waiting = Signal(self.parties)
        current_burst = Signal()
        waiting_burst = Signal()
        beats = Signal(range(BEATS))

        with m.If(self.current != 0):
            m.d.comb += self.end.eq(
                self.tea | (self.ta & (~current_burst | (beats == BEATS - 1))))
            with m.If(self.end):
                m.d.sync += beats.eq(0)
            with m.Elif(self.ta):
                m.d.sync += beats.eq(beats + 1)

        m.d.comb += self.full.eq((waiting != 0) & ~self.end)
        with m.If(self.end | (self.current == 0)):
            # `waiting` is never set without `current`.
            m.d.sync += waiting.eq(0)
            with m.If(waiting != 0):
                m.d.sync += [self.current.eq(waiting), current_burst.eq(waiting_burst)]
                with m.If(self.start):
                    m.d.sync += [waiting.eq(self.who), waiting_burst.eq(self.burst)]
            with m.Elif(self.start):
                m.d.sync += [self.current.eq(self.who), current_burst.eq(self.burst)]
            with m.Else():
                m.d.sync += self.current.eq(0)
        with m.Elif(self.start):
            m.d.sync += [waiting.eq(self.who), waiting_burst.eq(self.burst)]
        with m.If(self.cancel):
            m.d.sync += waiting.eq(0)
            with m.If((waiting == 0) | self.end):
                m.d.sync += self.current.eq(0)
        return m
