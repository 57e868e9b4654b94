"""Address decoding: selects the target of a transaction (MPC750 UM 8.3, 8.4.4).

The last target may have the whole address space: it answers where no other does. Without one, such
an address is answered here: it is acknowledged, and the data tenure ends with TEA, which the
processor takes as a machine check. Address-only transactions have no target; they are acknowledged
here too.

Where the targets are is an input, as in the registers of a memory controller: machines that differ
only in that are one circuit.
"""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import TargetPort
from pteg.hw.bus.master import address_only
from pteg.hw.bus.memory_map import check_map, ranges_of
from pteg.hw.bus.tenures import TenureQueue

__all__ = ["Decoder", "NoTarget", "range_port"]

#: Outputs of a TargetPort that are the same for all targets.
SHARED = ("a", "tt", "tsiz", "tbst", "d_w")
#: Of the addresses of a target, the bits in `mask` are those of `base`.
RANGE = data.StructLayout({"base": 32, "mask": 32})


def range_port(memory_map):
    """The port `ranges`: where the targets are. Its initial value is this memory map."""
    ranges = {name: {"base": base, "mask": mask}
              for name, (base, mask) in ranges_of(memory_map).items()}
    #: Of each target, by its name.
    return {"ranges": In(data.StructLayout({name: RANGE for name in ranges}), init=ranges)}


class NoTarget(wiring.Component):
    """Answers for addresses without a target: TEA when ARTRY can no longer come."""

    port: In(TargetPort())

    def elaborate(self, platform):
        m = Module()
        port = self.port
        window = Signal()
        m.d.sync += [port.aack.eq(port.ts), window.eq(port.aack),
                     port.tea.eq(port.dbb & ~port.tea & ~(port.ts | port.aack | window))]
        return m


class Decoder(wiring.Component):
    """Makes several targets of one.

    Parameters
    ----------
    memory_map : dict
        {name: (base, size)}, see `check_map`.
    """

    def __init__(self, memory_map):
        check_map(memory_map)
        self.memory_map = dict(memory_map)
        super().__init__({
            #: The bus.
            "bus": In(TargetPort()),
            **range_port(memory_map),
            #: Ports of the targets, by their names.
            **{name: Out(TargetPort()) for name in memory_map},
        })

    def elaborate(self, platform):
        m = Module()
        m.submodules.no_target = no_target = NoTarget()
        targets = [getattr(self, name) for name in self.memory_map] + [no_target.port]
        m.submodules.tenures = tenures = TenureQueue(len(targets))
        bus = self.bus
        moves = Signal()    # the latest transaction has a data tenure

        # One bit for each target; the last one means that there is no target.
        selected = Signal(len(targets))
        addressed = Signal(len(targets))    # by the latest transaction
        with m.If(bus.ts):
            transfers = ~address_only(bus.tt)
            hits = [transfers & (bus.a & self.ranges[name].mask == self.ranges[name].base)
                    for name in self.memory_map]
            # The last target, if there is any, answers where no other does.
            others = Cat(hits[:-1])
            ours = Cat(others, (last & ~others.any() for last in hits[-1:]))
            m.d.comb += selected.eq(Cat(ours, ~ours.any()))
            m.d.comb += tenures.start.eq(transfers)
            m.d.sync += [addressed.eq(selected), moves.eq(transfers)]
        m.d.comb += [
            tenures.who.eq(selected), tenures.burst.eq(bus.tbst), tenures.ta.eq(bus.ta),
            tenures.tea.eq(bus.tea), tenures.cancel.eq(bus.artry & moves),
        ]
        for n, target in enumerate(targets):
            m.d.comb += [target.ts.eq(selected[n]), target.dbb.eq(tenures.current[n]),
                         target.artry.eq(bus.artry & addressed[n])]
            m.d.comb += [getattr(target, name).eq(getattr(bus, name)) for name in SHARED]

        # Only one target answers at a time, and the data of the others are zero.
        for name in ("aack", "ta", "tea", "d_r"):
            answer = 0
            for target in targets:
                answer = answer | getattr(target, name)
            m.d.comb += getattr(bus, name).eq(answer)
        return m
