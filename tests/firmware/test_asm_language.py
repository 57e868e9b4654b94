"""The assembler's language: labels, expressions, sections, data, macros, errors."""

import io
import random
import re

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st

from pteg.errors import UserError
from pteg.firmware.asm import AssemblyError, assemble, assemble_word
from pteg.firmware.asm.directives import DIRECTIVES


def data(source, **options):
    return assemble(source, **options).image()


def words(source, **options):
    image = data(source, **options)
    return [int.from_bytes(image[i:i + 4], "big") for i in range(0, len(image), 4)]


def error(source, **options):
    with pytest.raises(AssemblyError) as caught:
        assemble(source, name="a.s", **options)
    return str(caught.value)


# ---- expressions

@pytest.mark.parametrize("text, value", [
    ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 3 & 1", 9), ("1 << 4 + 1", 17), ("-7 / 2", -3),
    ("-7 % 2", -1), ("7 % 4", 3), ("~0", -1), ("!0", 1), ("!5", 0), ("'A'", 65), ("'\\n'", 10),
    ("'a+1", 98), ("0x10 | 0b11", 19), ("010", 8), ("1 == 1", -1), ("2 < 1", 0), ("1 != 2", -1),
    ("1 && 0", 0), ("1 || 0", 1), ("0xF0 ^ 0xFF", 0x0F), ("1 >= 1", -1), ("- - 3", 3),
    ("k * 2", 14), (". - start", 4),
])
def test_expressions_have_the_value_that_gnu_as_gives_them(text, value):
    result = data(f"k = 7\nstart: .long 0\n .quad {text}")
    assert int.from_bytes(result[4:], "big", signed=True) == value


@given(st.integers(0, 0xFFFFFFFF))
def test_upper_and_lower_half_add_up(number):
    upper, lower = words(f" lis r3,{number:#x}@ha\n addi r3,r3,{number:#x}@l")
    signed = (lower & 0xFFFF ^ 0x8000) - 0x8000
    assert ((upper & 0xFFFF) << 16) + signed & 0xFFFFFFFF == number
    assert words(f" lis r3,{number:#x}@h\n ori r3,r3,{number:#x}@l")[0] & 0xFFFF == number >> 16


def test_half_suffix_means_the_whole_operand():
    assert words(" lis r3,x+0x8000@ha\n lwz r3,x@l+4(r3)", defines={"x": 0x12340000}) == [
        assemble_word("lis r3,0x1235"), assemble_word("lwz r3,4(r3)")]


# ---- labels and symbols

def test_numeric_labels_refer_to_the_nearest_one():
    assert words("1: b 1f\n1: b 1b\n b 1f\n1: b 1b") == [
        0x48000004, 0x48000000, 0x48000004, 0x48000000]


def test_a_set_symbol_has_the_value_of_the_moment():
    assert words("n = 1\n .long n\n n = n + 1\n .long n\n .set n, 9\n .long n") == [1, 2, 9]


def test_a_register_can_have_a_name_of_its_own():
    assert words("counter = r9\n li counter,5") == [assemble_word("li r9,5")]


def test_forward_references_between_sections():
    program = assemble(" b there\n .data\n .long here\n .text\nhere: nop\n .section .x,\"ax\"\n"
                       "there: nop", sections={".text": 0x100, ".data": 0x400, ".x": 0x800})
    assert program.symbols == {"here": 0x104, "there": 0x800}
    image = program.image()
    assert image[:4].hex() == "48000700" and image[0x300:0x304].hex() == "00000104"


# ---- data, space, alignment

