"""Places of the core: fetch, dispatch, completion."""

from pteg.pipeline.places.part import Memory, Part, Port, Signal
from pteg.pipeline.places.registers import (
    ConditionRegister,
    FloatRegisters,
    LinkRegisters,
    Monitor,
    Registers,
    SpecialRegisters,
    ThermalUnit,
    TimeBase,
)
from pteg.pipeline.places.units import FloatUnit, Instruction, LoadStoreUnit, SystemUnit, Unit

__all__ = ["Branch", "Completion", "CompletionQueue", "Core", "Dispatch", "Entering",
           "ExceptionUnit", "Fetch", "InstructionQueue", "NewEntry", "OldestEntry"]


class Fetch(Part):
    pc: Signal
    translate__valid: Signal    # an address is being fetched from
    redirect__valid: Signal     # and is no more: another one follows
    cache__ready: Signal
    cache__error: Signal
    cache__pa: Signal
    queue__count: Signal        # so many instructions arrive
    queue__entries__0: Instruction
    queue__entries__1: Instruction
    queue__entries__2: Instruction
    queue__entries__3: Instruction

    @property
    def arriving(self) -> list[Instruction]:
        return [getattr(self, f"queue__entries__{n}") for n in range(4)]


class InstructionQueue(Part):
    count: Signal
    credit: Signal              # folded branches in it
    pop: Signal                 # so many are dispatched, or leave folded
    flush: Signal
    inject__count: Signal       # so many instructions come from the branch target cache
    inject__entries__0: Instruction
    inject__entries__1: Instruction

    @property
    def injected(self) -> list[Instruction]:
        return [self.inject__entries__0, self.inject__entries__1]


class Branch(Part):
    queue__mark: Signal         # the branch at `queue__position` is executed
    queue__position: Signal
    queue__folded: Signal
    queue__taken: Signal
    queue__predict: Signal
    queue__cut: Signal          # what follows position `queue__keep` is dropped
    queue__keep: Signal
    pc: Signal                  # of the branch that is executed
    accept: Signal              # the oldest prediction was right
    wrong: Signal               # or wrong


class Dispatch(Part):
    credit: Signal
    entries__0: Instruction     # IQ0 and IQ1, which it may dispatch
    entries__1: Instruction

    @property
    def entries(self) -> list[Instruction]:
        return [self.entries__0, self.entries__1]


class NewEntry(Part):
    pc: Signal
    insn: Signal


class Entering(Port):
    """A port by which instructions enter the completion queue."""

    valid: Signal
    cq: Signal                  # its place there
    entry: NewEntry
    finished: Signal


class OldestEntry(Part):
    pc: Signal
    insn: Signal
    credit: Signal


class ExceptionUnit(Part):
    checkstop: Signal
    check: Signal               # a machine check that belongs to no instruction waits
    held: Signal                # the first soft reset has not come yet
    taken: Signal               # so many since reset
    interrupt: Signal           # one is taken
    last_interrupt: Signal
    external_interrupts: Signal
    monitor_interrupts: Signal
    decrementer_interrupts: Signal
    thermal_interrupts: Signal


class CompletionQueue(Part):
    entries: Memory


class Completion(Part):
    queue: CompletionQueue
    pc: Signal                  # the next instruction to complete
    instructions: Signal        # completed since reset
    owed: Signal                # folded branches that are not counted yet
    count: Signal               # instructions in flight
    head: Signal                # place of the oldest
    oldest: OldestEntry
    dispatch__0: Entering
    dispatch__1: Entering
    complete: Signal            # the oldest completes
    both: Signal                # and the next
    heads__1__cq: Signal        # place of the next
    last_pc: Signal             # of the last that completes
    fault: Signal               # the oldest causes an exception instead
    cause: Signal
    exception__valid: Signal
    exception__vector: Signal
    exception__srr0: Signal
    exception__cause_bits: Signal
    exception__data: Signal     # the exception sets DAR
    exception__dar: Signal
    redirect__valid: Signal     # everything in flight is dropped
    drop: Signal                # a bit for each entry: its instruction is dropped
    exceptions: ExceptionUnit

    @property
    def entering(self) -> list[Entering]:
        return [self.dispatch__0, self.dispatch__1]


class Core(Part):
    fetch: Fetch
    queue: InstructionQueue
    branch: Branch
    dispatch: Dispatch
    iu1: Unit
    iu2: Unit
    sru: SystemUnit
    lsu: LoadStoreUnit
    fpu: FloatUnit
    completion: Completion
    rename: Registers
    float_rename: FloatRegisters
    condition: ConditionRegister
    link: LinkRegisters
    special: SpecialRegisters
    timebase: TimeBase
    monitor: Monitor
    thermal: ThermalUnit
