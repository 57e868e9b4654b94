"""Instructions that another processor changes, or the processor itself.

Instruction caches do not snoop, and what is in flight stays as it was fetched. So the functional
model executes the words that the pipeline has fetched, and each of them must be what memory held at
some time since the last icbi of that block, of the processor or of one that broadcasts; of the icbi
before, if the instruction may have been fetched already. A folded branch has no entry in the
completion queue: of those, memory's word is executed.
"""

from numba import njit

from pteg.hw.sizes import LINE_BITS
from pteg.lockstep.shared.memory import STALE, drop, first, part, read, report, row_at, waiting

__all__ = ["FETCHED", "LATE", "hear_icbi", "fetched", "next_number", "executed"]

#: Instructions between fetch and the completion queue, at most: the instruction queue, a fetch
#: under way, what the branch target cache gives, folded branches.
FETCHED = 24
#: And before another processor's instruction cache has done an icbi after the one that sent it: it
#: may wait for a refill.
LATE = 200


@njit
def hear_icbi(log, block, cycle, late=0):
    """An instruction cache has done an icbi; so many instructions may come before it is done here.
    """
    row = log.icbis[log.icbi_count % len(log.icbis)]
    row[0], row[1], row[2] = block, cycle, log.entered + late
    log.icbi_count += 1


@njit
def fetched(ram, log, number, queue, pc, pa, problem):
    """The word that the pipeline has executed at an address in RAM."""
    for place in range(waiting(queue)):
        row = row_at(queue, place)
        if row[0] == pc:
            queue.first += place
            _check(ram, log, number, pa, row[2], row[1], problem)
            return row[2]
    return read(ram, pa, 4)


@njit
def next_number(queue):
    """The number of the next instruction that has had a place in the completion queue, or 0."""
    return first(queue)[1] if waiting(queue) else 0


@njit
def executed(queue, pc):
    """The instruction there is over."""
    if waiting(queue) and first(queue)[0] == pc:
        drop(queue)


@njit
def _check(ram, log, number, pa, word, entered, problem):
    """Whether memory has had this word since the last icbi."""
    if read(ram, pa, 4) == word:
        return
    since, rows, changes = _last_icbi(log, pa >> LINE_BITS, entered), ram.changes.rows, ram.changes
    oldest = max(changes.count - len(rows), 0)
    for place in range(changes.count - 1, oldest - 1, -1):
        row = rows[place % len(rows)]
        if row[2] < since:
            break
        if row[0] == pa & ~7 and part(row[1], pa, 4) == word:
            return
    else:
        if oldest:
            return      # no more is known
    report(problem, STALE, number, pa, 4, word, read(ram, pa, 4), since)


@njit
def _last_icbi(log, block, entered):
    """Cycle of the last icbi after which the instruction was fetched."""
    since = 0
    for row in log.icbis[:log.icbi_count]:
        if row[0] == block and entered - row[2] > FETCHED:
            since = max(since, row[1])
    return since
