"""Branch processing unit: executes branches in the instruction queue (MPC750 UM 6.4.1, PEM 4.2.4).

In each cycle it takes the oldest branch of the queue that it has not executed yet. If the condition
is not known, it predicts: by the history table if HID0[BHT] is set, else by the y bit and the sign
of the displacement. Branches that change neither LR nor CTR are folded: a taken one leaves the
queue at once, one that is not taken when it comes to dispatch; no one else sees them. The others
enter the completion queue.

Up to two predictions are unresolved at a time. What follows the first is executed but does not
complete, what follows the second is fetched but not dispatched, and a third is not made. A wrong
prediction redirects fetch at once; if wrong instructions have been dispatched, those of the right
path wait until everything older than the branch has completed and the wrong ones have been flushed.

Simplified: a branch that changes LR or CTR is not predicted, but waits for its condition; flushing
by waiting costs cycles that the 750 saves when a slow instruction is before the branch.
"""

from amaranth.hdl import Array, Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import Fetched, Progress, Redirect
from pteg.hw.core.queue import BranchToQueue
from pteg.hw.sizes import CREDITS, IQ_ENTRIES, WIDTH
from pteg.hw.words import field

__all__ = ["BranchUnit", "ConditionPort", "LEVELS"]

#: Predictions that can be unresolved at a time.
LEVELS = 2

