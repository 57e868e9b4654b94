"""`pteg asm` and `pteg dis` as functions, and the reference that is made from the tables."""

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pteg.errors import UserError
from pteg.firmware.asm import assemble
from pteg.firmware.commands import assemble_file, disassemble_input
from pteg.firmware.reference import causes_markdown, instructions_markdown, registers_markdown

SOURCE = ".globl _start\n_start: li r3,5\nloop: b loop\n .byte 1,2\n"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "five.s"
    path.write_text(SOURCE)
    return path


def test_elf_is_written_beside_the_source_and_read_back(source):
    assemble_file(source, sections={".text": 0x1000})
    lines = list(disassemble_input([source.with_suffix(".elf")]))
    assert lines == [".text:", "_start:", "00001000:  38600005  li      r3,5",
                     "loop:", "00001004:  48000000  b       0x1004",
                     "00001008:  01        .byte   0x01", "00001009:  02        .byte   0x02"]


def test_standard_input_and_output(source, monkeypatch, capsysbinary):
    assemble_file(source, source.with_suffix(".rom"), format="bin")
    for text, name in ((SOURCE, "five.rom"), ("li r3,", None)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        if name is None:
            with pytest.raises(UserError, match=r"^<standard input>:1: expression expected"):
                assemble_file("-", "-")
        else:
            assemble_file("-", "-", format="bin")
            assert capsysbinary.readouterr().out == source.with_name(name).read_bytes()
    with pytest.raises(UserError, match=r"^--output must name the result, or be -, for standard"):
        assemble_file("-")
    with pytest.raises(UserError, match=r"^--output and --listing cannot both be standard output"):
        assemble_file("-", "-", listing="-")


def test_bare_image_and_listing(source, tmp_path, capsys):
    assemble_file(source, tmp_path / "five.rom", format="bin", base=0, size=16, listing="-")
    assert (tmp_path / "five.rom").read_bytes().hex() == "38600005480000000102" + 6 * "00"
    assert "00000000  38600005" in capsys.readouterr().out
    lines = list(disassemble_input([tmp_path / "five.rom"], base=0xFFF00000, raw=True))
    assert lines[:2] == ["fff00000:  38600005  addi    r3,0,5",
                         "fff00004:  48000000  b       0xfff00004"]


def test_words_are_disassembled():
    assert list(disassemble_input(["38600005", "0x4bfffffc"], base=0x1000)) == [
        "00001000:  38600005  li      r3,5", "00001004:  4bfffffc  b       0x1000"]


@pytest.mark.parametrize("inputs, base, message", [
    ([], 0, r"^a file or hexadecimal words are required$"),
    (["nofile"], 0, r"^input must be a file or words of 8 hexadecimal digits, not 'nofile'$"),
    (["123456789"], 0, r"^input must be a file or words of 8 hexadecimal digits, not '123456789'$"),
    (["-1"], 0, r"^input must be a file or words of 8 hexadecimal digits, not '-1'$"),
    (["38600005"], 2, r"^base must be a 32-bit multiple of 4, not 0x2$"),
])
def test_bad_input_of_dis_is_one_line(inputs, base, message):
    with pytest.raises(UserError, match=message):
        list(disassemble_input(inputs, base=base))


def test_bad_input_of_asm_is_one_line(source, tmp_path):
    with pytest.raises(UserError, match=r"^format must be elf or bin, not 'hex'$"):
        assemble_file(source, format="hex")
    with pytest.raises(UserError, match=r"none/x\.elf'?: No such file or directory$"):
        assemble_file(source, tmp_path / "none" / "x.elf")
    with pytest.raises(UserError, match=r"five\.s: No such file or directory$"):
        assemble_file(tmp_path / "none" / "five.s")


def test_elf_of_another_machine_is_refused(tmp_path):
    data = bytearray(assemble(SOURCE).elf())
    data[19] = 3
    (tmp_path / "x86.elf").write_bytes(data)
    with pytest.raises(UserError, match=r"x86\.elf: ELF file must be 32-bit big-endian PowerPC$"):
        list(disassemble_input([tmp_path / "x86.elf"]))


@settings(max_examples=200, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
       length=st.integers(0, 10_000))
def test_a_damaged_elf_file_is_disassembled_or_refused(tmp_path, changes, length):
    data = bytearray(assemble(SOURCE).elf())
    header = 52  # half of the damage goes to the header, where most of the meaning is
    for number, (position, value) in enumerate(changes):
        data[position % (header if number % 2 else len(data))] = value
    (tmp_path / "bad.elf").write_bytes(data[:length % (len(data) + 1)] if length % 3 == 0 else data)
    try:
        for _, _line in zip(range(10_000), disassemble_input([tmp_path / "bad.elf"]), strict=False):
            pass
    except UserError as error:
        assert "\n" not in str(error)


def test_the_reference_is_up_to_date():
    docs = Path(__file__).parents[2] / "docs"
    assert (docs / "instructions.md").read_text() == instructions_markdown()
    assert (docs / "registers.md").read_text() == registers_markdown()
    assert (docs / "causes.md").read_text() == causes_markdown()
