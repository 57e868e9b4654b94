"""One instruction at a time, without platform: the functional side of `pteg.lockstep`."""

from pteg.functional import constants as isa
from pteg.functional.compiled import compiled
from pteg.functional.exceptions import set_msr, take
from pteg.functional.interpreter import settle, step
from pteg.functional.memory import TRANSFER
from pteg.functional.operands import first

__all__ = ["functional_step", "differs", "reads_time", "loaded_value"]


@compiled
def functional_step(state, model, vector):
    """Complete one instruction, taking the exceptions that come before.

    Parameters
    ----------
    vector : int
        Interrupt that is taken first, or 0.

    Returns
    -------
    int
        NEXT, or CHECKSTOP, or BUS: the caller must add the answer to the access in
        `request_*` to the model and call again, with `vector` = 0.

    Memory writes of the instruction are left in `writes`, if `log_writes` is set.
    """
    s, m = state[0], model[0]
    set_msr(s, m, 0 | s.msr)
    if vector:
        take(s, m, vector, isa.NONE)
    while True:
        completed = m.cycles - m.uncompleted
        traced = 0 | s.msr
        m.outcome, m.used, m.write_count = isa.OUT_NEXT, 0, 0
        outcome = step(s, m)
        if outcome == isa.OUT_BUS:
            m.cycles -= 1
            return outcome
        outcome = settle(s, m, outcome, traced)
        if outcome == isa.OUT_CHECKSTOP:
            return outcome
        if m.cycles - m.uncompleted > completed:
            return isa.OUT_NEXT


@compiled
def differs(state, other):
    """Whether two states differ in anything but time."""
    a, b = state[0], other[0]
    for number in range(32):
        if a.gpr[number] != b.gpr[number] or a.fpr[number] != b.fpr[number]:
            return True
    for number in range(16):
        if a.sr[number] != b.sr[number]:
            return True
    for word in range(isa.FIRST_WORD, isa.STATE_WORDS):
        if isa.COMPARED_WORD[word] and a.words[word] != b.words[word]:
            return True
    return False


@compiled
def reads_time(model):
    """The register into which the last instruction has read TB, DEC, a register that the
    performance monitor or the thermal unit changes, or L2CR, whose L2IP depends on time; or -1."""
    m = model[0]
    if m.op == isa.MFSPR:
        number = m.word >> 16 & 31 | m.word >> 6 & 0x3E0
        timed = (number == isa.SPR_DEC or number == isa.TIME_BASE_LOWER
                 or number == isa.TIME_BASE_UPPER or number == isa.SPR_L2CR
                 or number == isa.SPR_THRM1 or number == isa.SPR_THRM2)
        for counter in isa.SPR_COUNTERS:
            timed = timed or number == counter
        if not timed:
            return -1
    elif m.op != isa.MFTB:
        return -1
    return first(m.word)


@compiled
def loaded_value(model, other):
    """What a device gave to the access under way: it is in the register that `other` has loaded."""
    m = model[0]
    size = m.request_size
    value = other[0].gpr[first(m.word)] & ((1 << 8 * size) - 1)
    kind = TRANSFER[m.op]
    if kind == isa.LWBRX or kind == isa.LHBRX:
        swapped = 0
        for _ in range(size):
            swapped = swapped << 8 | value & 0xFF
            value >>= 8
        value = swapped
    return value
