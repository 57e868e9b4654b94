"""Device trees: read, changed, written, and what a damaged one does."""

import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.boot.fdt import Node, Tree, build, parse
from pteg.boot.linux import patched_tree
from pteg.errors import UserError

ONE = struct.pack(">I", 1)
SAMPLE = Tree(Node("", {"#address-cells": ONE, "#size-cells": ONE, "model": b"board\0"}, [
    Node("memory", {"reg": bytes(8)}),
    Node("chosen", {"bootargs": b"quiet\0", "empty": b""}),
    Node("soc", {}, [Node("serial@c00f000", {"reg": struct.pack(">II", 0xC00F000, 8)})]),
]), [(0x1000, 0x2000)], boot_cpu=3)


def versioned(version, compatible):
    """The sample with another version and last compatible version in its header."""
    data = bytearray(build(SAMPLE))
    struct.pack_into(">II", data, 20, version, compatible)
    return bytes(data)


NAMES = st.text("abcdefgh#,@-0123456789", min_size=1, max_size=12)
NODES = st.recursive(
    st.builds(Node, NAMES, st.dictionaries(NAMES, st.binary(max_size=40), max_size=5)),
    lambda inner: st.builds(Node, NAMES, st.dictionaries(NAMES, st.binary(max_size=9), max_size=3),
                            st.lists(inner, max_size=4)), max_leaves=12)


@settings(max_examples=200, deadline=None)
@given(NODES, st.lists(st.tuples(st.integers(1, 2**64 - 1), st.integers(1, 2**64 - 1)), max_size=3))
def test_what_is_written_is_read_again(root, reserved):
    tree = Tree(root, reserved, 1)
    assert parse(build(tree)) == tree


def test_kernel_command_line_and_memory_size_are_set():
    data = patched_tree(build(SAMPLE), 0x4000000, "console=ttyS0")
    tree = parse(data)
    assert tree.root.child("chosen").properties["bootargs"] == b"console=ttyS0\0"
    assert tree.root.child("memory").properties["reg"] == struct.pack(">II", 0, 0x4000000)
    assert tree.root.child("soc") == SAMPLE.root.child("soc")
    assert tree.reserved == [(0x1000, 0x2000)] and tree.boot_cpu == 3


def test_without_another_command_line_the_tree_keeps_its_own():
    tree = parse(patched_tree(build(SAMPLE), 0x4000000))
    assert tree.root.child("chosen").properties["bootargs"] == b"quiet\0"


def test_a_tree_without_chosen_gets_one():
    tree = parse(patched_tree(build(Tree(Node(""), [])), 0x1000000, "x"))
    assert tree.root.child("chosen").properties == {"bootargs": b"x\0"}


@pytest.mark.parametrize("data, problem", [
    (b"", r"must be a flattened device tree \(.dtb\), not an empty file"),
    (bytes(100), r"must be a flattened device tree \(.dtb\), not other data"),
    (b"/dts-v1/;\n/ { };\n",
     r"must be a flattened device tree \(.dtb\), not the source of a device tree \(.dts\)"),
    (build(SAMPLE)[:-1], "truncated device tree"),
    (build(SAMPLE)[:20], "truncated device tree"),
    *((versioned(*versions), f"device tree must have version 1, 2, 3, 16, 17, not {versions[0]}")
      for versions in ((0, 0), (4, 4), (15, 3), (18, 18), (1 << 31, 99))),
])
def test_other_files_are_refused(data, problem):
    with pytest.raises(UserError, match=f"^a.dtb: {problem}$"):
        parse(data, "a.dtb")


def test_a_later_version_that_says_it_is_compatible_is_read():
    assert parse(versioned(18, 16)) == SAMPLE


# Memory -----------------------------------------------------------------------------------------

def cells(address, size):
    return {f"#{name}-cells": struct.pack(">I", count)
            for name, count in (("address", address), ("size", size)) if count}


def numbers(*pairs):
    """Values with the words that each has, as a `reg`."""
    return b"".join(value.to_bytes(4 * count, "big") for value, count in pairs)


@pytest.mark.parametrize("address, size", [(1, 1), (2, 1), (2, 2), (1, 2), (3, 2), (None, None)])
@pytest.mark.parametrize("name", ["memory", "memory@0", "memory@10000000", "ram@0"])
def test_the_size_of_ram_holds_whatever_the_cells_are(address, size, name):
    root = Node("", cells(address, size) | {"model": b"x\0"}, [
        Node("cpus", cells(1, 0)),
        Node(name, {"device_type": b"memory\0", "reg": bytes(40), "x": b"y"})])
    tree = parse(patched_tree(build(Tree(root, [(1, 2)])), 0x2000000))
    node = tree.root.children[1]
    assert node.name == ("memory@0" if name == "memory@10000000" else name)
    assert node.properties == {
        "device_type": b"memory\0", "x": b"y",
        "reg": numbers((0, address or 2), (0x2000000, size or 1))}
    assert tree.root.properties == root.properties and tree.reserved == [(1, 2)]
    assert tree.root.children[0] == root.children[0]


def test_of_several_memories_the_one_at_0_stays():
    def memory(base, *more, **properties):
        return Node(f"memory@{base:x}", {"device_type": b"memory\0", **properties,
                                         "reg": numbers((base, 1), (0x1000, 1), *more)})

    root = Node("", cells(1, 1), [
        memory(0x10000000), Node("soc", {}, [memory(0)]),
        memory(0, (0x40000000, 1), (1, 1), a=b"b"),
        Node("memory-controller@f0000000", {"reg": b"x"}), Node("memory", {"reg": b""})])
    tree = parse(patched_tree(build(Tree(root, [])), 0x800000))
    kept = Node("memory@0", {"device_type": b"memory\0", "a": b"b",
                             "reg": struct.pack(">II", 0, 0x800000)})
    assert tree.root.children == [root.children[1], kept, root.children[3]]