@pytest.mark.parametrize("source, expected", [
    (".byte 1, -1, 255, 'a", "01ffff61"), (".short 1; .half 2; .2byte 3", "000100020003"),
    (".long 1\n.word 2\n.int 3", "00000001000200000003"), (".quad 1 << 40", "0000010000000000"),
    ('.ascii "a\\n\\101\\x41", "b"', "610a414162"), ('.asciz "a;#"', "613b2300"),
    ('.string "\\"/*"', "222f2a00"), (".float 1.5, -2", "3fc00000c0000000"),
    (".double 1.5", "3ff8000000000000"), (".space 3; .byte 1", "00000001"),
    (".skip 2, 7", "0707"), (".fill 2, 2, 0xab", "00ab00ab"), (".fill 3", "000000"),
    (".byte 1; .balign 4, 9", "01090909"), (".byte 1; .align 2; .byte 2", "0100000002"),
    (".data; .byte 1; .p2align 1; .byte 2", "010002"), ("nop; .balign 16", "60000000" * 4),
    (".byte 1; .org 4; .byte 2", "0100000002"), (".org 0x10; nop", "60000000"),
])
def test_data_directives(source, expected):
    assert data(source).hex() == expected


def test_org_places_a_section_and_moves_on_in_it():
    program = assemble(".org 0xfff00100\n_start: nop\n.org 0xfff00200\nx: nop")
    assert program.symbols == {"_start": 0xFFF00100, "x": 0xFFF00200}
    assert program.entry == 0xFFF00100
    image = program.image(0xFFF00000, 0x100000)
    assert len(image) == 1 << 20 and image[0x200:0x204] == b"\x60\0\0\0"


def test_comments_and_separators():
    assert words("/* two\nlines */ nop # x ; y\n li r3,'#' ; li r4,';' // z\n") == [
        0x60000000, 0x38600023, 0x3880003B]


def test_bss_takes_no_room_in_the_file():
    program = assemble("nop\n.bss\nbuffer: .space 0x1000\nend:")
    elf = ELFFile(io.BytesIO(program.elf()))
    assert elf.get_section_by_name(".bss")["sh_type"] == "SHT_NOBITS"
    assert program.symbols["end"] - program.symbols["buffer"] == 0x1000
    assert len(program.image()) == 4


def test_incbin_and_include_look_beside_the_file(tmp_path):
    (tmp_path / "part.s").write_text("li r3,1\n")
    (tmp_path / "part.bin").write_bytes(b"abcdef")
    (tmp_path / "paths").mkdir()
    (tmp_path / "paths" / "other.s").write_text("li r4,2\n")
    source = tmp_path / "main.s"
    source.write_text('.include "part.s"\n.include "other.s"\n.incbin "part.bin", 1, 4\n')
    image = assemble(source, include_paths=[tmp_path / "paths"]).image()
    assert image == bytes.fromhex("3860000138800002") + b"bcde"


# ---- macros and conditions

def test_macro_with_defaults_names_and_counter():
    source = """
        .macro load reg, value=5
        lis \\reg, \\value@h
        .L\\@: ori \\reg, \\reg, \\value@l
        b .L\\@
        .endm
        load r3
        load value=7, reg=r4
    """
    assert words(source) == words(
        "lis r3,0; 1: ori r3,r3,5; b 1b; lis r4,0; 1: ori r4,r4,7; b 1b")


def test_macros_may_nest_and_take_the_rest():
    source = """
        .macro one x
        .byte \\x
        .endm
        .macro all first:req, rest:vararg
        one \\first
        .ifnb \\rest
        all \\rest
        .endif
        .endm
        all 1, 2, 3
    """
    assert data(source) == bytes([1, 2, 3])


def test_repetition():
    assert data("i = 0\n.rept 4\n.byte i\ni = i + 1\n.endr") == bytes(range(4))
    assert data(".irp x, 5, 6\n.byte \\x\n.endr\n.irpc c, 123\n.byte \\c\\()0\n.endr") == bytes(
        [5, 6, 10, 20, 30])


@pytest.mark.parametrize("value, expected", [(0, 3), (1, 1), (2, 2)])
def test_conditions(value, expected):
    source = """
        .if k == 1
        .byte 1
        .elseif k == 2
        .byte 2
        .else
        .byte 3
        .if 0
        .error "never"
        .endif
        .endif
        .ifdef other
        .byte 9
        .endif
    """
    assert data(source, defines={"k": value}) == bytes([expected])


