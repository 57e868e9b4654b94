"""Places of the bus and its ports."""

from pteg.pipeline.places.part import Part, Signal

__all__ = ["Arbiter", "Border", "Bus", "BusMaster", "Master", "Target"]


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