def test_the_memory_whose_second_range_is_at_0_stays():
    root = Node("", cells(1, 1), [
        Node("memory@8000", {"reg": numbers((0x8000, 1), (1, 1))}),
        Node("memory@4000", {"reg": numbers((0x4000, 1), (1, 1), (0, 1), (5, 1)), "a": b""})])
    tree = parse(patched_tree(build(Tree(root, [])), 0x800000))
    assert tree.root.children == [
        Node("memory@0", {"reg": struct.pack(">II", 0, 0x800000), "a": b""})]


def test_a_tree_without_memory_gets_it():
    tree = parse(patched_tree(build(Tree(Node(""), [])), 0x800000))
    assert tree.root.children == [
        Node("memory@0", {"device_type": b"memory\0", "reg": struct.pack(">QI", 0, 0x800000)})]


@pytest.mark.parametrize("properties, size, problem", [
    ({"#size-cells": bytes(4)}, 1, "#size-cells must be 1 to 4, not 0"),
    ({"#address-cells": b"\0\0\0\5"}, 1, "#address-cells must be 1 to 4, not 5"),
    ({"#address-cells": b"\2"}, 1, "#address-cells must be 1 to 4, in one word"),
    ({}, 1 << 32, "#size-cells must be 2 for RAM of 0x100000000 bytes, not 1"),
])
def test_memory_that_cannot_be_described_is_refused(properties, size, problem):
    with pytest.raises(UserError, match=f"^a.dtb: {problem}$"):
        patched_tree(build(Tree(Node("", properties), [])), size, name="a.dtb")


# The device tree compiler as a judge ------------------------------------------------------------

needs_dtc = pytest.mark.skipif(shutil.which("dtc") is None,
                               reason="needs dtc (Debian: device-tree-compiler)")


def dtc(data, *options):
    done = subprocess.run(["dtc", "-q", "-q", *options], input=data, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


MEMORY = b"""
    memory@0 { device_type = "memory"; reg = <0 0 0x1000000 1 0 0x800000>; };
    memory@200000000 { device_type = "memory"; reg = <2 0 0x1000>; };
"""
SOURCE = b"""/dts-v1/;
/memreserve/ 0x1000 0x20;
/memreserve/ 0x100000000 0x4000;
/ {
    #address-cells = <2>; #size-cells = <1>;
    model = "a";
    compatible = "pteg,board", "pteg,other";
    long = [00 01 02 03 04 05 06 07 08]; empty;
    MEMORY
    soc@c000000 { odd = [01]; uart@c00f000 { reg = <0 0xc00f000 8>; words = <1 2>; };
                  node { one = "1234567"; two = [aa]; three = "12345678"; }; };
};
""".replace(b"MEMORY", MEMORY)


@needs_dtc
@pytest.mark.parametrize("version", [1, 2, 3, 16, 17])
def test_every_version_is_read_as_dtc_means_it(version):
    data = dtc(SOURCE, "-O", "dtb", "-V", str(version), "-b", "0")
    assert int.from_bytes(data[20:24], "big") == version
    assert parse(data) == parse(dtc(SOURCE, "-O", "dtb", "-b", "0"))
    assert dtc(build(parse(data)), "-I", "dtb") == dtc(dtc(SOURCE, "-O", "dtb"), "-I", "dtb")


@needs_dtc
def test_dtc_reads_the_size_of_ram():
    text = dtc(patched_tree(dtc(SOURCE, "-O", "dtb"), 0x4000000, "quiet"), "-I", "dtb").decode()
    expected = SOURCE.replace(
        MEMORY, b'memory@0 { device_type = "memory"; reg = <0 0 0x4000000>; };').replace(
        b"\n};\n", b'chosen { bootargs = "quiet"; };\n};\n')
    assert text == dtc(dtc(expected, "-O", "dtb"), "-I", "dtb").decode()


@needs_dtc
@pytest.mark.parametrize("version", [1, 2, 3, 16, 17])
def test_damaged_trees_of_every_version_never_crash(version):
    whole = dtc(SOURCE, "-O", "dtb", "-V", str(version))
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randrange(1, 5)):
            data[chance.randrange(len(data))] = chance.choice((0, 1, 8, 255))
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)):]
        try:
            patched_tree(bytes(data), 4096)
        except UserError as error:
            assert "\n" not in str(error)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(build(SAMPLE)) - 1), st.integers(0, 255)), max_size=6))
def test_damaged_trees_never_crash(changes):
    data = bytearray(build(SAMPLE))
    for offset, value in changes:
        data[offset] = value
    try:
        patched_tree(bytes(data), 0x1000000, "x")
    except UserError as error:
        assert "\n" not in str(error)


def test_a_real_tree_survives_unchanged():
    path = Path(__file__).parents[2].parent / "shared" / "linux" / "gamecube.dtb"
    if not path.exists():
        pytest.skip(f"optional data not present: {path.name}")
    tree = parse(path.read_bytes())
    assert parse(build(tree)) == tree
    assert tree.root.properties["compatible"] == b"nintendo,gamecube\0"
    assert parse(patched_tree(path.read_bytes(), 32 << 20)) == tree