def test_quotes_around_an_argument_are_taken_off():
    source = ".macro text a, b:vararg\n.ascii \"\\a\"\n.byte \\b\n.endm\n"
    assert data(source + 'text "x y\\n" 1, 2') == b"x y\n\1\2"


def test_exitm_leaves_the_conditions_of_its_macro():
    source = ".macro m a\n.if \\a\n.byte 1\n.exitm\n.endif\n.byte 2\n.endm\n"
    assert data(source + ".if 1\nm 1\nm 0\n.else\n.byte 3\n.endif") == bytes([1, 2])


def test_the_text_of_a_disassembled_program_assembles():
    """Macros and names as decompilation projects have them."""
    program = assemble(r"""
        .macro .fn name, visibility=global
        .ifc \visibility, local
        .else
        .\visibility "\name"
        .endif
        .type "\name", @function
"\name":
        .endm
        .macro .endfn name
        .size "\name", . - "\name"
        .endm
        .set r0, 0
        .section .text, "ax"  # 0x80003100 - 0x80003110
        .balign 4
        # .text:0x0 | 0x80003100 | size: 0x10
.fn draw<i>__Q24Test3FooFv, weak
/* 80003100 00000100  94 21 FF F0 */	stwu r1, -0x10(r1)
/* 80003104 00000104  80 0D 80 04 */	lwz r0, "@8_lbl"@sda21(r13)
/* 80003108 00000108  4C C6 31 82 */	crclr cr1eq
.L_8000310C:
/* 8000310C 0000010C  40 82 00 00 */	bne .L_8000310C
.endfn draw<i>__Q24Test3FooFv
        .section .sdata, "wa"  # 0x80005000
        .4byte 0x00000000
"@8_lbl":
        .4byte "draw<i>__Q24Test3FooFv"
        """, sections={".text": 0x80003100, ".sdata": 0x80005000})
    code, data = program.sections
    assert code.data.hex() == "9421fff0" "800d8004" "4cc63182" "40820000"
    assert data.data.hex() == "00000000" "80003100"
    (label,) = [label for label in program.labels if label.name.startswith("draw")]
    assert (label.size, label.type, label.binding.name) == (16, "function", "WEAK")


# ---- sections and symbols

def test_subsections_groups_and_unique_sections_of_one_name_are_joined_in_order():
    program = assemble("""
        .section .x,"a"
        .byte 1
        .subsection 1
        .byte 4
        .section .x,"aG",@progbits,second,comdat
        .byte 5
        .section .x,"a",@progbits,unique,7
        .byte 7
        .section .x
        .subsection -1
        .byte 0
        .section .x
        .byte 2
        .pushsection .x,"aG",@progbits,second,comdat
        .byte 6
        .popsection
        .byte 3
before: .subsection 1
after:  .data
        .byte after - before
        """)
    sections = {section.name: section for section in program.sections}
    assert sections[".x"].data == bytes(range(8)) and sections[".data"].data == bytes([1])
    assert {label.section for label in program.labels} == {sections[".x"]}


def test_what_is_not_in_memory_is_at_0_and_in_no_image():
    program = assemble('nop\n.section .info,""\n.long 1, end\nend:', sections={".text": 0x1000})
    assert len(program.image()) == 4 and program.symbols["end"] == 8
    assert program.sections[1].data.hex() == "0000000100000008"


def test_sizes_may_depend_on_labels_that_come_later():
    source = ".uleb128 b-a\n.skip c-b, 9\na: .skip 200\nb: .byte 1, 2\nc:\n"
    assert data(source) == b"\xc8\1" b"\t\t" + bytes(200) + b"\1\2"
    assert error("b: .skip (x - b) & 1 ^ 1\nx:") == (
        "a.s:2: sizes that depend on each other must settle in 20 passes")