# Primary opcodes, and the extended opcodes of the register forms (PEM A.4).
_BC, _B, _BCCTR_XO = 16, 18, 528


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
    #: A mtspr to LR or CTR has not completed.
    link_busy: In(1)
    #: As the branch sees them.
    lr: In(32)
    ctr: In(32)
    #: It sets LR to `link_pc`; it decrements CTR.
    link: Out(1)
    link_pc: Out(32)
    counts: Out(1)
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
    #: Instructions behind an unresolved prediction have been dispatched.
    sent: In(1)
    #: All those before it have completed.
    drained: In(1)
    #: What has been dispatched behind a wrong prediction waits for being flushed.
    cancelling: Out(1)
    #: It is flushed.
    cancel: Out(1)
    #: A branch waits because no more predictions can be unresolved.
    stalled: Out(1)
    flush: In(1)

    def __init__(self, predicts=True):
        self.predicts = predicts
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        predictions = [Signal(Prediction, name=f"prediction{i}") for i in range(LEVELS)]
        unresolved = Signal(range(LEVELS + 1))
        self._resolve(m, predictions, unresolved)

        # The branch to execute, and what older instructions in the queue will still change.
        waits = [(self.count > number) & self.entries[number].known.branch
                 & ~self.progress[number].done for number in range(IQ_ENTRIES)]
        valid = Signal()
        position = Signal(range(IQ_ENTRIES))
        link_older = Signal()
        cr_older = Signal(8)
        for number in reversed(range(IQ_ENTRIES)):
            with m.If(waits[number]):
                older = [entry.known for entry in self.entries[:number]]
                m.d.comb += [
                    valid.eq(1), position.eq(number),
                    link_older.eq(Cat(known.link for known in older).any()),
                    cr_older.eq(_any(known.write_cr for known in older)),
                ]
        entry = Signal(Fetched)
        before = Signal(2)  # folded branches just before it
        m.d.comb += [entry.eq(Array(self.entries)[position]),
                     before.eq(Array(self.progress)[position].credit)]

        with m.If(valid & ~self.wrong & ~self.cancelling & ~self.flush):
            self._execute(m, predictions, unresolved, entry.insn, entry.pc, position, before,
                          link_older, cr_older)
        with m.If(self.flush):
            m.d.sync += [unresolved.eq(0), self.cancelling.eq(0)]
        return m

    def _resolve(self, m, predictions, unresolved):
        """The oldest prediction, when its condition is known; and the flush after a wrong one."""
        oldest = predictions[0]
        bit = self.resolve.value.bit_select(~oldest.bi[:2], 1)
        pending = _any(Mux(self.count > number, entry.known.write_cr, 0)
                       & (self.progress[number].level == 0).replicate(8)
                       for number, entry in enumerate(self.entries))
        known = self.resolve.ready & ~pending.bit_select(~oldest.bi[2:], 1)
        right = (bit == oldest.wanted) == oldest.taken
        touched = Signal()  # LR or CTR, as branches see them, come from behind a prediction
        waits = self.sent | touched
        kept = Signal(range(IQ_ENTRIES + 1))
        level = Signal(range(LEVELS + 1))
        m.d.comb += [
            self.resolve.field.eq(oldest.bi[2:]),
            self.resolved_pc.eq(oldest.pc), self.resolved_taken.eq(bit == oldest.wanted),
            level.eq(unresolved), self.queue.level.eq(level),
        ]
        with m.If((unresolved != 0) & known & ~self.flush):
            m.d.comb += [self.accept.eq(right), self.wrong.eq(~right), self.resolved.eq(1)]
        with m.If(self.accept):
            m.d.comb += [self.queue.accept.eq(1), level.eq(unresolved - 1)]
            m.d.sync += [predictions[0].eq(predictions[1]), unresolved.eq(unresolved - 1)]
            with m.If(unresolved == 1):
                m.d.sync += touched.eq(0)
        with m.If(self.wrong):
            # Of the queue, only what does not follow the branch stays.
            m.d.comb += kept.eq(sum((self.count > number) & (entry.level == 0)
                                    for number, entry in enumerate(self.progress)))
            m.d.comb += [
                self.queue.cut.eq(1), self.queue.keep.eq(kept),
                self.queue.credit.eq(oldest.credit),
                self.redirect.valid.eq(1), self.redirect.pc.eq(oldest.other),
            ]
            m.d.comb += level.eq(waits)
            m.d.sync += [unresolved.eq(0), self.cancelling.eq(waits), touched.eq(0)]
        with m.If(self.cancelling):
            m.d.comb += level.eq(1)
            older = (self.count != 0) & (self.progress[0].level == 0)
            with m.If(self.drained & ~older & ~self.flush):
                m.d.comb += [self.cancel.eq(1), self.queue.accept.eq(1), level.eq(0)]
                m.d.sync += self.cancelling.eq(0)
        with m.If(self.flush):
            m.d.sync += touched.eq(0)
        self._level, self._touched = level, touched

    def _execute(self, m, predictions, unresolved, insn, pc, position, before,
                 link_older, cr_older):
        opcode, queue = field(insn, "OPCD"), self.queue
        direct = Signal()      # b
        conditional = Signal()
        relative = Signal()    # b, bc
        to_count = Signal()    # bcctr
        # BO is, from its most significant bit, "ignore CR", the wanted CR bit, "leave CTR alone",
        # the wanted CTR = 0, and the prediction hint (PEM table 4-20).
        bo, bi = field(insn, "BO"), field(insn, "BI")
        ignore_cr, want_cr, leave_ctr, want_zero, hint = bo[4], bo[3], bo[2], bo[1], bo[0]
        m.d.comb += [
            direct.eq(opcode == _B), relative.eq(direct | (opcode == _BC)),
            to_count.eq(~relative & (field(insn, "XO") == _BCCTR_XO)),
            conditional.eq(~direct & ~ignore_cr),
        ]
        links = field(insn, "LK")
        # bcctr that counts, an invalid form, goes to what CTR was before (docs/instructions.md).
        counts = ~direct & ~leave_ctr

        # Target.
        base = Mux(field(insn, "AA"), 0, pc)
        with m.If(direct):
            m.d.comb += self.target.eq(base + Cat(0, 0, field(insn, "LI")).as_signed())
        with m.Elif(relative):
            m.d.comb += self.target.eq(base + Cat(0, 0, field(insn, "BD")).as_signed())
        with m.Elif(to_count):
            m.d.comb += self.target.eq(Cat(0, 0, self.ctr[2:]))
        with m.Else():
            m.d.comb += self.target.eq(Cat(0, 0, self.lr[2:]))

        # Direction.
        stops = Signal(3)  # it is at the address of the pause, or may go there
        known = Signal()
        fold = Signal()
        predicted = Signal()
        bit = self.condition.value.bit_select(~bi[:2], 1)
        backward = relative & field(insn, "BD")[-1]
        taken = Signal()
        m.d.comb += [
            self.pc.eq(pc),
            self.condition.field.eq(bi[2:]),
            known.eq(~conditional | self.condition.ready & ~cr_older.bit_select(~bi[2:], 1)),
            fold.eq(self.fold & ~links & ~counts & (before != CREDITS)
                    & ~(self.pause & (stops != 0))),
            # A prediction may turn out wrong: both ways count.
            stops.eq(Cat(at == self.pause_pc for at in (pc, pc + 4, self.target))),
        ]
        with m.If(known):
            m.d.comb += taken.eq((~conditional | (bit == want_cr))
                                 & (~counts | ((self.ctr == 1) == want_zero)))
        with m.Else():
            m.d.comb += taken.eq(Mux(self.history, self.history_taken, backward ^ hint))

        free = self.predicts & Mux(self.accept, unresolved != 0, unresolved != LEVELS)
        busy = (links | counts | ~relative) & (self.link_busy | link_older)
        goes = Signal()
        m.d.comb += [predicted.eq(~known),
                     goes.eq(~busy & (known | fold & free)),
                     self.stalled.eq(~busy & ~known & ~free)]
        with m.If(goes):
            m.d.comb += [
                self.link.eq(links), self.link_pc.eq(pc + 4), self.counts.eq(counts),
                self.taken.eq(taken),
                queue.mark.eq(1), queue.position.eq(position),
                queue.folded.eq(fold), queue.taken.eq(taken), queue.target.eq(self.target),
                queue.predict.eq(predicted),
            ]
            with m.If((links | counts) & (self._level != 0)):
                m.d.sync += self._touched.eq(1)
            with m.If(taken):
                m.d.comb += [
                    queue.cut.eq(1), queue.keep.eq(position + ~fold),
                    queue.credit.eq(Mux(fold, before + 1, 0)),
                    self.redirect.valid.eq(1),
                    self.redirect.pc.eq(self.target + (self.injected << 2)),
                ]
                with m.If(queue.keep <= IQ_ENTRIES - WIDTH):
                    m.d.comb += self.injected.eq(self.found)
            with m.If(predicted):
                place = unresolved - self.accept
                m.d.comb += queue.level.eq(self._level + 1)
                m.d.sync += unresolved.eq(place + 1)
                for number, prediction in enumerate(predictions):
                    with m.If(place == number):
                        m.d.sync += [
                            prediction.pc.eq(pc), prediction.bi.eq(bi),
                            prediction.wanted.eq(want_cr), prediction.taken.eq(taken),
                            prediction.other.eq(Mux(taken, pc + 4, self.target)),
                            prediction.credit.eq(Mux(taken, before + 1, 0)),
                        ]


def _any(values):
    """Bitwise or of any number of bytes."""
    result = 0
    for value in values:
        result = result | value
    return result
