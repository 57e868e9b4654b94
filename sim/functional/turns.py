"""The turns of several processors (`pteg.functional.processors`)."""

from pteg.compiled import compiled
from pteg.devices import grant, next_event
from pteg.functional.interpreter import STOP_ASLEEP, STOP_CYCLES, STOP_LEDGER, run
from pteg.functional.processors import (
    arrive,
    completed,
    give_turn,
    guard_others,
    lose_reservations,
    share,
)
from pteg.functional.system import cycles_to_decrementer, sync_time
from pteg.functional.thermal import cycles_to_thermal

__all__ = ["run_in_turns"]


@compiled
def pause(states, models, number, devices, cycles):
    """All sleep, or are held: time advances to the next event."""
    now = models[number].cycles
    length = min(cycles - now, 1 << 16, next_event(devices))
    for each in range(models.shape[0]):
        if not models[each].held:
            length = min(length, cycles_to_decrementer(models[each], states[each]),
                         cycles_to_thermal(models[each]))
    arrive(states[number], models[number], now + max(1, length))


@compiled
def run_in_turns(states, models, turns, devices, cycles, instructions, address):
    """`run` for several processors; `instructions` is the limit for all together. When it ends, it
    is the same time for all."""
    stop = take_turns(states, models, turns, devices, cycles, instructions, address)
    now = 0 | models[turns[0].processor].cycles
    for each in range(models.shape[0]):
        arrive(states[each], models[each], now)
        sync_time(models[each], states[each])
    return stop


@compiled
def take_turns(states, models, turns, devices, cycles, instructions, address):
    """The turns of a run, until it ends; those that have none are then where their last one ended.
    """
    turn = turns[0]
    idle = 0    # so many turns in a row in which nothing was executed
    while True:
        number = 0 | turn.processor
        m = models[number]
        stop = STOP_ASLEEP
        if not m.held or m.reset:
            grant(devices, number)
            guard_others(states, models, number)
            own = m.cycles - m.uncompleted
            stop = run(states, models, number, devices, min(cycles, turn.end),
                       own + instructions - completed(models), address)
            lose_reservations(states, models, number)
            if m.watched:
                share(models, number)
        if stop != STOP_ASLEEP and (stop != STOP_CYCLES or m.cycles < turn.end):
            return stop
        idle = idle + 1 if m.cycles == turn.begin else 0
        if idle < models.shape[0]:
            give_turn(states, models, turn, (number + 1) % models.shape[0])
        elif m.cycles < cycles:
            pause(states, models, number, devices, cycles)
            turn.begin = 0 | m.cycles
            give_turn(states, models, turn, 0)
            idle = 0
        if m.event_count:
            return STOP_LEDGER   # so that events of all processors are in their order
        if m.cycles >= cycles:
            return STOP_CYCLES

