"""Store queue: three stores between execution and the data cache (MPC750 UM 1.2.4.3, 3.3.3).

A store enters it translated, when it finishes. It is written when its instruction has completed,
in program order, and leaves the queue when the cache has taken it. With an instruction that is
dropped, its store is dropped. A load that overlaps a store here waits until it has left: there is
no forwarding.

The interface with completion is `retired` alone: the completion queue entries that retire in a
cycle. A store whose instruction is the oldest when it enters the queue counts as retired.

Left out: gathering of stores (HID0[SGE]).
"""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort
from pteg.hw.named import Named
from pteg.hw.sizes import CQ_MOST

__all__ = ["StoreQueue", "QueuedStore", "STORES"]

#: Entries (MPC750 UM 1.2.4.3).
STORES = 3


class QueuedStore(data.Struct):
    """One store of 1 to 8 bytes in a double word."""

    pa: 32
    data: 64       # in its byte lanes
    lanes: 8       # bytes that it writes; bit 7 is byte 0
    size: 4
    wimg: 4
    type: Named(TransferType)
    cq: range(CQ_MOST)


class StoreQueue(wiring.Component):
    """Entry 0 is the oldest."""

    push: In(1)
    entry: In(QueuedStore)
    #: `entry` is of the oldest instruction, which can no longer be dropped.
    retire: In(1)
    room: Out(1)
    empty: Out(1)
    #: Stores in it.
    count: Out(range(STORES + 1))
    #: The store of a stwcx. is here.
    exclusive: Out(1)
    #: What the store of this completion queue entry, which has not retired, stores.
    fill: In(1)
    fill_cq: In(range(CQ_MOST))
    fill_data: In(64)
    #: Completion queue entries that retire in this cycle.
    retired: In(CQ_MOST)
    #: Entries whose instructions are dropped.
    drop: In(CQ_MOST)
    pa: In(32)
    lanes: In(8)
    #: A store here writes one of these bytes.
    overlap: Out(1)
    #: The oldest store, if its instruction has completed.
    memory: Out(MemoryPort())

    def elaborate(self, platform):
        m = Module()
        entries = [Signal(QueuedStore, name=f"entry{n}") for n in range(STORES)]
        count = self.count
        completed = Signal(STORES)      # instructions of the oldest entries
        memory, oldest = self.memory, entries[0]

        m.d.comb += [
            self.empty.eq(count == 0), self.room.eq(count != STORES),
            memory.valid.eq(completed[0]), memory.addr.eq(oldest.pa), memory.size.eq(oldest.size),
            memory.wimg.eq(oldest.wimg), memory.wdata.eq(oldest.data),
            memory.type.eq(oldest.type),
        ]
        with m.If(count != 0):
            m.d.comb += [
                self.overlap.eq(Cat(
                    (count > n) & (held.pa[3:] == self.pa[3:]) & (held.lanes & self.lanes).any()
                    for n, held in enumerate(entries)).any()),
                self.exclusive.eq(Cat(
                    (count > n) & (held.type == TransferType.WRITE_WITH_FLUSH_ATOMIC)
                    for n, held in enumerate(entries)).any()),
            ]

        now = Signal(STORES)            # `completed` at the end of the cycle, before what leaves
        kept = Signal.like(count)
        leaves = memory.done
        left = Signal.like(count)       # entries before the new one
        m.d.comb += [
            now.eq(completed | Cat(
                (count > n) & self.retired.bit_select(held.cq, 1)
                for n, held in enumerate(entries))),
            kept.eq(count),
            left.eq(kept - leaves),
        ]
        with m.If(self.drop.any()):
            m.d.comb += kept.eq(sum(
                now[n] | (count > n) & ~self.drop.bit_select(held.cq, 1)
                for n, held in enumerate(entries)))
        with m.If(self.push | (count != 0)):
            m.d.sync += [count.eq(left + self.push), completed.eq(now >> leaves)]
        with m.If(leaves):
            m.d.sync += [held.eq(behind)
                         for held, behind in zip(entries[:-1], entries[1:], strict=True)]
        with m.If(self.fill):
            for n, held in enumerate(entries):
                with m.If((count > n) & ~completed[n] & (held.cq == self.fill_cq)):
                    with m.If(leaves):      # never entry 0
                        m.d.sync += entries[n - 1].data.eq(self.fill_data)
                    with m.Else():
                        m.d.sync += held.data.eq(self.fill_data)
        with m.If(self.push):
            with m.Switch(left):
                for n, held in enumerate(entries):
                    with m.Case(n):
                        m.d.sync += held.eq(self.entry)
                        with m.If(self.retire | self.retired.bit_select(self.entry.cq, 1)):
                            m.d.sync += completed[n].eq(1)
        return m