def test_bindings_are_in_the_symbol_table():
    program = assemble(".globl a\n.hidden a\na: .weak b, none\nb: .long none\n.weakref c, gone\n"
                       ".long c\n.comm d, 8\n.comm d, 4, 32\n.lcomm e, 3\n.equiv f, a + 4\n"
                       ".local g\ng = f\n.size a, 8")
    assert program.image(0, 8) == bytes(8)
    symbols = {s.name: (s["st_info"]["bind"], s["st_other"]["visibility"], s["st_value"])
               for s in ELFFile(io.BytesIO(program.elf())).get_section_by_name(
                   ".symtab").iter_symbols() if s.name}
    assert symbols["a"] == ("STB_GLOBAL", "STV_HIDDEN", 0)
    assert symbols["b"] == ("STB_WEAK", "STV_DEFAULT", 0)
    assert symbols["g"] == ("STB_LOCAL", "STV_DEFAULT", 4)
    assert symbols["d"][2] % 32 == 0 and {"d", "e", "f"} <= symbols.keys()
    assert assemble("c = 5\n.comm c, 4\n.long c").symbols["c"] == 5


def test_struct_labels_are_offsets():
    assert words(".struct 4\na: .skip 4\nb:\n.text\n lwz r3,b(r4)\n .long a") == [
        assemble_word("lwz r3,8(r4)"), 4]


# ---- errors

