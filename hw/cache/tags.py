"""Directory of a cache: tags, states and pseudo-LRU bits of all sets (MPC750 UM 3.2, 3.5).

One set is looked up in a cycle, the one that `address` selects, and may be changed at its end. The
states are those of the MEI protocol. A flash invalidation takes one cycle: each set has a bit that
says whether anything was written to it since.
"""

from amaranth.hdl import Array, C, Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from pteg.hw.cache.enums import BlockState
from pteg.hw.cache.replacement import first_invalid, used, victim
from pteg.hw.sizes import LINE_BITS

__all__ = ["Directory"]


class Directory(wiring.Component):
    """Tags, states and replacement.

    Parameters
    ----------
    sets, ways : int
        Powers of two; at least two sets.
    """

    def __init__(self, sets, ways):
        for name, value, least in (("sets", sets, 2), ("ways", ways, 1)):
            if value < least or value & (value - 1):
                raise ValueError(f"{name} must be a power of two of at least {least}, not {value}")
        self.sets, self.ways = sets, ways
        super().__init__({
            #: A byte of the block.
            "address": In(32),
            "hit": Out(1),
            #: Where it is.
            "way": Out(range(ways)),
            #: It is there and modified.
            "modified": Out(1),
            #: Way that a new block of this set goes to: the lowest invalid one, or as pseudo-LRU
            #: says.
            "victim": Out(range(ways)), "victim_modified": Out(1), "victim_address": Out(32),
            #: `write_way` gets the tag of `address` and `write_state`.
            "write": In(1), "write_way": In(range(ways)), "write_state": In(BlockState),
            #: `use_way` is used.
            "use": In(1), "use_way": In(range(ways)),
            #: Everything becomes invalid.
            "flash": In(1),
        })

    def elaborate(self, platform):
        m = Module()
        sets, ways = self.sets, self.ways
        tag_from = LINE_BITS + sets.bit_length() - 1
        index = Signal(range(sets))
        tag = Signal(32 - tag_from)
        m.d.comb += [index.eq(self.address[LINE_BITS:tag_from]),
                     tag.eq(self.address[tag_from:])]

        def array(name, width):
            memory = Memory(shape=width, depth=sets, init=[])
            m.submodules[name] = memory
            read = memory.read_port(domain="comb")
            write = memory.write_port()
            m.d.comb += [read.addr.eq(index), write.addr.eq(index)]
            return read.data, write

        written = Signal(sets)            # sets that the last flash invalidation came before
        since = written.bit_select(index, 1)
        valid = Signal(ways)
        modified = Signal(ways)
        order = Signal(ways - 1)
        kept_valid, set_valid = array("valids", ways)
        kept_modified, set_modified = array("modifieds", ways)
        kept_order, set_order = array("orders", ways - 1)
        m.d.comb += [valid.eq(kept_valid & since.replicate(ways)),
                     modified.eq(kept_modified & valid),
                     order.eq(kept_order & since.replicate(ways - 1))]

        match = Signal(ways)
        tags = []
        for number in range(ways):
            kept, write = array(f"tag{number}", 32 - tag_from)
            tags.append(kept)
            m.d.comb += [match[number].eq(valid[number] & (kept == tag)), write.data.eq(tag),
                         write.en.eq(self.write & (self.write_way == number)
                                     & (self.write_state != BlockState.INVALID))]
        m.d.comb += [
            self.hit.eq(match.any()), self.modified.eq((match & modified).any()),
            self.way.eq(Cat(*(Cat(match[n] for n in range(ways) if n >> bit & 1).any()
                              for bit in range(ways.bit_length() - 1)))),
            self.victim.eq(Mux(valid.all(), victim(order), first_invalid(valid))),
            self.victim_modified.eq(modified.bit_select(self.victim, 1)),
            self.victim_address.eq(Cat(Const(0, LINE_BITS), index, Array(tags)[self.victim])),
        ]

        one = Signal(ways)
        m.d.comb += one.eq(C(1, ways) << self.write_way)
        with m.If(self.write):
            m.d.comb += [
                set_valid.en.eq(1), set_modified.en.eq(1),
                set_valid.data.eq(Mux(self.write_state == BlockState.INVALID,
                                      valid & ~one, valid | one)),
                set_modified.data.eq(Mux(self.write_state == BlockState.MODIFIED,
                                         modified | one, modified & ~one)),
            ]
        with m.If(self.use):
            m.d.comb += [set_order.en.eq(1), set_order.data.eq(used(order, self.use_way))]
        with m.If(self.write | self.use & ~since):
            # What the flash invalidation hid must not come back with the bit.
            m.d.comb += [port.en.eq(1) for port in (set_valid, set_modified, set_order)]
            m.d.sync += since.eq(1)
        with m.If(~self.write):
            m.d.comb += [set_valid.data.eq(valid), set_modified.data.eq(modified)]
        with m.If(~self.use):
            m.d.comb += set_order.data.eq(order)
        with m.If(self.flash):
            m.d.sync += written.eq(0)
        return m
