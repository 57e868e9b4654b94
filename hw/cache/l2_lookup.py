"""What a lookup in the tags of the L2 leads to (MPC750 UM 9.1.1 to 9.1.3). Combinational.

================== ============== ================================================================
request            the block is   next
================== ============== ================================================================
snoop              modified       PUSH, then look again
                   there          leaves, if the other master writes
dcbst, dcbf        modified       PUSH, then look again
address-only       there          leaves, but for dcbst; FORWARD
push of the L1     there          leaves; FORWARD
(L2TS)                            as a castout
castout of the L1                 ACCEPT, if there is a line for it; otherwise EVICT first
block is read      there          HIT
                   not there      MISS
single beat read   there          HIT
                   not there      FORWARD
single beat write  there          changes in the SRAM; FORWARD
                   not there      FORWARD
(L2TS)             not there      DISCARD
================== ============== ================================================================

A push that stays in the L2 for L2CR[L2TS] is modified there. So memory loses nothing, and a snoop
for which it was pushed finds it.
"""

from amaranth.hdl import Module, Mux
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.master import address_only
from pteg.hw.cache.enums import L2State, Who
from pteg.hw.isa.registers import Wimg
from pteg.hw.words import flag

__all__ = ["L2Lookup"]


class L2Lookup(wiring.Component):
    """From a request and its tags to a state."""

    #: There is a request to look up; whose it is.
    valid: In(1)
    who: In(Who)
    #: What it is: of the first level, or `clean` of a snoop.
    type: In(TransferType)
    burst: In(1)
    wimg: In(4)
    clean: In(1)
    #: L2CR[L2TS].
    test: In(1)
    #: The tags: a line is there; it has the sector; that is modified.
    present: In(1)
    found: In(1)
    dirty: In(1)
    #: State of the operation in the next cycle.
    next: Out(L2State)
    #: The sector leaves the L2.
    leave: Out(1)
    #: Bytes of a store are written into it.
    store: Out(1)
    #: The block of a snoop is not modified, and has left if it had to.
    seen: Out(1)

    def elaborate(self, platform):
        m = Module()
        with m.If(self.valid):
            with m.If(self.who == Who.SNOOP):
                with m.If(self.dirty):
                    m.d.comb += self.next.eq(L2State.PUSH)
                with m.Else():
                    m.d.comb += [self.seen.eq(1), self.leave.eq(self.found & ~self.clean)]
            with m.Elif(address_only(self.type)):
                with m.If(self.dirty & (self.type != TransferType.KILL_BLOCK)):
                    m.d.comb += self.next.eq(L2State.PUSH)
                with m.Else():
                    keeps = self.type == TransferType.CLEAN_BLOCK
                    m.d.comb += [self.next.eq(L2State.FORWARD), self.leave.eq(self.found & ~keeps)]
            with m.Elif(self.who == Who.CASTOUT):
                with m.If(flag(self.wimg, Wimg.W) & ~self.test):
                    m.d.comb += [self.next.eq(L2State.FORWARD), self.leave.eq(self.found)]
                with m.Else():
                    m.d.comb += self.next.eq(Mux(self.present, L2State.ACCEPT, L2State.EVICT))
            with m.Elif(self.type[3]):      # a read
                with m.If(self.found):
                    m.d.comb += self.next.eq(L2State.HIT)
                with m.Else():
                    m.d.comb += self.next.eq(Mux(self.burst, L2State.MISS, L2State.FORWARD))
            with m.Else():
                m.d.comb += [self.next.eq(Mux(self.found | ~self.test, L2State.FORWARD,
                                              L2State.DISCARD)),
                             self.store.eq(self.found)]
        return m
