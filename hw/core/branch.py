"""Branch processing unit: executes branches in the instruction queue (MPC750 UM 6.4.1, PEM 4.2.4).

In each cycle it takes the oldest branch of the queue that it has not executed yet. If the condition
is not known, it predicts: by the history table if HID0[BHT] is set, else by the y bit and the sign
of the displacement. Branches that change neither LR nor CTR are folded: a taken one leaves the
queue at once, one that is not taken when it comes to dispatch; no other unit sees them. The others
enter the completion queue; one that is predicted does not complete before it is resolved.

A branch waits, and fetch stops behind it (IBM 750GX UM p. 229, 237):

* bclr, for a mtspr to LR that has not executed; bcctr and branches that count, for one to CTR;
* a branch that sets LR, for the shadow LR, and for a mtspr to LR;
* a third branch that would be predicted, until the first is resolved.
"""

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from pteg.hw.core.branch_decoder import BranchDecoder
from pteg.hw.core.interfaces import Fetched, Progress, Redirect
from pteg.hw.core.predictions import ConditionPort, Predictions
from pteg.hw.core.queue import BranchToQueue
from pteg.hw.sizes import CREDITS, IQ_ENTRIES, WIDTH

__all__ = ["BranchUnit", "LinkPort"]


class LinkPort(wiring.Signature):
    """The branch unit and the registers that branches use and change."""

    def __init__(self):
        super().__init__({
            #: As the next branch sees them.
            "lr": In(32), "ctr": In(32),
            #: A mtspr to it is in its unit.
            "lr_waits": In(1), "ctr_waits": In(1),
            #: A branch that has set LR has not completed.
            "shadow_used": In(1),
            #: A branch sets LR to `pc`.
            "link": Out(1), "pc": Out(32),
            #: A branch decrements CTR.
            "count": Out(1),
            #: That branch, or another, is predicted; it is prediction `number`.
            "predict": Out(1), "number": Out(1),
            #: Prediction 0 was right, was wrong.
            "accept": Out(1), "wrong": Out(1),
        })


