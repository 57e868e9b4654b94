"""The instruction table: encodings are unambiguous, rows are consistent."""

import itertools
import random

import pytest

from pteg.hw.isa.instructions import (
    BY_NAME,
    FIELDS,
    INSTRUCTIONS,
    Form,
    Op,
    Serialize,
    Unit,
    decode,
)


def test_no_word_is_two_instructions():
    """Two rows can share a word only if they agree on every bit that both of them fix."""
    shared = [(a.name, b.name) for a, b in itertools.combinations(INSTRUCTIONS, 2)
              if (a.match ^ b.match) & a.mask & b.mask == 0]
    assert shared == []


@pytest.mark.parametrize("row", INSTRUCTIONS, ids=lambda row: row.name)
def test_row_is_consistent(row):
    used = row.mask
    for name in row.operands:
        field = FIELDS[name].mask
        assert used & field == 0, f"{name} overlaps"
        used |= field
    assert used | row.reserved == 0xFFFFFFFF and used & row.reserved == 0
    assert row.match & ~row.mask == 0
    assert decode(row.match) is row and decode(row.match | row.reserved) is row
    assert row.op is Op[row.op.name] and Op(row.op).value > 0
    assert (row.unit is Unit.NONE) == (not row.implemented)


@pytest.mark.parametrize("row", INSTRUCTIONS, ids=lambda row: row.name)
def test_registers_read_and_written_are_operands(row):
    special = {"CA", "SO", "CR", "CR0", "LR", "CTR", "XER", "MSR", "FPSCR", "SR"}
    for name in row.reads | row.writes:
        assert name in special or name.removesuffix("0") in row.operands, name
    # Every register operand of an instruction that runs is read or written.
    for name in row.operands:
        if name[0] == "r" and len(name) == 2:
            assert name in row.reads | row.writes or f"{name}0" in row.reads, name


def test_update_forms_write_the_address_register():
    updates = {row.name for row in INSTRUCTIONS if row.update}
    assert len(updates) == 22
    assert all("rA" in BY_NAME[name].writes and "u" in name for name in updates)


def test_memory_sizes():
    sizes = {"b": 1, "h": 2, "w": 4, "fs": 4, "fd": 8}
    for row in INSTRUCTIONS:
        if row.name in ("lmw", "stmw", "stfiwx"):
            assert row.size == 4
        for prefix in ("l", "st"):
            stem = row.name.removeprefix(prefix).rstrip("ux")
            if row.name.startswith(prefix) and stem in sizes:
                assert row.size == sizes[stem], row.name
                assert row.store == (prefix == "st")


def test_privileged_instructions_are_those_of_the_supervisor_level():
    assert {row.name for row in INSTRUCTIONS if row.privileged} == {
        "rfi", "mfmsr", "mtmsr", "mfsr", "mfsrin", "mtsr", "mtsrin", "dcbi", "tlbie", "tlbsync",
        "tlbia"}


def test_units_of_the_750():
    iu1 = {row.name for row in INSTRUCTIONS if row.unit is Unit.IU1}
    assert iu1 == {"mulli", "mullw", "mulhw", "mulhwu", "divw", "divwu"}
    assert {row.name for row in INSTRUCTIONS if row.unit is Unit.BPU} == {
        "b", "bc", "bclr", "bcctr"}
    assert {row.name for row in INSTRUCTIONS if row.serialize is Serialize.REFETCH} >= {
        "sc", "rfi", "isync", "mtmsr"}
    assert {row.name for row in INSTRUCTIONS if not row.implemented} == {"dcba", "tlbia"}


def test_not_an_instruction():
    for word in (0x00000000, 4 << 26, 58 << 26, 0x7C0003FE, 0x4C0007FE, 0xEC00001E):
        assert decode(word) is None, hex(word)


def test_decode_looks_at_fixed_bits_only():
    seed = random.randrange(1 << 32)
    print("seed", seed)
    generator = random.Random(seed)
    for row in INSTRUCTIONS:
        for _ in range(50):
            word = generator.getrandbits(32) & ~row.mask | row.match
            assert decode(word) is row


def test_extended_opcodes_are_as_wide_as_their_form():
    widths = {Form.A: 5, Form.XO: 9, Form.X: 10, Form.XL: 10, Form.XFX: 10, Form.XFL: 10}
    for row in INSTRUCTIONS:
        if row.extended is not None:
            assert row.extended < 1 << widths[row.form]
        else:
            assert row.form in (Form.D, Form.I, Form.B, Form.SC, Form.M)
