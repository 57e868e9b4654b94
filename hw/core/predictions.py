"""Branch predictions that are not resolved yet (IBM 750GX UM 6.4.1.3).

Up to two at a time. What follows the first is executed but does not complete, what follows the
second is fetched but not dispatched, and a third is not made. The oldest is resolved when its
condition is known. If it was wrong, fetch continues on the other path at once; what follows the
branch is dropped from the queues, and the rename buffers that it had are free again. What is older
than the branch goes on.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["ConditionPort", "LEVELS", "Prediction", "Predictions"]

#: Predictions that can be unresolved at a time.
LEVELS = 2


class ConditionPort(wiring.Signature):
    """Looks up one CR field."""

    def __init__(self):
        super().__init__({
            "field": Out(3),
            "value": In(4),
            #: No instruction in flight still has to compute it.
            "ready": In(1),
        })


class Prediction(data.Struct):
    """A prediction that has not been resolved."""

    pc: 32       # of the branch
    bi: 5        # CR bit that decides
    wanted: 1    # value with which it is taken
    taken: 1     # as predicted
    other: 32    # where it goes otherwise
    credit: 2    # folded branches, itself included, before the other path, if it left the queue


class Predictions(wiring.Component):
    """Makes and resolves predictions."""

    #: A prediction is made.
    predict: In(1)
    new: In(Prediction)
    #: There is room for one; with this number, 0 is the oldest.
    free: Out(1)
    number: Out(range(LEVELS))
    #: CR as the newest instruction dispatched that follows no prediction leaves it; the fields that
    #: such instructions in the instruction queue will write.
    condition: Out(ConditionPort())
    pending: In(8)
    #: The oldest prediction was right, was wrong; which one, and what its branch does.
    accept: Out(1)
    wrong: Out(1)
    oldest: Out(Prediction)
    taken: Out(1)
    #: Unresolved ones before the instructions that enter the instruction queue.
    level: Out(range(LEVELS + 1))
    #: All are dropped.
    flush: In(1)

    def elaborate(self, platform):
        m = Module()
        predictions = [Signal(Prediction, name=f"prediction{n}") for n in range(LEVELS)]
        count = Signal(range(LEVELS + 1))
        oldest = predictions[0]
        bit = self.condition.value.bit_select(~oldest.bi[:2], 1)
        known = self.condition.ready & ~self.pending.bit_select(~oldest.bi[2:], 1)
        m.d.comb += [
            self.condition.field.eq(oldest.bi[2:]), self.oldest.eq(oldest),
            self.taken.eq(bit == oldest.wanted), self.level.eq(count),
        ]
        with m.If((count != 0) & known & ~self.flush):
            m.d.comb += [self.accept.eq(self.taken == oldest.taken), self.wrong.eq(~self.accept)]
        with m.If(self.accept):
            m.d.comb += self.level.eq(count - 1)
            m.d.sync += predictions[0].eq(predictions[1])
        with m.If(self.wrong):
            m.d.comb += self.level.eq(0)

        m.d.comb += [self.free.eq(self.level != LEVELS), self.number.eq(self.level)]
        m.d.sync += count.eq(Mux(self.flush, 0, self.level + self.predict))
        with m.If(self.predict):
            for number, prediction in enumerate(predictions):
                with m.If(self.number == number):
                    m.d.sync += prediction.eq(self.new)
        return m