class BranchUnit(wiring.Component):
    """Branch unit.

    Parameters
    ----------
    predicts : bool
        False: a branch waits until its condition is known.
    """

    #: The instruction queue.
    count: In(range(IQ_ENTRIES + 1))
    entries: In(Fetched).array(IQ_ENTRIES)
    progress: In(Progress).array(IQ_ENTRIES)
    queue: Out(BranchToQueue())
    #: Of the branch that is executed: to the target cache.
    target: Out(32)
    #: It is executed, and taken.
    taken: Out(1)
    #: Instructions at `target` that the target cache has, 0 to 2.
    found: In(range(WIDTH + 1))
    #: As many of them enter the queue.
    injected: Out(range(WIDTH + 1))
    redirect: Out(Redirect())
    #: Of the branch in question: to the history table.
    pc: Out(32)
    #: HID0[BHT]; what the table says.
    history: In(1)
    history_taken: In(1)
    #: A prediction is resolved: to the history table.
    resolved: Out(1)
    resolved_pc: Out(32)
    resolved_taken: Out(1)
    #: LR and CTR.
    link: Out(LinkPort())
    #: CR as the newest instruction dispatched leaves it, and as the newest that follows no
    #: unresolved prediction.
    condition: Out(ConditionPort())
    resolve: Out(ConditionPort())
    #: Folding is allowed.
    fold: In(1)
    #: Do not fold a branch at this address or to it.
    pause: In(1)
    pause_pc: In(32)
    #: The oldest prediction was right, was wrong.
    accept: Out(1)
    wrong: Out(1)
    #: A branch waits for LR or CTR; because no more predictions can be unresolved.
    waits: Out(1)
    stalled: Out(1)
    flush: In(1)

    def __init__(self, predicts=True):
        self.predicts = predicts
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        m.submodules.predictions = predictions = Predictions()
        m.submodules.decoder = decoder = BranchDecoder()
        self._resolve(m, predictions)

        # The branch to execute, and what older instructions in the queue will still change.
        waiting = [(self.count > number) & self.entries[number].known.branch
                   & ~self.progress[number].done for number in range(IQ_ENTRIES)]
        valid = Signal()
        position = Signal(range(IQ_ENTRIES))
        lr_older = Signal()
        ctr_older = Signal()
        cr_older = Signal(8)
        for number in reversed(range(IQ_ENTRIES)):
            with m.If(waiting[number]):
                older = [entry.known for entry in self.entries[:number]]
                m.d.comb += [
                    valid.eq(1), position.eq(number), cr_older.eq(_any(k.write_cr for k in older)),
                    lr_older.eq(Cat(known.move_lr for known in older).any()),
                    ctr_older.eq(Cat(known.move_ctr for known in older).any()),
                ]
        entry = Signal(Fetched)
        before = Signal(2)  # folded branches just before it
        m.d.comb += [
            entry.eq(Array(self.entries)[position]), self.pc.eq(entry.pc),
            before.eq(Array(self.progress)[position].credit), self.queue.position.eq(position),
            decoder.insn.eq(entry.insn), decoder.pc.eq(entry.pc), decoder.lr.eq(self.link.lr),
            decoder.ctr.eq(self.link.ctr), self.target.eq(decoder.target),
        ]
        with m.If(valid & ~self.wrong & ~self.flush):
            self._decide(m, predictions, decoder, before, cr_older,
                         self.link.lr_waits | lr_older, self.link.ctr_waits | ctr_older)
        with m.If(self.queue.mark):
            self._execute(m, predictions, decoder, position, before)
        return m

    def _resolve(self, m, predictions):
        """The oldest prediction, when its condition is known."""
        oldest, queue, link = predictions.oldest, self.queue, self.link
        connect(m, predictions.condition, flipped(self.resolve))
        m.d.comb += [
            predictions.flush.eq(self.flush),
            predictions.pending.eq(_any(
                Mux(self.count > number, entry.known.write_cr, 0)
                & (self.progress[number].level == 0).replicate(8)
                for number, entry in enumerate(self.entries))),
            self.accept.eq(predictions.accept), self.wrong.eq(predictions.wrong),
            queue.accept.eq(self.accept), queue.wrong.eq(self.wrong),
            queue.level.eq(predictions.level), link.accept.eq(self.accept),
            link.wrong.eq(self.wrong), self.resolved.eq(self.accept | self.wrong),
            self.resolved_pc.eq(oldest.pc), self.resolved_taken.eq(predictions.taken),
        ]
        with m.If(self.wrong):
            # Of the queue, the branch stays, if it is there, and what is before it.
            m.d.comb += [
                queue.cut.eq(1), queue.credit.eq(oldest.credit),
                queue.keep.eq(sum((self.count > number) & ((entry.level == 0)
                                                           | entry.predicted & (entry.level == 1))
                                  for number, entry in enumerate(self.progress))),
                self.redirect.valid.eq(1), self.redirect.pc.eq(oldest.other),
            ]

    def _decide(self, m, predictions, decoder, before, cr_older, lr_waits, ctr_waits):
        """Whether the branch can be executed, and whether it is taken."""
        queue, bi = self.queue, decoder.bi
        known = Signal()
        stops = Signal(3)   # it is at the address of the pause, or may go there
        waits = Signal()
        free = predictions.free & self.predicts
        bit = self.condition.value.bit_select(~bi[:2], 1)
        m.d.comb += [
            self.condition.field.eq(bi[2:]),
            known.eq(~decoder.conditional | ~decoder.admitted
                     | self.condition.ready & ~cr_older.bit_select(~bi[2:], 1)),
            # A prediction may turn out wrong: both ways count.
            stops.eq(Cat(at == self.pause_pc for at in (self.pc, self.pc + 4, self.target))),
            queue.folded.eq(self.fold & ~decoder.links & ~decoder.counts & (before != CREDITS)
                            & ~(self.pause & (stops != 0))),
            waits.eq((decoder.to_link | decoder.links) & lr_waits
                     | (decoder.to_count | decoder.counts) & ctr_waits
                     | decoder.links & self.link.shadow_used),
            self.waits.eq(waits), self.stalled.eq(~waits & ~known & ~free),
            queue.mark.eq(~waits & (known | free)), queue.predict.eq(~known),
        ]
        with m.If(known):
            m.d.comb += queue.taken.eq(decoder.admitted
                                       & (~decoder.conditional | (bit == decoder.wanted)))
        with m.Else():
            m.d.comb += queue.taken.eq(Mux(self.history, self.history_taken, decoder.hint))

    def _execute(self, m, predictions, decoder, position, before):
        """What the branch changes."""
        queue, link, new = self.queue, self.link, predictions.new
        m.d.comb += [
            self.taken.eq(queue.taken), queue.target.eq(self.target),
            link.link.eq(decoder.links), link.pc.eq(self.pc + 4), link.count.eq(decoder.counts),
            link.predict.eq(queue.predict), link.number.eq(predictions.number),
            predictions.predict.eq(queue.predict), new.pc.eq(self.pc), new.bi.eq(decoder.bi),
            new.wanted.eq(decoder.wanted), new.taken.eq(queue.taken),
            new.other.eq(Mux(queue.taken, self.pc + 4, self.target)),
            new.credit.eq(Mux(queue.taken & queue.folded, before + 1, 0)),
        ]
        with m.If(queue.predict):
            m.d.comb += queue.level.eq(predictions.level + 1)
        with m.If(queue.taken):
            m.d.comb += [
                queue.cut.eq(1), queue.keep.eq(position + ~queue.folded),
                queue.credit.eq(Mux(queue.folded, before + 1, 0)), self.redirect.valid.eq(1),
                self.redirect.pc.eq(self.target + (self.injected << 2)),
            ]
            with m.If(queue.keep <= IQ_ENTRIES - WIDTH):
                m.d.comb += self.injected.eq(self.found)


def _any(values):
    """Bitwise or of any number of bytes."""
    result = 0
    for value in values:
        result = result | value
    return result
