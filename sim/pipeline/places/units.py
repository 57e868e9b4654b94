"""Places of the execution units."""

from pteg.pipeline.places.part import Part, Port, Signal

__all__ = ["Access", "AccessControl", "Executing", "Finishing", "FloatStatus", "FloatUnit",
           "Instruction", "LoadStoreUnit", "Missed", "MissedLoad", "NextPart", "QueuedStore",
           "Reservation", "StageEvents", "StageHeld", "Station", "StoreQueue", "SystemUnit", "Unit"]


class Instruction(Part):
    """An instruction on its way from one unit to another."""

    pc: Signal
    insn: Signal


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
