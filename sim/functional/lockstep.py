"""One instruction at a time, without platform: the functional side of `pteg.lockstep`."""

from pteg.functional import constants as isa
from pteg.functional.exceptions import set_msr, take
from pteg.functional.interpreter import settle, step
from pteg.functional.kernel import kernel

__all__ = ["functional_step", "differs"]


@kernel
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


@kernel
def differs(state, other):
    """Whether two states differ in anything but time and floating-point registers."""
    a, b = state[0], other[0]
    for number in range(32):
        if a.gpr[number] != b.gpr[number]:
            return True
    for number in range(16):
        if a.sr[number] != b.sr[number]:
            return True
    for word in range(isa.FIRST_WORD, isa.STATE_WORDS):
        if isa.COMPARED_WORD[word] and a.words[word] != b.words[word]:
            return True
    return False
