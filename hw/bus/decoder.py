"""Address decoding: selects the target of a transaction (MPC750 UM 8.3, 8.4.4).

A target that has the whole address space answers where no other does. Without one, such an address
is answered here: it is acknowledged, and the data tenure ends with TEA, which the processor takes
as a machine check. Address-only transactions have no target; they are acknowledged here too.
"""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from pteg.hw.bus.interfaces import TargetPort
from pteg.hw.bus.master import address_only
from pteg.hw.bus.tenures import TenureQueue

__all__ = ["Decoder", "NoTarget", "check_map"]

#: Bytes of the physical address space.
ADDRESS_SPACE = 1 << 32
#: Outputs of a TargetPort that are the same for all targets.
SHARED = ("a", "tt", "tsiz", "tbst", "d_w")


def check_map(memory_map):
    """Raise ValueError unless `memory_map` is {name: (base, size)} without overlaps.

    A size is a power of two of at least 8 bytes, and a base is a multiple of its size. One target
    may have the whole address space, which does not count as an overlap.
    """
    taken = []
    for name, (base, size) in memory_map.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"name of a target must be an identifier, not {name!r}")
        if size < 8 or size & (size - 1):
            raise ValueError(f"size of {name} must be a power of two of at least 8, not {size:#x}")
        if base % size or not 0 <= base < ADDRESS_SPACE:
            raise ValueError(f"base of {name} must be a multiple of its size {size:#x} "
                             f"within 32 bits, not {base:#x}")
        for other, first, end in taken:
            # One has everything if it is the only one that does.
            if (size == ADDRESS_SPACE) != (end - first == ADDRESS_SPACE):
                continue
            if base < end and first < base + size:
                raise ValueError(f"{name} must not overlap {other}: {base:#x} is taken")
        taken.append((name, base, base + size))


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
            #: The bus; ports of the targets, by their names.
            "bus": In(TargetPort()),
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
            data = ~address_only(bus.tt)
            hits = [None if size == ADDRESS_SPACE else bus.a[size.bit_length() - 1:] == base // size
                    for base, size in self.memory_map.values()]
            elsewhere = ~Cat(hit for hit in hits if hit is not None).any()
            ours = Cat(data & (elsewhere if hit is None else hit) for hit in hits)
            m.d.comb += selected.eq(Cat(ours, ~ours.any()))
            m.d.comb += tenures.start.eq(data)
            m.d.sync += [addressed.eq(selected), moves.eq(data)]
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
