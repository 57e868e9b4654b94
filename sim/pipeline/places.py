"""Places: which signal of the design holds what. The only file that knows the paths.

A path names the components from the outside to the inside, then the signal, with dots between
them; `port__member` is a signal of a port. The classes below have the structure of the design: an
attribute is a part, or a path of its own name. `Processor("")` has the paths of the only
processor, `Processor("cpu1")` those of a processor of that name.

    >>> Processor("").mmu.walker.state
    'mmu.walker.state'

Only what pteg itself reads or writes is here; waveforms show every signal.
"""

from typing import NewType, get_type_hints

__all__ = ["Signal", "Memory", "Part", "Port", "Pause", "Processor", "System", "Target", "Master"]

#: Path of a register, a wire or a port.
Signal = NewType("Signal", str)
#: Path of a memory: its rows are read one by one.
Memory = NewType("Memory", str)


class Part:
    """Paths of one component: an attribute for each annotation of the class.

    Parameters
    ----------
    path : str
        Of the component itself; "" for the whole design.
    """

    def __init__(self, path: str):
        self.path = path
        for name, kind in get_type_hints(type(self)).items():
            setattr(self, name, self.at(name) if kind in (Signal, Memory) else kind(self.at(name)))

    def at(self, name: str) -> str:
        """Path of something in this part."""
        return f"{self.path}.{name}" if self.path else name

    def paths(self) -> dict[str, type]:
        """Every path in this part and its parts, with its kind: `Signal` or `Memory`."""
        found: dict[str, type] = {}
        for name, kind in get_type_hints(type(self)).items():
            value = getattr(self, name)
            found |= {value: kind} if kind in (Signal, Memory) else value.paths()
        return found


class Port(Part):
    """Paths of the signals of a port."""

    def at(self, name: str) -> str:
        return f"{self.path}__{name}"


# Core ---------------------------------------------------------------------------------------------

class Instruction(Part):
    """An instruction on its way from one unit to another."""

    pc: Signal
    insn: Signal


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


class Finishing(Port):
    """A port by which units say what has finished."""

    valid: Signal
    cq: Signal                  # its place in the completion queue


class Executing(Finishing):
    """The operation that a unit executes."""

    serialize: Signal           # it waits until it is the oldest


class Station(Part):
    unit: Executing             # what the unit executes


class Unit(Part):
    """An execution unit behind a reservation station."""

    station: Station
    finish: Finishing

    @property
    def executing(self) -> Executing:
        return self.station.unit


class SystemUnit(Unit):
    oldest: Signal              # place of the instruction that may act
    rfi: Signal
    msr_write: Signal
    wdata: Signal


class FloatStatus(Part):
    fpscr: Signal


class FloatUnit(Unit):
    status: FloatStatus


class QueuedStore(Part):
    pa: Signal
    size: Signal
    data: Signal                # the double word that holds it


class StoreQueue(Part):
    completed: Signal           # a bit for each entry
    memory__done: Signal        # the oldest store has been written

    def entry(self, number: int) -> QueuedStore:
        return QueuedStore(self.at(f"entry{number}"))


class Reservation(Part):
    reserved: Signal            # there is one
    line: Signal                # of this block


class Access(Part):
    op: Signal                  # what the data cache is asked to do


class StageHeld(Part):
    """The instruction in the second stage of the load/store unit."""

    op: Signal
    cq: Signal
    access: Access


class StageEvents(Part):
    moved: Signal               # a part of the access has been moved
    leaves: Signal              # a load that missed goes to wait beside the stage


class AccessControl(Part):
    push: Signal                # the part enters the store queue


class NextPart(Part):
    part: Signal                # its bytes


class Missed(Part):
    cq: Signal
    part: Signal


class MissedLoad(Part):
    arrives: Signal
    load: Missed


class LoadStoreUnit(Part):
    state: Signal
    held: StageHeld
    now: StageEvents
    control: AccessControl
    part: NextPart
    missed: MissedLoad
    translate__pa: Signal
    physical: Signal            # of what the data cache has taken
    cache__rdata: Signal
    cache__wdata: Signal
    cache__error: Signal
    stations: Station
    finish: Finishing
    invalidate__valid: Signal   # tlbie
    invalidate__ea: Signal
    reservation: Reservation
    queue: StoreQueue

    @property
    def executing(self) -> Executing:
        return self.stations.unit


