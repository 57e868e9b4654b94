"""Instruction queue: six entries between fetch and dispatch (MPC750 UM 6.3.1, figure 6-2).

Entry 0 (IQ0) is the oldest. The queue shifts, as the 750's does, so that dispatch always uses
IQ0 and IQ1. The branch unit reads all entries: it marks the branches that it has executed, drops
the instructions after a taken branch, and adds the target's instructions.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import Fetched, FetchToQueue, Progress
from pteg.hw.sizes import FETCH_WIDTH, IQ_ENTRIES, WIDTH

__all__ = ["InstructionQueue", "BranchToQueue"]


class BranchToQueue(wiring.Signature):
    """What the branch unit does to the queue in a cycle. Positions are those of its beginning."""

    def __init__(self):
        position = range(IQ_ENTRIES + 1)
        super().__init__({
            #: The branch at `position` has been executed.
            "mark": Out(1),
            "position": Out(position),
            #: Its `Progress`.
            "folded": Out(1), "taken": Out(1),
            "target": Out(32),
            #: Entries from position `keep` on are dropped, and what fetch delivers.
            "cut": Out(1),
            "keep": Out(position),
            #: With `cut`: folded branches before the next instruction to enter.
            "credit": Out(2),
            #: A prediction was right: what follows it is one level less speculative.
            "accept": Out(1),
            #: With `cut`: it was wrong. Its branch, if it is here, goes the other way.
            "wrong": Out(1),
            #: With `mark`: the branch is predicted; what follows it gets `level`, and so does the
            #: branch if it is not folded.
            "predict": Out(1),
            #: Level of the instructions that enter.
            "level": Out(2),
        })


class InstructionQueue(wiring.Component):
    """Instruction queue."""

    fetch: In(FetchToQueue())
    #: Instructions of a branch target, which enter after a cut.
    inject: In(FetchToQueue())
    branch: In(BranchToQueue())
    #: Drop everything, also what arrives in this cycle.
    flush: In(1)
    #: Instructions in the queue.
    count: Out(range(IQ_ENTRIES + 1))
    entries: Out(Fetched).array(IQ_ENTRIES)
    progress: Out(Progress).array(IQ_ENTRIES)
    #: `count` without those that are dropped in this cycle.
    live: Out(range(IQ_ENTRIES + 1))
    #: Of IQ0 and IQ1, for dispatch: as the branch unit makes them in this cycle.
    heads: Out(Progress).array(WIDTH)
    #: Theirs, if they are taken branches.
    targets: Out(32).array(WIDTH)
    #: Instructions that leave, 0 to `WIDTH`.
    pop: In(range(WIDTH + 1))

    def elaborate(self, platform):
        m = Module()

        branch = self.branch
        entries = [Signal(Fetched, name=f"iq{i}") for i in range(IQ_ENTRIES)]
        progress = [Signal(Progress, name=f"progress{i}") for i in range(IQ_ENTRIES)]
        targets = [Signal(32, name=f"target{i}") for i in range(IQ_ENTRIES)]
        count = Signal(range(IQ_ENTRIES + 1))
        credit = Signal(2)     # folded branches before the next instruction to enter
        room = Signal.like(count)

        m.d.comb += [
            # Openings are those of the previous clock (MPC750 UM 6.3.1.1).
            room.eq(IQ_ENTRIES - count),
            self.fetch.room.eq(Mux(room > FETCH_WIDTH, FETCH_WIDTH, room)),
            self.count.eq(count), self.live.eq(Mux(branch.cut, branch.keep, count)),
            *(port.eq(entry) for port, entry in zip(self.entries, entries, strict=True)),
            *(port.eq(entry) for port, entry in zip(self.progress, progress, strict=True)),
            *(port.eq(target) for port, target in zip(self.targets, targets, strict=False)),
        ]

        # What the entries become before they shift.
        marked = []
        for number, entry in enumerate(progress):
            new = Signal(Progress, name=f"marked{number}")
            m.d.comb += new.eq(entry)
            with m.If(branch.accept & (entry.level != 0)):
                m.d.comb += new.level.eq(entry.level - 1)
                with m.If(entry.level == 1):
                    m.d.comb += new.predicted.eq(0)
            with m.If(branch.wrong):
                m.d.comb += [new.level.eq(0), new.taken.eq(entry.taken ^ entry.predicted),
                             new.predicted.eq(0)]
            with m.If(branch.mark & (branch.position == number)):
                m.d.comb += [new.done.eq(1), new.folded.eq(branch.folded),
                             new.predicted.eq(branch.predict & ~branch.folded),
                             new.taken.eq(branch.taken)]
                m.d.sync += targets[number].eq(branch.target)
                if number < WIDTH:
                    m.d.comb += self.targets[number].eq(branch.target)
            with m.If(branch.mark & branch.predict
                      & (branch.position + branch.folded <= number)):
                m.d.comb += new.level.eq(branch.level)
            m.d.sync += entry.eq(new)
            marked.append(new)
        m.d.comb += [port.eq(new) for port, new in zip(self.heads, marked, strict=False)]

        # Instructions that leave make the others move up.
        for steps in range(1, WIDTH + 1):
            with m.If(self.pop == steps):
                for old in range(steps, IQ_ENTRIES):
                    new = old - steps
                    m.d.sync += [entries[new].eq(entries[old]), progress[new].eq(marked[old]),
                                 targets[new].eq(targets[old])]
                    with m.If(branch.mark & (branch.position == old)):
                        m.d.sync += targets[new].eq(branch.target)

        # Others enter behind them.
        left = Signal.like(count)
        entering = Signal(range(FETCH_WIDTH + 1))
        incoming = [Signal(Fetched, name=f"incoming{i}") for i in range(FETCH_WIDTH)]
        credits = Signal(2)
        m.d.comb += [left.eq(self.live - self.pop), entering.eq(self.fetch.count),
                     credits.eq(credit)]
        for number, entry in enumerate(incoming):
            m.d.comb += entry.eq(self.fetch.entries[number])
        with m.If(branch.cut):
            m.d.comb += [entering.eq(self.inject.count), credits.eq(branch.credit)]
            for number in range(WIDTH):
                m.d.comb += incoming[number].eq(self.inject.entries[number])
        with m.If(entering != 0):
            with m.Switch(left):
                for place in range(IQ_ENTRIES):
                    with m.Case(place):
                        for number, entry in enumerate(incoming[:IQ_ENTRIES - place]):
                            m.d.sync += [
                                entries[place + number].eq(entry),
                                progress[place + number].eq(0),
                                progress[place + number].level.eq(branch.level),
                            ]
                        m.d.sync += progress[place].credit.eq(credits)
        m.d.sync += [count.eq(left + entering), credit.eq(Mux(entering != 0, 0, credits))]
        with m.If(self.flush):
            m.d.sync += [count.eq(0), credit.eq(0)]
        return m
