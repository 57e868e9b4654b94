"""A hundred thousand damaged files and packets: each is one clear refusal, or harmless.

A refusal is a UserError of one line and changes nothing. The seed of a case is all that it depends
on; hypothesis prints that of a failure.
"""

import random
import resource
import struct
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import pteg
from pteg.boot import fdt
from pteg.boot.linux import patched_tree
from pteg.boot.loader import read_symbols
from pteg.components.dram import Dram
from pteg.components.rom import Rom
from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.gdb.packets import LONGEST, Packets, frame
from pteg.gdb.stub import Stub
from pteg.platform import Platform

pytestmark = pytest.mark.slow

#: Seconds that one case may take, on a busy machine, and megabytes that all may leave behind.
LONGEST_CASE, MOST_MEMORY = 20, 400
NUMBERS = (0, 1, 4, 0x7F, 0x80, 0xFF, 0x1000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0,
           0xFFFFFFFF)


def cases(count):
    """Run a test with so many seeds."""
    def decorate(test):
        return settings(max_examples=count, deadline=None, database=None,
                        suppress_health_check=list(HealthCheck),
                        phases=set(Phase) - {Phase.shrink, Phase.reuse})(
            given(seed=st.integers(0, 2**64 - 1))(test))
    return decorate


def mutated(data, chance):
    """The bytes with some changed, words replaced, pieces moved, or an end missing."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data)) if data else 0
        what = chance.randrange(8)
        if what < 3:
            data[at:at + 1] = bytes([chance.randrange(256)])
        elif what < 5:
            data[at & ~3:(at & ~3) + 4] = struct.pack(">I", chance.choice(NUMBERS))
        elif what == 5:
            data[at:at] = data[chance.randrange(len(data) + 1):][:chance.randrange(64)]
        elif what == 6:
            del data[at:at + chance.randrange(1, 64)]
        elif chance.random() < 0.3:
            del data[at:]
    return bytes(data)


@pytest.fixture(autouse=True)
def memory_stays_bounded():
    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10     # MB

    before = peak()
    yield
    assert peak() - before < MOST_MEMORY


class Refusal:
    """Catches a UserError, looks at its text, and at the time that all took."""

    def __enter__(self):
        self.refused, self._begin = False, time.perf_counter()
        return self

    def __exit__(self, kind, error, trace):
        assert time.perf_counter() - self._begin < LONGEST_CASE
        if kind is UserError:
            assert "\n" not in str(error)
            self.refused = True
            return True
        return False


ELF = assemble("""
_start: li 3, 5
        b   _start
        .data
words:  .long 1, 2, 3
        .bss
room:   .space 64
""", sections={".text": 0x1000, ".data": 0x3000, ".bss": 0x4000}).elf()
SMALL = pteg.Machine(Platform([Dram(size=0x10000), Rom(size=0x1000, base=0xFFFFF000)]))


@cases(40_000)
def test_program_files(seed):
    chance = random.Random(seed)
    data = mutated(ELF, chance)
    memories = [SMALL.platform["dram"].memory, SMALL.platform["rom"].memory]
    before = [memory.copy() for memory in memories]
    with Refusal() as refusal:
        SMALL.load(data)
    if refusal.refused:
        assert all(map(np.array_equal, memories, before))
    for memory in memories:
        memory[:] = 0
    for name, address in read_symbols(data):
        assert name.isprintable() and 0 <= address < 1 << 32


ONE = b"\0\0\0\1"
TREE = fdt.build(fdt.Tree(fdt.Node("", {"#address-cells": ONE, "#size-cells": ONE}, [
    fdt.Node("memory", {"reg": bytes(8)}), fdt.Node("chosen", {"bootargs": b"quiet\0"}),
    fdt.Node("soc", {}, [fdt.Node(f"uart@{n}", {"reg": bytes(8)}) for n in range(3)]),
]), [(0x1000, 0x2000)]))


@cases(30_000)
def test_device_trees(seed):
    with Refusal():
        tree = patched_tree(mutated(TREE, random.Random(seed)), 0x1000000, "x")
        assert len(tree) < 10 * len(TREE)


PACKETS = [b"?", b"g", b"G" + b"00" * 64, b"p40", b"P3=00000001", b"m1000,40", b"M1000,4:01020304",
           b"X1000,2:ab", b"Z0,1000,4", b"z0,1000,4", b"Z2,2000,4", b"z2,2000,4", b"s", b"c",
           b"vCont;s:1", b"vCont?", b"qSupported:xmlRegisters=powerpc", b"Hg0", b"T1", b"D",
           b"qXfer:features:read:target.xml:0,100", b"qRcmd," + b"walk 1000".hex().encode(),
           b"qRcmd," + b"tlb".hex().encode()]


@pytest.fixture(scope="module")
def stub():
    machine = pteg.Machine("g3", cpu="functional", rom="first", ram="1M")
    machine.step()
    return Stub(machine, interrupted=lambda: True)


@cases(25_000)
def test_gdb_packets(stub, seed):
    chance = random.Random(seed)
    stream = b"".join(frame(mutated(chance.choice(PACKETS), chance)) for _ in range(3))
    if chance.random() < 0.3:
        stream = mutated(stream, chance)
    for packet in Packets().feed(stream):
        if isinstance(packet, bytes):
            with Refusal() as refusal:
                reply = stub.answer(packet)
                assert reply is None or isinstance(reply, bytes) and len(frame(reply)) < 3 * LONGEST
            assert not refusal.refused, "GDB gets an error reply instead"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "x"
    machine = pteg.Machine("g3", cpu="functional", rom="first", ram="64K")
    machine.run(instructions=1000)
    machine.save(path)
    return path, path.read_bytes()


@cases(10_000)
def test_checkpoints(checkpoint, seed):
    path, content = checkpoint
    data = mutated(content, random.Random(seed))
    path.write_bytes(data)
    with Refusal() as refusal:
        pteg.Machine.restore(path)
    assert refusal.refused or data == content
