"""The sixteen segment registers (PEM 7.5.2.1, MPC750 UM 5.4).

EA[0-3] selects the register. The 750 keeps two identical copies, one for each side; here there is
one, with a read port for each. A hard reset does not change segment registers.
"""

from amaranth.hdl import Module
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.isa.registers import SegmentRegister
from pteg.hw.mmu.interfaces import RegisterPort, SegmentWord

__all__ = ["Segments"]


class Segments(wiring.Component):
    """Segment registers with two lookup ports and the port of mtsr and mfsr."""

    #: EA[0-3] of an instruction fetch, and its segment.
    fetch_index: In(4)
    fetch_segment: Out(SegmentWord)
    #: EA[0-3] of a data access, and its segment.
    data_index: In(4)
    data_segment: Out(SegmentWord)
    #: mtsr, mfsr; its SPR half is not used.
    registers: In(RegisterPort())

    def elaborate(self, platform):
        m = Module()
        m.submodules.words = words = memory.Memory(shape=32, depth=16, init=[])
        write = words.write_port()
        fetch = words.read_port(domain="comb")
        data = words.read_port(domain="comb")
        read = words.read_port(domain="comb")
        m.d.comb += [
            fetch.addr.eq(self.fetch_index), self.fetch_segment.eq(fetch.data),
            data.addr.eq(self.data_index), self.data_segment.eq(data.data),
            write.en.eq(self.registers.write & self.registers.segment),
            write.addr.eq(self.registers.sr),
            write.data.eq(self.registers.wdata & SegmentRegister.IMPLEMENTED),
            read.addr.eq(self.registers.sr),
        ]
        with m.If(self.registers.segment):
            m.d.comb += self.registers.rdata.eq(read.data)
        return m