@pytest.mark.parametrize("source, message", [
    ("nop\nfoo r3", r"^a\.s:2: unknown instruction 'foo'$"),
    ("li r3", r"^a\.s:1: operands must be 'li rD, SIMM', not 1 operands$"),
    ("li r3,32768", r"^a\.s:1: SIMM must be -32768 to 32767, not 32768$"),
    ("lwz r3,4", r"^a\.s:1: operand must be d\(rA\), not '4'$"),
    ("li r32,0", r"^a\.s:1: 'r32' is not defined$"),
    ("mr r3,f1", r"^a\.s:1: 'f1' is a register of a kind that cannot stand here$"),
    ("li r3,r4", r"^a\.s:1: 'r4' is a register of a kind that cannot stand here$"),
    ("b 2", r"^a\.s:1: branch target must be a multiple of 4, not 0x2$"),
    ("bdnz .+0x8000", r"^a\.s:1: branch target 0x8000 is out of reach$"),
    ("b+ 8", r"^a\.s:1: 'b' is not a conditional branch and takes no hint$"),
    ("x: nop\nx: nop", r"^a\.s:2: 'x' is defined twice$"),
    ("b x", r"^a\.s:1: 'x' is not defined$"),
    ("b 1f", r"^a\.s:1: no label '1' after this line$"),
    ("b 1b", r"^a\.s:1: no label '1' before this line$"),
    ("a=b\nb=a\n.long a", r"^a\.s:3: 'b' is defined by itself$"),
    (".byte 256", r"^a\.s:1: value must fit in 8 bits, not 0x100$"),
    (".quux", r"^a\.s:1: unknown directive '\.quux'$"),
    (".if 1", r"^a\.s:1: \.if without \.endif$"),
    (".endif", r"^a\.s:1: \.endif without \.if$"),
    ("nop\n.macro m", r"^a\.s:2: \.macro without \.endm$"),
    (".macro m x:req\n.endm\nm", r"^a\.s:3: macro m requires the argument 'x'$"),
    (".macro m\nfoo\n.endm\nm", r"^a\.s:2 \(from a\.s:4\): unknown instruction 'foo'$"),
    (".macro m\nm\n.endm\nm", r"^a\.s:2 \(from a\.s:4\): macros must not be nested more than 200 "),
    (".irp\n.endr", r"^a\.s:1: a name is required here$"),
    (".error \"two\\nlines\"", r"^a\.s:1: two lines$"),
    (".byte 1\nnop", r"^a\.s:2: instruction is not at a multiple of 4$"),
    (".long 1/0", r"^a\.s:1: division by zero$"),
    (".long 1 << 100", r"^a\.s:1: shift count must be 0 to 64, not 100$"),
    (".space x", r"^a\.s:1: 'x' is not defined$"),
    (".org 8; .org 12; .org 8", r"^a\.s:1: \.org must not go back, from 0xc to 0x8 in \.text$"),
    (".else", r"^a\.s:1: \.else without \.if$"), (".ifx", r"^a\.s:1: unknown directive '\.ifx'$"),
    (".if 0\n.else\n.else\n.endif", r"^a\.s:3: \.else after \.else$"),
    (".macro m\n.if 1\n.endm\nm", r"^a\.s:2 \(from a\.s:4\): \.if without \.endif in this macro"),
    (".section .x,\"aZ\"", r"^a\.s:1: unknown section flag 'Z'$"),
    (".section .x,\"awT\"", r"^a\.s:1: section flag T: thread-local storage is not supported$"),
    (".section .x,\"a\",@what", r"^a\.s:1: section type must be one of @progbits"),
    (".section .x,\"a\"\n.section .x,\"aw\"", r"^a\.s:2: section '\.x' was begun with other flags"),
    (".type x,@gnu_indirect_function", r"^a\.s:1: \.type must be @function, @object or @notype"),
    (".globl 5", r"^a\.s:1: a symbol is required here, not '5'$"),
    (".size x, y", r"^a\.s:1: 'y' is not defined$"),
    (".loc 1 2", r"^a\.s:1: \.loc: no \.file has the number 1$"),
    ("nop\n.cfi_endproc", r"^a\.s:2: this must be between \.cfi_startproc and \.cfi_endproc$"),
    (".cfi_startproc\nnop", r"^a\.s:2: \.cfi_startproc without \.cfi_endproc$"),
    (".uleb128 -1", r"^a\.s:1: number must not be negative here, but is -1$"),
    (".float 1e39", r"^a\.s:1: '1e39' is not a number of this format$"),
    (".double 1e400", r"^a\.s:1: '1e400' is not a number of this format$"),
    ("li r3,_SDA_BASE_@l", r"^a\.s:1: '_SDA_BASE_' is not defined, and there is no section \.sda"),
    (".bss; .byte 1", r"^a\.s:1: section \.bss has no contents: only zeros fit here$"),
    (".section .a,\"a\";.org 0;.long 1;.section .b,\"a\";.org 2;.long 1", r"overlaps"),
    (".error \"stop here\"", r"^a\.s:1: stop here$"),
    ('.ascii "x', r"^a\.s:1: a string in quotes is required here, not"),
    ("li r3,(1", r"^a\.s:1: missing '\)' in '\(1'$"),
    ("insrwi r3,r4,20,20", r"^a\.s:1: operands make SH -8, which is not a number of 5 bits$"),
    (".space 0x7fffffff", r"^a\.s:1: section \.text must not be larger than 64 MB$"),
])
def test_errors_say_where_and_what(source, message):
    assert re.search(message, error(source))


def test_repetition_without_end_is_an_error(monkeypatch):
    monkeypatch.setattr("pteg.firmware.asm.reader._MAX_LINES", 10_000)
    source = ".rept 1000000\n" * 3 + ".endr\n" * 3
    assert "macros must not make more than 10000 lines" in error(source)


def test_several_errors_come_in_one_run():
    assert error("foo\nnop\nbar\nli r3,r99").splitlines() == [
        "a.s:1: unknown instruction 'foo'", "a.s:3: unknown instruction 'bar'"]
    assert len(error("li r3,99999\n" * 100).splitlines()) == 20


def test_a_file_that_cannot_be_read_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"^.*none\.s: No such file or directory$"):
        assemble(tmp_path / "none.s")