class Registers(Part):
    gpr: Memory


class FloatRegisters(Part):
    fpr: Memory


class ConditionRegister(Part):
    cr: Signal
    so: Signal
    ov: Signal
    ca: Signal
    count: Signal               # XER[25-31]
    spare: Signal               # XER[16-23]


class LinkRegisters(Part):
    lr: Signal
    ctr: Signal


class TimeBase(Part):
    tb: Signal
    dec: Signal
    prescaler: Signal           # core cycles since the last tick
    pending: Signal             # a decrementer exception waits


class Monitor(Part):
    mmcr0: Signal
    mmcr1: Signal
    sia: Signal
    pmc1: Signal
    pmc2: Signal
    pmc3: Signal
    pmc4: Signal


class ThermalUnit(Part):
    thrm1: Signal
    thrm2: Signal
    thrm3: Signal
    pending: Signal             # a thermal management interrupt waits


class SpecialRegisters(Part):
    """MSR and the SPRs that no other part has."""

    msr: Signal
    srr0: Signal
    srr1: Signal
    asleep: Signal              # a power-save mode
    asleep_cycles: Signal

    def spr(self, name: str) -> Signal:
        """By its name in lower case."""
        return Signal(self.at(name))


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


# MMU ----------------------------------------------------------------------------------------------

class Tlb(Part):
    def valid(self, way: int) -> Signal:
        """A bit for each set."""
        return Signal(self.at(f"valid{way}"))

    def way(self, way: int) -> Memory:
        return Memory(self.at(f"way{way}"))


class Bats(Part):
    def register(self, number: int, half: str) -> Signal:
        """`half` is "upper" or "lower"."""
        return Signal(self.at(f"{half}{number}"))


class Translator(Part):
    tlb: Tlb
    bats: Bats
    tlb_miss: Signal
    search__kind: Signal


class WalkerMemory(Port):
    """The walker's port to memory."""

    done: Signal
    error: Signal
    type: Signal
    addr: Signal
    size: Signal
    rdata: Signal
    wdata: Signal


class Walker(Part):
    sdr1: Signal
    state: Signal
    stale: Signal               # it begins anew, because of a tlbie
    busy: Signal
    done: Signal
    side: Signal
    ea: Signal
    vsid: Signal
    outcome: Signal
    ptes_examined: Signal
    found_at: Signal
    updated_r: Signal
    updated_c: Signal
    update_word: Signal
    memory: WalkerMemory


class Segments(Part):
    words: Memory


class Counters(Part):
    fetch_bat_hits: Signal
    fetch_tlb_hits: Signal
    fetch_tlb_misses: Signal
    data_bat_hits: Signal
    data_tlb_hits: Signal
    data_tlb_misses: Signal
    walks: Signal
    ptes_examined: Signal
    walk_cycles: Signal
    r_updates: Signal
    c_updates: Signal


class Mmu(Part):
    segments: Segments
    immu: Translator
    dmmu: Translator
    walker: Walker
    counters: Counters


# Caches -------------------------------------------------------------------------------------------

class Directory(Part):
    address: Signal
    write: Signal               # the block at `address` gets a new state
    write_way: Signal
    write_state: Signal
    flash: Signal
    written: Signal             # a bit for each set whose rows mean something
    valids: Memory
    modifieds: Memory

    def tag(self, way: int) -> Memory:
        return Memory(self.at(f"tag{way}"))


class InstructionCache(Part):
    bus__valid: Signal          # instructions are read
    bus__addr: Signal
    block__done: Signal         # an icbi has been done
    block__pa: Signal
    hits: Signal
    misses: Signal
    directory: Directory


class Held(Part):
    """The request that the data cache works on."""

    client: Signal
    op: Signal
    type: Signal
    pa: Signal
    size: Signal
    wimg: Signal
    wdata: Signal


class CastoutBuffer(Part):
    busy: Signal
    line: Signal                # number of the block
    copying: Signal             # from this way of the data array
    from_way: Signal
    index: Signal               # of the double word that is copied next
    copied: Signal

    def word(self, number: int) -> Signal:
        return Signal(self.at(f"word{number}"))


class DataOperation(Part):
    """The active operation."""

    state: Signal
    held: Held
    way: Signal
    beat: Signal                # of a reload: so many double words have arrived


