"""Requests to the data cache: which one is looked up, and which gets the answer (MPC750 UM 3.4).

In order of priority: another bus master's snoop, the table walker, the load/store unit, the store
queue. The table walker waits until the store queue is empty, and so sees what older
instructions have stored. A store whose block a snoop takes away comes before the load/store unit
next time: loads of the block, which are answered while it arrives, could keep the store from it for
ever. A block that the table walker or a stwcx. has fetched is theirs before it is the snoop's.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.interfaces import MemoryPort, SnoopPort
from pteg.hw.cache.enums import Client, DataOp
from pteg.hw.cache.interfaces import DataPort, Request
from pteg.hw.sizes import LINE_BITS

__all__ = ["DataRequests"]


class DataRequests(wiring.Component):
    """Chooses and answers."""

    snoop: In(SnoopPort())
    walker: In(MemoryPort())
    lsu: In(DataPort())
    stores: In(MemoryPort())
    #: The store queue is empty.
    drained: In(1)
    #: A stwcx. has begun that may succeed: until its store is written, no snoop is answered.
    exclusive: In(1)
    #: The arrays have time for a request.
    free: In(1)
    #: The request; its client is NOBODY if there is none.
    asked: Out(Request)
    #: A block has arrived for this client, which gets it before a snoop takes it away.
    arrived: In(Client)
    #: There is a snoop that is to be answered; reads of its block wait.
    snooping: Out(1)
    #: In the cycle of the request: it is done, with `array_data` if it is a load; it becomes
    #: the active operation; it is a snoop whose block is not in the cache.
    hit: In(1)
    taken: In(1)
    absent: In(1)
    array_data: In(64)
    #: What has gone on for this client is done, with `bus_data`, or with a transfer error.
    done: In(1)
    client: In(Client)
    error: In(1)
    bus_data: In(64)

    def elaborate(self, platform):
        m = Module()
        snoop, lsu = self.snoop, self.lsu
        snooped = Signal()
        robbed = Signal()   # the block that the oldest store wants has been taken away

        m.d.comb += [snoop.done.eq(snooped),
                     self.snooping.eq(snoop.valid & (snooped | ~self.exclusive))]
        with m.If(~snoop.valid):
            m.d.sync += snooped.eq(0)
        with m.If(self.absent):
            m.d.sync += snooped.eq(1)
        with m.If(self.free):
            self._choose(m, snooped, robbed)

        def answers(client):
            return self.hit & (self.asked.client == client), self.done & (self.client == client)

        hit, done = answers(Client.LSU)
        m.d.comb += [
            lsu.hit.eq(hit), lsu.taken.eq(self.taken & (self.asked.client == Client.LSU)),
            lsu.done.eq(done), lsu.error.eq(self.error),
            lsu.rdata.eq(Mux(lsu.hit, self.array_data, self.bus_data)),
        ]
        for client, port in ((Client.WALKER, self.walker), (Client.STORES, self.stores)):
            hit, done = answers(client)
            m.d.comb += [
                port.done.eq(hit | done), port.beat.eq(hit | done & ~self.error),
                port.error.eq(done & self.error),
                port.rdata.eq(Mux(hit, self.array_data, self.bus_data)),
            ]
        with m.If(self.stores.done):
            m.d.sync += robbed.eq(0)
        with m.Elif(self.absent & ~snoop.clean & self.stores.valid
                    & (snoop.pa[LINE_BITS:] == self.stores.addr[LINE_BITS:])):
            m.d.sync += robbed.eq(1)
        return m

    def _choose(self, m, snooped, robbed):
        """The one request that uses the arrays in this cycle."""
        asked, snoop, walker, lsu, stores = (
            self.asked, self.snoop, self.walker, self.lsu, self.stores)

        def take(client, op, pa, port):
            m.d.comb += [asked.client.eq(client), asked.op.eq(op), asked.pa.eq(pa),
                         *(asked[name].eq(getattr(port, name))
                           for name in ("size", "wimg", "type", "wdata"))]

        walks = walker.valid & self.drained
        found = Signal()    # what the load/store unit wants, a stwcx., has arrived
        m.d.comb += found.eq((self.arrived == Client.LSU) & lsu.valid)
        with m.If(self.snooping & ~snooped
                  & ~((self.arrived == Client.WALKER) & walks | found)):
            m.d.comb += [asked.client.eq(Client.SNOOP), asked.pa.eq(snoop.pa),
                         asked.op.eq(Mux(snoop.clean, DataOp.CLEAN, DataOp.FLUSH))]
        with m.Elif(walks & ~found):
            take(Client.WALKER, Mux(walker.type == TransferType.READ, DataOp.LOAD, DataOp.STORE),
                 walker.addr, walker)
        with m.Elif(lsu.valid & ~(robbed & stores.valid)):
            take(Client.LSU, lsu.op, lsu.pa, lsu)
            m.d.comb += asked.speculative.eq(lsu.speculative)
        with m.Elif(stores.valid):
            take(Client.STORES, DataOp.STORE, stores.addr, stores)
