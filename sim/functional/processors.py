"""Several processors: they take turns, and each instruction takes one cycle of the machine.

So time, devices and memory are in one order, which all processors see, and a processor has the n-th
part of the cycles while all are awake. The turns have random lengths from a seed: a run can be
repeated, and another seed is another interleaving. docs/decisions/0012 says why.

Between two turns nothing is shared but memory, devices, and what this file hands over:

* A store kills the reservations of others. During a turn, the pages of blocks that others have
  reserved have no soft translations for stores, so that `write_physical` sees them.
* tlbie and icbi of a processor that broadcasts reach the others before its next instruction. If
  there is an adversary, so do eieio, tlbsync and sync, which its late tlbie wait for.
* What a turn has done to the page table is remembered by all (`share`).
* SRESET and TBEN come from devices. A pulse of SRESET is seen even if it is short, because the pins
  are read after each access to a device.
"""

import numpy as np

from pteg.compiled import compiled
from pteg.functional import constants as isa
from pteg.functional.adversary import hear, heard_store
from pteg.functional.decoded import forget_block
from pteg.functional.exceptions import take
from pteg.functional.mmu import invalidate_set
from pteg.functional.system import power_save, sync_time
from pteg.functional.table import searched

__all__ = ["TURNS", "arrive", "attend", "completed", "deliver", "give_turn", "guard_others",
           "lose_all", "lose_reservations", "new_turns", "release", "share"]

#: Whose turn it is, the cycles in which it begins and ends, the average length, and the state of
#: the generator of random numbers.
TURNS = np.dtype([("processor", "i8"), ("begin", "i8"), ("end", "i8"), ("quantum", "i8"),
                  ("random", "i8")])
#: Linear congruential generator (Knuth, MMIX).
_FACTOR, _TERM = 6364136223846793005, 1442695040888963407
#: Where the levels of TBEN, negated, begin in what `controls` gives; those of SRESET begin at 0.
TBEN = 8


def new_turns(parameters):
    """The first turn is that of processor 0."""
    turns = np.zeros(1, TURNS)
    turns["quantum"], turns["random"] = parameters.quantum, parameters.seed
    turns["end"] = parameters.quantum
    return turns


@compiled
def deliver(states, models, number):
    """Make tlbie and icbi of a processor those of the others."""
    m = models[number]
    for other in range(models.shape[0]):
        if other != number and m.broadcast == isa.TLBIE:
            invalidate_set(models[other], m.broadcast_address, number)
        elif other != number and m.broadcast == isa.ICBI:
            forget_block(models[other], m.broadcast_address)
        elif other != number:
            hear(models[other], m.broadcast, number)
    m.broadcast = 0


@compiled
def share(models, number):
    """Add the acts of a processor's turn to what the others remember (`pteg.mmu.history`)."""
    m = models[number]
    for other in range(models.shape[0]):
        theirs = models[other]
        theirs.executed[number] = m.cycles - m.uncompleted
        for i in range(theirs.table_count, m.table_count):
            searched(theirs, m.tables[i % len(m.tables)])
        for i in range(theirs.history_count, m.history_count):
            act, address = m.history[i % isa.HISTORY, 0], m.history[i % isa.HISTORY, 3]
            for column in range(m.history.shape[1]):
                theirs.history[i % isa.HISTORY, column] = m.history[i % isa.HISTORY, column]
            if act != isa.ACT_SYNC and act != isa.ACT_EIEIO:
                theirs.history_barriers = 0
            if act == isa.ACT_TLBIE:
                theirs.last_tlbie[address >> 12 & m.tlb_sets - 1] = i + 1
            elif act == isa.ACT_STORE and theirs.adversary:
                heard_store(theirs, address)
        theirs.history_count = 0 | m.history_count


@compiled
def lose_all(states, models, number):
    """A bus master has written somewhere: the others forget what depends on memory."""
    for other in range(models.shape[0]):
        if other != number:
            m = models[other]
            states[other].reservation = 0
            m.soft_tag[:] = 0
            m.code_page[:] = 0


@compiled
def arrive(s, m, now):
    """A processor that has waited is in the present cycle."""
    waited = now - m.cycles
    m.cycles = now
    m.uncompleted += waited
    if m.held or power_save(s) == isa.HID0_SLEEP:   # time base and decrementer stop
        m.time_synced += waited
        m.thermal_at += waited if m.thermal_at else 0


@compiled
def attend(states, models, number, controls):
    """Take over the levels of SRESET and TBEN of all processors."""
    now = models[number].cycles
    for each in range(models.shape[0]):
        s, m = states[each], models[each]
        level = controls >> each & 1
        if level and not m.reset_level:
            m.reset = 1
        m.reset_level = level
        frozen = controls >> TBEN + each & 1
        if frozen != m.frozen:
            arrive(s, m, now)
            sync_time(m, s)
            m.frozen = frozen


@compiled
def release(s, m):
    """Soft reset (MPC750 UM 4.5.1), which also ends the wait after a hard reset."""
    m.reset = m.held = 0
    take(s, m, isa.VECTOR_SYSTEM_RESET, isa.NONE)


@compiled
def guard_others(states, models, number):
    """See the stores of a processor to blocks that the others have reserved."""
    m = models[number]
    m.guards = 0
    for other in range(models.shape[0]):
        block = 0 | states[other].reservation
        m.foreign[other] = block if other != number else 0
        if m.foreign[other]:
            m.guards = 1
            page = m.ram + (block & ~0xFFF)
            for row in range(256):
                if m.soft_base[isa.KIND_STORE, row] == page:
                    m.soft_tag[isa.KIND_STORE, row] = 0


@compiled
def lose_reservations(states, models, number):
    """Take away the reservations that the turn's stores have broken."""
    for other in range(models.shape[0]):
        if other != number and not models[number].foreign[other]:
            states[other].reservation = 0


@compiled
def completed(models):
    """Instructions of all processors."""
    total = 0
    for number in range(models.shape[0]):
        total += models[number].cycles - models[number].uncompleted
    return total


@compiled
def give_turn(states, models, turn, number):
    """Begin a turn. A turn in which nothing was executed does not count: how often a sleeping
    processor is asked depends on how a run is cut into pieces, which must not change anything."""
    before, m = models[turn.processor], models[number]
    if before.cycles > turn.begin:
        turn.random = turn.random * _FACTOR + _TERM
    turn.processor = number
    arrive(states[number], m, before.cycles)
    m.device_synced = before.device_synced
    turn.begin = 0 | m.cycles
    turn.end = m.cycles + 1 + (turn.random >> 33 & 0x7FFFFFFF) % (2 * turn.quantum - 1)
