"""The loop of lockstep for several processors. Platform and design are data."""

import numpy as np
from numba import njit

from pteg.cpu import Stop
from pteg.functional import constants as isa
from pteg.functional.lockstep import differs
from pteg.hw.sizes import LINE_BITS
from pteg.jit import named_after
from pteg.lockstep.shared.broadcasts import follow
from pteg.lockstep.shared.events import observe
from pteg.lockstep.shared.instructions import LATE, hear_icbi, next_number
from pteg.lockstep.shared.memory import FETCHES, SEARCHES, waiting
from pteg.lockstep.shared.replay import execute, interrupt
from pteg.pipeline.architecture import capture
from pteg.pipeline.loop import STOPS

__all__ = ["CONTROL", "make_run", "AGREE", "DIFFERENT", "PROBLEMS", "STOPPED",
           "HALTED", "PRINTED", "STUCK"]

#: What the loop keeps between two calls, and its limits: instructions compared, the limit; the
#: address at which it stops; cycles without an instruction; the processor that differs.
CONTROL = np.dtype([("done", "i8"), ("limit", "i8"), ("address", "i8"), ("patience", "i8"),
                    ("idle", "i8"), ("processor", "i8")])
#: How it ended. PROBLEMS: see `pteg.lockstep.shared.memory.PROBLEM`.
AGREE, DIFFERENT, PROBLEMS, STOPPED, HALTED, PRINTED, STUCK = range(7)
#: Accesses that one side may be ahead of the other.
_AHEAD = 200

_CHECKSTOP, _CONSOLE, _DRAIN = (
    STOPS.index(stop) for stop in (Stop.CHECKSTOP, Stop.CONSOLE, Stop.DRAIN))


@njit
def counted(pipeline, number):
    """Instructions that a processor has completed."""
    return np.int64(pipeline.state[pipeline.completed[number]])


def make_run(pipeline_run):
    """Compile the loop, around that of the pipeline model's driver."""
    own_name = named_after(pipeline_run)

    @njit
    @own_name
    def repeat(number, count, stopped, places, driver, request, arch, states, models, log, queues,
               ram, problem, trail, completed):
        """Execute what a processor has completed in a cycle, at `places` of the completion queue,
        and compare."""
        m = models[number]
        outcome = isa.OUT_NEXT
        head, second = places
        for _ in range(max(count, stopped)):
            follow(m, log, queues[SEARCHES], next_number(queues[FETCHES]), head, second)
            place = completed[number] % trail.shape[1]
            trail[number, place, 0], trail[number, place, 1] = states[number].pc, driver[0].cycle
            exceptions = 0 | m.exceptions
            outcome = execute(states, models, number, arch[0], log, queues, ram, request,
                              problem)
            trail[number, place, 2] = m.word if m.exceptions == exceptions and m.op else -1
            completed[number] += 1
            if problem.kind:
                return PROBLEMS
            if outcome == isa.OUT_CHECKSTOP:
                break
        queues[FETCHES].first = queues[FETCHES].end
        if (outcome == isa.OUT_CHECKSTOP) != stopped:
            return STOPPED
        if not arch[0].reservation:
            states[number].reservation = 0      # another processor may take it away at any time
        return DIFFERENT if differs(states[number:number + 1], arch) else AGREE

    @njit
    @own_name
    def run(pipeline, replay, driver, watch, control):
        c, problem, state = control[0], replay.problem[0], pipeline.state
        processors = len(replay.states)
        before = np.zeros(processors, np.int64)
        while c.done < c.limit:
            row = pipeline.row
            pipeline.trace(state, row)
            awake = False
            for n in range(processors):
                columns = pipeline.columns[n]
                observe(row, columns, replay.logs[n], replay.queues[n], replay.ram, replay.reserved,
                        n, driver[0].cycle, problem)
                if (row[columns.icbi] and replay.broadcast
                        and replay.states[n].hid0 & isa.HID0_ABE):
                    for other in range(processors):
                        if other != n:
                            hear_icbi(replay.logs[other],
                                      np.int64(row[columns.icbi_at]) >> LINE_BITS,
                                      driver[0].cycle, LATE)
                if row[columns.interrupt] and row[columns.taken]:
                    interrupt(replay.states[n], replay.models[n], np.int64(row[columns.vector]),
                              np.int64(row[columns.cause]))
                awake |= not row[columns.asleep]
                before[n] = counted(pipeline, n)
                for queue in range(replay.queues.shape[1]):
                    if waiting(replay.queues[n, queue]) > _AHEAD:
                        problem.kind, problem.processor = -1 - queue, n
                if replay.logs[n].hears == replay.logs[n].heard.shape[0]:
                    problem.kind, problem.processor = -1 - replay.queues.shape[1], n
            driver[0].last_cycle = driver[0].cycle + 1
            stop = pipeline_run(
                pipeline.step, state, pipeline.record, pipeline.signals, pipeline.request,
                pipeline.targets, pipeline.master, driver, pipeline.places, watch, ())
            if stop == _CHECKSTOP:
                pipeline.trace(state, row)
            arrived = False
            c.idle += 1 if awake else 0
            for n in range(processors):
                c.processor = n
                if problem.kind:
                    return PROBLEMS
                count = counted(pipeline, n) - before[n]
                stopped = stop == _CHECKSTOP and row[pipeline.columns[n].checkstop]
                if not count and not stopped:
                    continue
                places = row[pipeline.columns[n].head], row[pipeline.columns[n].second]
                capture(state, pipeline.registers[n], replay.words)
                result = repeat(n, count, stopped, places, driver, pipeline.request, replay.arch,
                                replay.states, replay.models, replay.logs[n], replay.queues[n],
                                replay.ram, problem, replay.trail, replay.completed)
                if result != AGREE:
                    return result
                arrived |= replay.arch[0].pc == c.address
                c.done += count
                c.idle = 0
            if stop == _CHECKSTOP:
                return HALTED
            if stop == _CONSOLE:
                return PRINTED
            if c.idle > c.patience:
                return STUCK
            if arrived or stop == _DRAIN:
                break
        return AGREE

    return run
