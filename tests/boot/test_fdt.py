"""Device trees: read, changed, written, and what a damaged one does."""

import struct
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
    (b"", "not a flattened device tree"),
    (bytes(100), "not a flattened device tree"),
    (build(SAMPLE)[:-1], "truncated device tree"),
])
def test_other_files_are_refused(data, problem):
    with pytest.raises(UserError, match=f"^a.dtb: {problem}$"):
        parse(data, "a.dtb")


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
