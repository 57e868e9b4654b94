"""The disassembler: everything that it prints, the assembler reads back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pteg.firmware.asm import assemble_word
from pteg.firmware.disasm import disassemble
from pteg.hw.isa.instructions import INSTRUCTIONS, decode


@pytest.mark.parametrize("row", INSTRUCTIONS, ids=lambda row: row.name)
@settings(max_examples=40, deadline=None)
@given(bits=st.integers(0, 0xFFFFFFFF), address=st.integers(0, 0x3FFFFFFF), raw=st.booleans())
def test_text_of_every_row_assembles_to_the_same_word(row, bits, address, raw):
    word = (bits & ~row.mask | row.match) & ~row.reserved
    assert decode(word) is row
    assert assemble_word(disassemble(word, 4 * address, raw=raw), 4 * address) == word


@settings(max_examples=300, deadline=None)
@given(word=st.integers(0, 0xFFFFFFFF))
def test_text_of_any_word_assembles_to_the_same_word(word):
    assert assemble_word(disassemble(word)) == word


@pytest.mark.parametrize("word, text", [
    (0x38600005, "li r3,5"), (0x3C60FFFF, "lis r3,-1"), (0x7C832378, "mr r3,r4"),
    (0x5483003E, "rotlwi r3,r4,0"), (0x5483D97E, "srwi r3,r4,5"), (0x7FE00008, "trap"),
    (0x4D820020, "beqlr"), (0x41A20008, "beq+ 0x1008"), (0x41A2FFF8, "beq- 0xff8"),
    (0x418E0008, "beq cr3,0x1008"), (0x4149FFF8, "bdzt 4*cr2+gt,0xff8"), (0x4E800020, "blr"),
    (0x7C6C42E6, "mftb r3"), (0x7C6C42A6, "mfspr r3,268"), (0x7C708BA6, "mtspr 560,r3"),
    (0x7C70FBA6, "mthid0 r3"), (0x7C7283A6, "mtibatu 1,r3"), (0x4BFFFFFC, "b 0xffc"),
    (0x48000007, "bla 0x4"), (0x7CA304AA, "lswi r5,r3,32"), (0x00000000, ".long 0x00000000"),
    (0x7C001FEC, "dcbz 0,r3"), (0x80600004, "lwz r3,4(0)"),
])
def test_extended_mnemonics(word, text):
    assert " ".join(disassemble(word, 0x1000).split()) == text


def test_reserved_bits_are_kept_and_told():
    text = disassemble(0x7C832379 | 1 << 31 >> 31 | 0)
    assert text.split() == ["mr.", "r3,r4"]
    assert disassemble(0x4C00012D) == ".long   0x4c00012d  # isync, reserved bits set"


def test_raw_mode_uses_base_mnemonics():
    assert disassemble(0x38600005, raw=True).split() == ["addi", "r3,0,5"]
    assert disassemble(0x4E800020, raw=True).split() == ["bclr", "20,lt"]


def test_a_word_is_required():
    with pytest.raises(ValueError, match=r"^word must be a 32-bit number, not 4294967296$"):
        disassemble(1 << 32)
