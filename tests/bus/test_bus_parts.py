# amaranth: UnusedElaboratable=no
"""Parts of the bus: arguments are checked, and the engine agrees with Amaranth's simulator."""

import random

import pytest

from pteg.engine import compile_design
from pteg.hw.bus.arbiter import Arbiter
from pteg.hw.bus.bus import Bus
from pteg.hw.bus.decoder import Decoder, NoTarget
from pteg.hw.bus.enums import TransferType
from pteg.hw.bus.master import Master
from pteg.hw.bus.tenures import TenureQueue

MAP = {"dram": (0, 1 << 25), "uart": (0x0C00F000, 8), "rom": (0xFFF00000, 1 << 20)}


@pytest.mark.parametrize(("memory_map", "message"), [
    ({"a b": (0, 8)}, "name of a target must be an identifier, not 'a b'"),
    ({"a": (0, 24)}, "size of a must be a power of two of at least 8, not 0x18"),
    ({"a": (0, 4)}, "size of a must be a power of two of at least 8, not 0x4"),
    ({"a": (8, 16)},
     "base of a must be a multiple of its size 0x10 within 32 bits, not 0x8"),
    ({"a": (1 << 32, 16)},
     "base of a must be a multiple of its size 0x10 within 32 bits, not 0x100000000"),
    ({"a": (0, 64), "b": (32, 32)}, "b must not overlap a: 0x20 is taken"),
    ({"all": (0, 1 << 32), "a": (64, 64)}, "a must not overlap all: 0x40 is taken"),
    ({"a": (0, 64), "all": (0, 1 << 32), "b": (64, 64)}, "all must not overlap a: 0x0 is taken"),
])
def test_memory_map_is_checked(memory_map, message):
    with pytest.raises(ValueError) as error:
        Decoder(memory_map)
    assert str(error.value) == message


def test_a_target_without_address_is_never_selected():
    native = compile_design(Decoder({**MAP, "none": (0, 0), "other": (0, 0)}))
    rng = random.Random(7)
    for _ in range(1000):
        state = native.new_state()
        near = rng.choice([0, *(base for base, _ in MAP.values())])
        native.write(state, "bus.a", rng.choice([0, 1, near + rng.getrandbits(4),
                                                 rng.getrandbits(32)]))
        native.write(state, "bus.tt", TransferType.READ)
        native.write(state, "bus.ts", 1)
        native.settle(state)
        assert not native.read(state, "none.ts") and not native.read(state, "other.ts")


def test_names_must_differ():
    with pytest.raises(ValueError, match="^names of masters and targets must all differ, not "):
        Bus({"data": (0, 8)})


@pytest.mark.parametrize("make", [Arbiter, TenureQueue])
@pytest.mark.parametrize("count", [0, -1, "3"])
def test_counts_are_checked(make, count):
    with pytest.raises(ValueError, match=rf"must be a positive integer, not {count!r}$"):
        make(count)


def plausible(rng, cycle, values):
    """Mostly addresses that the map knows."""
    for path in values:
        if path.endswith((".a", ".addr")) and rng.random() < 0.9:
            base, size = rng.choice(list(MAP.values()))
            values[path] = base + rng.randrange(size)


@pytest.mark.parametrize("make", [
    Master, lambda: Arbiter(3), lambda: Decoder(MAP), NoTarget, lambda: TenureQueue(3),
    lambda: Bus(MAP)], ids=["master", "arbiter", "decoder", "no_target", "tenures", "bus"])
def test_engine_agrees(make, compare_with_amaranth):
    compare_with_amaranth(make(), cycles=1500, seed=3, stimulus=plausible, reset_rate=0.002)