def test_bytes_that_are_not_utf_8_stay_what_they_are(tmp_path):
    source = b'.byte 245  # \xf5\n.ascii "\xff\xc3\xa9"\n"\xfe": .long "\xfe"\n'
    (tmp_path / "latin.s").write_bytes(source)
    program = assemble(tmp_path / "latin.s")
    assert program.image() == b"\xf5\xff\xc3\xa9\0\0\0\4"
    assert b"\0\xfe\0" in program.elf() and '"\ufffd": .long' in program.listing()


@given(st.text(alphabet=" \t\nabr013+-*/()[],.:;@\\\"'#=<>.macroendmifrept", max_size=60))
def test_any_text_is_a_program_or_an_error(text):
    try:
        assemble(text)
    except AssemblyError as caught:
        assert all(line.startswith("<source>:") for line in caught.errors)


def test_any_mixture_of_directives_is_a_program_or_an_error():
    seed = random.randrange(1 << 32)
    print("seed", seed)
    generator = random.Random(seed)
    names = [*DIRECTIVES, *""".if .ifc .ifeqs .ifdef .else .elseif .endif .macro .endm .rept
        .irp .irpc .endr .exitm .purgem li lwz beq+""".split()]
    words = [*r"""a b 1 0 -1 0x10 "s" " ' @l @sda21 @progbits % ( ) , , , + - * \\ \a r3 cr1 eq
        .text 1f 1b : = /* */ $ . unique "aw" "axG" nan view lr 65 << ~ "\x" 4294967296
        99999999999999999999 -5 simple""".split(), "\udcff"]
    for _ in range(2000):
        lines = []
        for _ in range(generator.randint(1, 8)):
            label, name = generator.choice(["", "a: ", "1: "]), generator.choice(names)
            operands = generator.choices(words, k=generator.randrange(7))
            lines.append(f"{label}{name} {generator.choice(['', ' ']).join(operands)}")
        text = "\n".join(lines)
        try:
            assemble(text)
        except AssemblyError as caught:
            assert all(re.match(r"<source>:\d+", line) for line in caught.errors), text


# ---- results

def test_elf_has_segments_symbols_and_entry():
    program = assemble(".globl _start\n.type _start,@function\nnop\n_start: nop\n .size _start,4\n"
                       ".data\nx: .long 1\n.L1: k = 5", sections={".text": 0x1000, ".data": 0x5004})
    elf = ELFFile(io.BytesIO(program.elf()))
    assert (elf["e_entry"], elf["e_machine"], elf.little_endian) == (0x1004, "EM_PPC", False)
    segments = [(s["p_vaddr"], s["p_filesz"], s["p_memsz"], s["p_flags"], s.data().hex())
                for s in elf.iter_segments()]
    assert segments == [(0x1000, 8, 8, 5, "6000000060000000"), (0x5004, 4, 4, 6, "00000001")]
    symbols = {s.name: (s["st_value"], s["st_size"], s["st_info"]["bind"], s["st_info"]["type"])
               for s in elf.get_section_by_name(".symtab").iter_symbols() if s.name}
    assert symbols == {"_start": (0x1004, 4, "STB_GLOBAL", "STT_FUNC"),
                       "x": (0x5004, 0, "STB_LOCAL", "STT_NOTYPE"),
                       "k": (5, 0, "STB_LOCAL", "STT_NOTYPE")}


def test_image_must_hold_every_section():
    program = assemble("nop", sections={".text": 0x1000})
    with pytest.raises(UserError, match=r"^section \.text at 0x00001000 to 0x00001004 must lie in"):
        program.image(0, 0x1000)
    assert program.image(0xFFC, 12, fill=0xFF).hex() == "ffffffff60000000ffffffff"


def test_listing_shows_address_bytes_and_source():
    source = "_start: li r3,5 # five\n .asciz \"abc\"\n"
    listing = assemble(source, sections={".text": 256}).listing()
    assert "00000100  38600005               1  _start: li r3,5" in listing
    assert "00000104  61626300" in listing
    assert listing.endswith("00000100  _start\n")


