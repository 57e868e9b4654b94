"""Tags of the L2: two ways, least recently used replacement (MPC750 UM 9.1).

One set is looked up in a cycle, and may be changed at its end. Valid and modified bits are those of
sectors.
"""

from amaranth.hdl import C, Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

__all__ = ["L2Tags", "WAYS"]

WAYS = 2


class L2Tags(wiring.Component):
    """Tags, marks of the sectors, and which way is older.

    Parameters
    ----------
    sets, sectors : int
        Powers of two.
    tag_bits : int
    """

    def __init__(self, sets, sectors, tag_bits):
        self._sets, self._sectors, self._tag_bits = sets, sectors, tag_bits
        super().__init__({
            "index": In(range(sets)), "tag": In(tag_bits), "sector": In(range(sectors)),
            #: The way with the tag, or the one to replace, is chosen now, and kept.
            "look": In(1), "way": Out(1),
            #: Of the set: there is a line with the tag; it has the sector, and modified.
            "present": Out(1), "found": Out(1), "dirty": Out(1),
            #: The line in `way` has another tag: it is being replaced.
            "fresh": Out(1),
            #: Its tag; it has modified sectors, and which of them is the last.
            "line_tag": Out(tag_bits), "modified": Out(1), "last": Out(range(sectors)),
            #: What happens to it at the end of the cycle; after that it is the younger one of its
            #: set. It is used; the sector enters, and the line gets the tag; the sector leaves;
            #: sector `cleaned` is no longer modified.
            "use": In(1), "enter": In(1), "enter_modified": In(1), "leave": In(1),
            "clean": In(1), "cleaned": In(range(sectors)),
            #: The set becomes empty.
            "clear": In(1),
        })

    def elaborate(self, platform):
        m = Module()

        def array(name, width):
            m.submodules[name] = memory = Memory(shape=width, depth=self._sets, init=[])
            read = memory.read_port(domain="comb")
            write = memory.write_port()
            m.d.comb += [read.addr.eq(self.index), write.addr.eq(self.index),
                         write.data.eq(read.data)]
            return read.data, write

        rows = [{name: array(f"{name}{n}", width) for name, width in (
            ("tag", self._tag_bits), ("valid", self._sectors), ("modified", self._sectors))}
            for n in range(WAYS)]
        oldest, set_oldest = array("oldest", 1)

        # ---- Look-up ----------------------------------------------------------------------------
        match = Cat((row["tag"][0] == self.tag) & row["valid"][0].any() for row in rows)
        empty = Cat(~row["valid"][0].any() for row in rows)
        kept_way = Signal()
        valid = Signal(self._sectors)       # of the line in `way`
        modified = Signal(self._sectors)
        bit = Signal(self._sectors)         # of the sector
        with m.If(self.look):
            m.d.sync += [kept_way.eq(self.way), self.fresh.eq(~self.present)]
        m.d.comb += [
            self.way.eq(Mux(self.look, Mux(match.any(), match[1],
                                           Mux(empty.any(), ~empty[0], oldest)), kept_way)),
            bit.eq(C(1, self._sectors) << self.sector),
            *(port.eq(Mux(self.way, rows[1][name][0], rows[0][name][0])) for port, name in (
                (self.line_tag, "tag"), (valid, "valid"), (modified, "modified"))),
            self.present.eq(match.any()),
            self.found.eq(self.present & (valid & bit).any()),
            self.dirty.eq(self.found & (modified & bit).any()),
            self.modified.eq(modified.any()),
        ]
        for n in range(self._sectors):
            with m.If(modified[n]):
                m.d.comb += self.last.eq(n)

        # ---- Changes ----------------------------------------------------------------------------
        new_valid = Signal(self._sectors)
        new_modified = Signal(self._sectors)
        changes = self.use | self.enter | self.leave | self.clean
        m.d.comb += [new_valid.eq(valid), new_modified.eq(modified)]
        with m.If(self.enter):
            # A line that is replaced has no other sectors.
            m.d.comb += [
                new_valid.eq(Mux(self.fresh, 0, valid) | bit),
                new_modified.eq(Mux(self.fresh, 0, modified) & ~bit
                                | Mux(self.enter_modified, bit, 0))]
        with m.Elif(self.leave):
            m.d.comb += [new_valid.eq(valid & ~bit), new_modified.eq(modified & ~bit)]
        with m.Elif(self.clean):
            m.d.comb += new_modified.eq(modified & ~(C(1, self._sectors) << self.cleaned))
        for n, row in enumerate(rows):
            with m.If(changes & (self.way == n)):
                m.d.comb += [
                    row["valid"][1].en.eq(1), row["valid"][1].data.eq(new_valid),
                    row["modified"][1].en.eq(1), row["modified"][1].data.eq(new_modified),
                    row["tag"][1].en.eq(self.enter), row["tag"][1].data.eq(self.tag)]
            with m.If(self.clear):
                for name in ("valid", "modified"):
                    m.d.comb += [row[name][1].en.eq(1), row[name][1].data.eq(0)]
        m.d.comb += [set_oldest.en.eq(changes | self.clear),
                     set_oldest.data.eq(~self.way & ~self.clear)]
        return m
