"""Parameters of the processor: what its components take their sizes from.

A parameter has its name, its default and its allowed values here, and nowhere else: scripts
(`pteg.Machine`), the command line, checkpoints and the cache of compiled processors use this table.
To add one: a field with its allowed values, its text in the docstring, and the component that it
is for takes it in its constructor.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from pteg.hw.bus.ratio import DEFAULT, PLL_CFG, Ratio
from pteg.hw.sizes import (
    CQ_MOST,
    L2_SIZES,
    PROCESSORS_MOST,
    RENAMES_MOST,
    TLB_MOST_SETS,
    TLB_MOST_WAYS,
)

__all__ = ["Numbers", "OneOf", "Parameters", "PowersOfTwo", "one", "short"]


@dataclass(frozen=True)
class Numbers:
    """All whole numbers from `low` to `high`."""

    low: int
    high: int

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and self.low <= value <= self.high

    def __str__(self) -> str:
        return f"a number from {self.low} to {self.high}"


@dataclass(frozen=True)
class PowersOfTwo:
    """The powers of two from `low` to `high`, and 0 if it has a meaning."""

    low: int
    high: int
    zero: str = ""

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        return (self.low <= value <= self.high and value & (value - 1) == 0
                or value == 0 and self.zero != "")

    def __str__(self) -> str:
        zero = f", or 0 for {self.zero}" if self.zero else ""
        return f"a power of two from {short(self.low)} to {short(self.high)}{zero}"


class OneOf(tuple):
    """These values."""

    def __str__(self) -> str:
        *most, last = map(short, self)
        return f"{', '.join(most)} or {last}"


def short(value: object) -> str:
    """A value as users write it: 16K, off."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int) and value and value % 1024 == 0:
        return f"{value >> 20}M" if value % (1 << 20) == 0 else f"{value >> 10}K"
    return str(value)


def one(default: Any, allowed: Numbers | PowersOfTwo | OneOf) -> Any:
    """A parameter: its default and its allowed values."""
    return field(default=default, metadata={"allowed": allowed})


_CACHE = PowersOfTwo(1 << 10, 256 << 10)
_WAYS = PowersOfTwo(1, 16)


@dataclass(frozen=True)
class Parameters:
    """Sizes of a processor. The defaults are those of the MPC750.

    The caches are indexed by the physical address, which the MMU gives in the same cycle. So they
    have no aliases, and a way may be larger than a page.

    Parameters
    ----------
    icache : int
        Bytes of the instruction cache, 1K to 256K; by default 32K (MPC750 UM 3.1).
    icache_ways : int
        Its ways, 1 to 16; by default 8. With one way there is nothing to replace: direct-mapped.
    dcache : int
        Bytes of the data cache, 1K to 256K; by default 32K (MPC750 UM 3.1).
    dcache_ways : int
        Its ways, 1 to 16; by default 8.
    l2 : int
        Bytes of the L2 cache: 256K, 512K or 1M; by default 0, there is none (MPC750 UM 9.1).
    tlb_sets : int
        Sets of each TLB, 1 to 256; by default 64 (MPC750 UM 5.4.3). As many bits of the effective
        page number select the set, in tlbie too.
    tlb_ways : int
        Entries of a set, 1 to 8; by default 2.
    tlb_replacement : str
        Entry of a set that a new one replaces: `lru`, the default, the one that was used longest
        ago (with more than two ways, pseudo-LRU as in the caches); `fifo`, each in turn; `random`.
    bht : int
        Entries of the branch history table, 1 to 64K; by default 512 (MPC750 UM 6.4.1.2). 0: there
        is none, and HID0[BHT] changes nothing.
    btic : int
        Entries of the branch target instruction cache, 4 ways, 8 to 1K; by default 64 (MPC750 UM
        6.4.1.1). 0: there is none.
    completion_queue : int
        Entries of the completion queue, 2 to 15; by default 6 (MPC750 UM 6.3.3).
    gpr_renames : int
        Rename buffers of the general-purpose registers, 2 to 16; by default 6 (MPC750 UM 6.3.3.1).
    fpr_renames : int
        Rename buffers of the floating-point registers, 1 to 16; by default 6.
    ratio : str
        Of the core's clock to that of the bus, as the PLL makes it (`pteg.hw.bus.ratio`); by
        default `4:1`, and `2:1` for mac99.
    prediction : bool
        On, the default: a branch whose condition is not known is predicted. Off: it waits.
    processors : int
        Processors of the machine, 1 to 4; by default 1. With several there is no L2 in the pipeline
        model.
    broadcast : bool
        With several processors. On, the default: tlbie, tlbsync and icbi of a processor whose
        HID0[ABE] is set reach all of them. Off: only its own TLBs and instruction cache, as in a
        750 (750GX UM p. 120, 134).
    """

    icache: int = one(32 << 10, _CACHE)
    icache_ways: int = one(8, _WAYS)
    dcache: int = one(32 << 10, _CACHE)
    dcache_ways: int = one(8, _WAYS)
    l2: int = one(0, OneOf((*L2_SIZES, 0)))
    tlb_sets: int = one(64, PowersOfTwo(1, TLB_MOST_SETS))
    tlb_ways: int = one(2, PowersOfTwo(1, TLB_MOST_WAYS))
    tlb_replacement: str = one("lru", OneOf(("lru", "fifo", "random")))
    bht: int = one(512, PowersOfTwo(1, 64 << 10, zero="none"))
    btic: int = one(64, PowersOfTwo(8, 1 << 10, zero="none"))
    completion_queue: int = one(6, Numbers(2, CQ_MOST))
    gpr_renames: int = one(6, Numbers(2, RENAMES_MOST))
    fpr_renames: int = one(6, Numbers(1, RENAMES_MOST))
    ratio: str = one(str(DEFAULT), OneOf(str(Ratio(two)) for two in PLL_CFG))
    prediction: bool = one(True, OneOf((True, False)))
    processors: int = one(1, Numbers(1, PROCESSORS_MOST))
    broadcast: bool = one(True, OneOf((True, False)))

    def __post_init__(self):
        for parameter in fields(self):
            name, allowed = parameter.name, self.allowed(parameter.name)
            value = getattr(self, name)
            if type(value) is not type(parameter.default) or value not in allowed:
                raise ValueError(f"{name} must be {allowed}, not {short(value)}")

    @classmethod
    def allowed(cls, name: str) -> Numbers | PowersOfTwo | OneOf:
        """The allowed values of a parameter."""
        return cls.__dataclass_fields__[name].metadata["allowed"]

    def changed(self) -> dict[str, object]:
        """Those that are not the default."""
        return {parameter.name: value for parameter in fields(self)
                if (value := getattr(self, parameter.name)) != parameter.default}
