"""The functional models: each executes what its processor has completed.

They have no RAM. Every access is a request, as to a device, which is answered from what the
pipeline has done: a fetch with the word that it has executed, a load with the bytes that it has
loaded there, a table search with the PTEs that it has read. A store is compared with what the
pipeline has performed or will perform. An access that the pipeline has not made, or to another
address, is a difference.
"""

import numpy as np
from numba import njit

from pteg.devices import bus_read
from pteg.functional import constants as isa
from pteg.functional.exceptions import set_msr, take
from pteg.functional.lockstep import functional_step, reads_time
from pteg.hw.isa.instructions import Op
from pteg.lockstep.shared.broadcasts import begin_search, between_parts, told_way
from pteg.lockstep.shared.events import SEARCH, WRITE
from pteg.lockstep.shared.instructions import executed, fetched
from pteg.lockstep.shared.memory import (
    CLEARED,
    CLEARS,
    DEMANDED,
    FETCHES,
    LOADS,
    OTHER_ACCESS,
    OTHER_STORE,
    PERFORMED,
    SEARCHES,
    drop,
    first,
    meet,
    report,
    row_at,
    waiting,
)

__all__ = ["execute", "interrupt"]

_STWCX, _DCBZ = int(Op["STWCX_DOT"]), int(Op["DCBZ"])
_BLOCK = 32


@njit
def interrupt(s, m, vector, cause):
    """The pipeline takes an interrupt; nothing is in flight then."""
    set_msr(s, m, 0 | s.msr)
    take(s, m, vector, cause)


@njit
def _searches(m, queue):
    """Whether the access that is asked for is that of a table search, which comes next."""
    begins = waiting(queue) and first(queue)[1] == SEARCH
    place = 1 if begins else 0
    if waiting(queue) <= place:
        return False
    row = row_at(queue, place)
    if row[0] != m.request_pa or row[1] != m.request_size or m.request_write != (row[1] == WRITE):
        return False
    if begins:
        begin_search(queue)
    return True


@njit
def _load(m, number, queue, problem):
    """What the pipeline has loaded."""
    if not waiting(queue):
        report(problem, OTHER_ACCESS, number, -1, 0, m.request_pa, m.request_size)
        return np.int64(0)
    row = first(queue)
    drop(queue)
    if row[0] != m.request_pa or row[1] != m.request_size:
        report(problem, OTHER_ACCESS, number, row[0], row[1], m.request_pa, m.request_size)
    return row[2]


@njit
def _fails(s, m, queues):
    """Whether the stwcx. that is to store has failed in the pipeline: then it begins again."""
    if m.op != _STWCX or waiting(queues[PERFORMED]):
        return False
    s.reservation = 0
    m.answered = 0
    return True


@njit
def answer(s, m, number, log, queues, ram, request, problem):
    """Answer the access that an instruction waits for, or tell a way of a TLB."""
    if m.request_size == isa.WAY:
        m.told_way = told_way(queues[SEARCHES])
        return
    value, error = np.int64(0), 0
    searches = _searches(m, queues[SEARCHES])
    if searches:
        row = first(queues[SEARCHES])
        if row[1] == WRITE and row[2] != m.request_value & 0xFF:
            report(problem, OTHER_STORE, number, row[0], 1, row[2], m.request_value & 0xFF)
        value = row[2]
        drop(queues[SEARCHES])
    elif m.request_write:
        if _fails(s, m, queues):
            return
        if m.op != _DCBZ:
            size = 0 | m.request_size
            value = m.request_value if size == 8 else m.request_value & (1 << 8 * size) - 1
            meet(queues[DEMANDED], queues[PERFORMED], number, 0 | m.request_pa, size, value,
                 problem, False)
        elif not m.request_pa % _BLOCK:
            meet(queues[CLEARS], queues[CLEARED], number, 0 | m.request_pa, _BLOCK, 0, problem,
                 False)
    elif m.op:
        value = _load(m, number, queues[LOADS], problem)
    elif m.request_pa < len(ram.bytes):
        value = fetched(ram, log, number, queues[FETCHES], 0 | s.pc, 0 | m.request_pa, problem)
    else:   # an instruction outside RAM
        read, error = bus_read(request[0], m.request_pa, m.request_size)
        value = np.int64(read)
    m.answer[m.answered], m.answer_error[m.answered] = value, error
    m.answered += 1
    if not searches:
        between_parts(s, m, log, queues[SEARCHES])


@njit
def execute(states, models, number, arch, log, queues, ram, request, problem):
    """Complete an instruction of processor `number`; returns an outcome."""
    state, model = states[number:number + 1], models[number:number + 1]
    s, m = state[0], model[0]
    s.tb, s.dec, pc = arch.tb, arch.dec, 0 | s.pc
    while True:
        outcome = functional_step(state, model, 0)
        if outcome != isa.OUT_BUS or problem.kind:
            break
        answer(s, m, number, log, queues, ram, request, problem)
    executed(queues[FETCHES], pc)
    if log.trusts:
        s.gpr[:], s.dar, log.trusts = arch.gpr, arch.dar, 0
    register = reads_time(model)
    if register >= 0:
        s.gpr[register] = arch.gpr[register]
    s.tb, s.dec = arch.tb, arch.dec
    m.decrementer = 0
    return outcome
