"""The next part of an access: what is left of a register in one double word (PEM 4.2.3).

An access is split where it crosses a double word. A multiple or string moves one register after the
other; the last register of a string may be short.
"""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.core.enums import Moves

__all__ = ["NextPart"]


class NextPart(wiring.Component):
    """How far the access in the second stage of the load/store unit has come."""

    #: A new instruction: its address, the bytes of its first register and of the others, and the
    #: number of the first.
    start: In(1)
    address: In(32)
    first_bytes: In(4)
    more_bytes: In(8)
    first_reg: In(5)
    #: What the instruction in the stage moves, and the bytes of a register.
    moves: In(Moves)
    size: In(4)
    #: The part has been moved.
    moved: In(1)
    #: Its first byte, and its register if this is a multiple or string.
    ea: Out(32)
    reg: Out(5)
    #: Bytes that it moves, bytes of the register after it, and bytes of the double word behind it.
    part: Out(4)
    rest: Out(4)
    behind: Out(4)
    #: Nothing is left to move.
    nothing: Out(1)
    #: It is all that a load or store of one register moves.
    whole: Out(1)
    #: A multiple or string; the part begins a register, and leaves so many bits of it unused.
    many: Out(1)
    begins: Out(1)
    unused: Out(5)
    #: The part ends its register; the access.
    ends: Out(1)
    last: Out(1)

    def elaborate(self, platform):
        m = Module()
        left = Signal(4)            # bytes of the current register to move
        more = Signal(8)            # bytes after the current register
        bytes_ = Signal(4, name="bytes")    # of the current register in all
        room = Signal(4)
        one = (self.moves == Moves.REGISTER) | (self.moves == Moves.FLOAT)
        m.d.comb += [
            room.eq(8 - self.ea[:3]), self.part.eq(Mux(left > room, room, left)),
            self.rest.eq(left - self.part), self.behind.eq(room - self.part),
            self.nothing.eq(left == 0), self.ends.eq(self.rest == 0),
            self.last.eq(self.ends & (more == 0)),
            self.whole.eq(one & (left == self.size) & self.ends),
            self.many.eq((self.moves == Moves.MULTIPLE) | (self.moves == Moves.STRING)),
            self.begins.eq(self.many & (left == bytes_)), self.unused.eq((4 - bytes_)[:2] << 3),
        ]
        with m.If(self.moved):
            m.d.sync += [self.ea.eq(self.ea + self.part), left.eq(self.rest)]
            with m.If(self.ends & (more != 0)):
                word = Mux(more >= 4, 4, more)
                m.d.sync += [self.reg.eq(self.reg + 1), left.eq(word), bytes_.eq(word),
                             more.eq(Mux(more >= 4, more - 4, 0))]
        with m.If(self.start):
            m.d.sync += [
                self.ea.eq(self.address), self.reg.eq(self.first_reg), left.eq(self.first_bytes),
                bytes_.eq(self.first_bytes), more.eq(self.more_bytes),
            ]
        return m