class DataArray(Part):
    words: Memory


class DataCache(Part):
    operation: DataOperation
    array: DataArray
    directory: Directory
    buffer: CastoutBuffer
    control__enable: Signal
    bus__done: Signal
    bus__error: Signal
    bus__rdata: Signal
    hits: Signal
    misses: Signal
    castouts: Signal


class L2Tags(Part):
    kept_way: Signal            # where the block is, or is to be
    fresh: Signal               # the block replaces a line
    index: Signal
    sector: Signal
    way: Signal
    enter: Signal               # the sector enters, the next one leaves
    enter_modified: Signal
    leave: Signal
    clean: Signal               # the sector `cleaned` is no longer modified
    cleaned: Signal
    clear: Signal               # the set becomes empty

    def marks(self, which: str, way: int) -> Memory:
        """A bit for each sector: `which` is "valid" or "modified"."""
        return Memory(self.at(f"{which}{way}"))

    def tag(self, way: int) -> Memory:
        return Memory(self.at(f"tag{way}"))


class L2Requests(Part):
    pa: Signal                  # of the request that is worked on


class L2Operation(Part):
    state: Signal


class L2Sram(Part):
    words: Memory

    def line(self, number: int) -> Signal:
        """A double word of the block on its way."""
        return Signal(self.at(f"line{number}"))


class L2Cache(Part):
    """Only there if the machine has one."""

    requests: L2Requests
    operation: L2Operation
    tags: L2Tags
    sram: L2Sram
    hits: Signal
    misses: Signal
    castouts: Signal


# The whole ----------------------------------------------------------------------------------------

class Pause(Part):
    """See `pteg.hw.core.interfaces.PausePort`."""

    single: Signal
    valid: Signal
    pc: Signal


class Processor(Part):
    core: Core
    mmu: Mmu
    icache: InstructionCache
    dcache: DataCache
    told__tlbie: Signal         # one has passed the bus; only with several processors
    told__address: Signal
    interrupt: Signal
    soft_reset: Signal
    time_base_stop: Signal
    pause: Pause
    restart: Signal

    @property
    def l2(self) -> L2Cache:
        return L2Cache(self.at("l2"))


class Target(Part):
    """The port of a device: see `pteg.hw.bus.interfaces.TargetPort`."""

    ts: Signal
    a: Signal
    tt: Signal
    tsiz: Signal
    tbst: Signal
    dbb: Signal
    artry: Signal
    d_w: Signal
    aack: Signal
    ta: Signal
    tea: Signal
    d_r: Signal


class Master(Part):
    """The port of a device that is a bus master: see `pteg.hw.bus.interfaces.MemoryPort`."""

    valid: Signal
    type: Signal
    addr: Signal
    size: Signal
    burst: Signal
    wimg: Signal
    wdata: Signal
    beat: Signal
    rdata: Signal
    done: Signal
    error: Signal


class BusMaster(Part):
    """See `pteg.hw.bus.master`."""

    state: Signal


class Border(Part):
    core__rdata: Signal         # what has been read
    late_beat: Signal           # it is on its way to the requester
    late_done: Signal           # the end of a read is on its way to the requester


class Arbiter(Part):
    bus__ts: Signal             # an address tenure begins
    bus__a: Signal


class Bus(Part):
    arbiter: Arbiter
    device: BusMaster           # only there if a device is a bus master


class System(Part):
    """Processors and bus; each device has a port of its name.

    `request` and what belongs to it are only there if a device is a bus master, `granted` only with
    several processors.
    """

    bus_edge: Signal            # the last core cycle of a bus clock
    request: Master
    bus: Bus
    border_device: Border

    @property
    def granted(self) -> Signal:
        """The processor whose data tenure it is."""
        return Signal(self.at("granted"))

    def foreign(self, processor: Processor) -> Signal:
        """The transaction on the bus is not that of this one of several processors."""
        return Signal(self.at(f"{processor.path}_listener.foreign"))

    def border(self, processor: Processor, master: str) -> Border:
        """Of a bus master of a processor."""
        return Border(self.at(f"border_{processor.path and processor.path + '_'}{master}"))

    def target(self, device: str) -> Target:
        return Target(self.at(device))

    @property
    def processor(self) -> Processor:
        return Processor(self.path)
