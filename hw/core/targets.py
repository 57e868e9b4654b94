"""Branch target instruction cache: 64 entries, 16 sets of 4 ways (MPC750 UM 6.4.1.1).

An entry holds the first two instructions at the target of a taken branch, so that they enter the
instruction queue in the clock after the branch is executed. It is looked up by the target's
effective address, and therefore emptied whenever that may come to mean something else
(docs/decisions/0009). What the manual does not tell: the index is EA[26-29], the ways of a set are
replaced in turn, and only instructions that the instruction cache may hold are kept: after a store
to others, software needs no icbi.
"""

from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.core.interfaces import FetchToQueue, Predecoded
from pteg.hw.sizes import WIDTH

__all__ = ["TargetCache"]

WAYS = 4


class TargetCache(wiring.Component):
    """BTIC.

    Parameters
    ----------
    entries : int
        A power of two of at least 8; or 0: nothing is ever found.
    """

    #: HID0[BTIC]. What was there before it was cleared is lost.
    enable: In(1)
    clear: In(1)
    #: Address to look up.
    target: In(32)
    hit: Out(1)
    #: One or two instructions from there on.
    found: Out(FetchToQueue())
    #: A branch to `target` is taken; if it misses, fill from what fetch brings from there.
    want: In(1)
    fetched: In(FetchToQueue())
    #: The instruction cache may hold what is fetched.
    cacheable: In(1)

    def __init__(self, entries=64):
        self.entries = entries
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        if not self.entries:
            return m
        sets = self.entries // WAYS
        tag_from = 2 + sets.bit_length() - 1
        line = data.StructLayout({
            "tag": 32 - tag_from,
            "two": 1,                               # the second instruction is there too
            "insn": data.ArrayLayout(32, WIDTH), "known": data.ArrayLayout(Predecoded, WIDTH)})

        valid = Array(Signal(sets, name=f"valid{way}") for way in range(WAYS))
        turn = Array(Signal(range(WAYS), name=f"turn{index}") for index in range(sets))
        filling = Signal()
        wanted = Signal(32)
        index = self.target[2:tag_from]

        # Lookup.
        m.d.comb += self.found.entries[1].pc.eq(self.target + 4)
        m.d.comb += self.found.entries[0].pc.eq(self.target)
        writes = []
        for way in range(WAYS):
            lines = Memory(shape=line, depth=sets, init=[])
            m.submodules[f"way{way}"] = lines
            read = lines.read_port(domain="comb")
            write = lines.write_port()
            m.d.comb += [read.addr.eq(index), write.addr.eq(wanted[2:tag_from])]
            writes.append(write)
            with m.If(self.enable & valid[way].bit_select(index, 1)
                      & (read.data.tag == self.target[tag_from:])):
                m.d.comb += [self.hit.eq(1), self.found.count.eq(Mux(read.data.two, 2, 1))]
                for number in range(WIDTH):
                    m.d.comb += [
                        self.found.entries[number].insn.eq(read.data.insn[number]),
                        self.found.entries[number].known.eq(read.data.known[number]),
                    ]

        # Fill.
        first = self.fetched.entries[0]
        with m.If(filling & (self.fetched.count != 0)):
            m.d.sync += filling.eq(0)
            with m.If((first.pc == wanted) & (first.fault == 0) & self.cacheable):
                place = turn[wanted[2:tag_from]]
                with m.Switch(place):
                    for way, write in enumerate(writes):
                        with m.Case(way):
                            m.d.comb += write.en.eq(1)
                            m.d.sync += valid[way].bit_select(wanted[2:tag_from], 1).eq(1)
                m.d.sync += turn[wanted[2:tag_from]].eq(place + 1)
        for write in writes:
            m.d.comb += [
                write.data.tag.eq(wanted[tag_from:]), write.data.two.eq(
                    (self.fetched.count >= 2) & (self.fetched.entries[1].fault == 0)),
                *(write.data.insn[n].eq(self.fetched.entries[n].insn) for n in range(WIDTH)),
                *(write.data.known[n].eq(self.fetched.entries[n].known) for n in range(WIDTH)),
            ]
        with m.If(self.want):
            m.d.sync += [filling.eq(self.enable & ~self.hit), wanted.eq(self.target)]
        with m.If(self.clear | ~self.enable):
            m.d.sync += [filling.eq(0), *(bits.eq(0) for bits in valid)]
        return m
