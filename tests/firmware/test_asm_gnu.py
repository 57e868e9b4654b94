"""The assembler and the disassembler against GNU binutils and capstone."""

import random
import re
import shutil
import subprocess
from pathlib import Path

import capstone
import pytest

from pteg.firmware.asm import assemble, assemble_word
from pteg.firmware.asm.mnemonics import BASE, HINTED, MNEMONICS
from pteg.firmware.disasm import disassemble
from pteg.hw.isa.instructions import FIELDS, INSTRUCTIONS

FORMS = Path(__file__).parents[2].parent / "shared" / "vectors" / "forms-750.txt"
GNU = "powerpc-linux-gnu-"

needs_gnu = pytest.mark.skipif(not shutil.which(f"{GNU}as"),
                               reason="needs GNU binutils for PowerPC")


@pytest.fixture(scope="module")
def forms():
    if not FORMS.is_file():
        pytest.skip("the list of forms is not here")
    lines = [line for line in FORMS.read_text().splitlines() if line and line[0] != "#"]
    return [form for line in lines for form in line.split("|")]


def gnu_assemble(lines, tmp_path):
    """Words that GNU as makes of instructions; branches are relative to address 0."""
    # Each at offset 0 of a section of its own, so that absolute branch targets are distances.
    source = "".join(f".section .t{number},\"ax\"\n{line}\n" for number, line in enumerate(lines))
    (tmp_path / "gnu.s").write_text(source)
    subprocess.run([f"{GNU}as", "-mppc", "-many", "-mregnames", "-a32", "-o", tmp_path / "gnu.o",
                    tmp_path / "gnu.s"], check=True)
    subprocess.run([f"{GNU}ld", "-r", "-o", tmp_path / "linked.o", tmp_path / "gnu.o"],
                   check=True)
    from elftools.elf.elffile import ELFFile
    with open(tmp_path / "linked.o", "rb") as stream:
        elf = ELFFile(stream)
        words = []
        for number in range(len(lines)):
            data = elf.get_section_by_name(f".t{number}").data()
            word = int.from_bytes(data[:4], "big")
            relocation = elf.get_section_by_name(f".rela.t{number}")
            for entry in relocation.iter_relocations() if relocation else ():
                word |= entry["r_addend"] & 0x03FFFFFC
            words.append(word)
    return words


def gnu_disassemble(words, tmp_path):
    """Texts of objdump, each as if at address 0x1000."""
    texts = []
    data = b"".join(word.to_bytes(4, "big") for word in words)
    (tmp_path / "words.bin").write_bytes(data)
    output = subprocess.run(
        [f"{GNU}objdump", "-D", "-b", "binary", "-m", "powerpc", "-M", "750cl", "-EB",
         "--no-show-raw-insn", tmp_path / "words.bin"], check=True, capture_output=True, text=True)
    for line in output.stdout.splitlines():
        if match := re.match(r"\s+[0-9a-f]+:\t(.*)", line):
            texts.append(" ".join(match[1].split()))
    return texts


@needs_gnu
def test_every_form_of_the_list_assembles_as_gnu_as_does(forms, tmp_path):
    expected = gnu_assemble(forms, tmp_path)
    assert len(forms) >= 261
    wrong = [(form, f"{gnu:08x}", f"{ours:08x}")
             for form, gnu in zip(forms, expected, strict=True)
             if (ours := assemble_word(form)) != gnu]
    assert wrong == []


def random_words(seed, count):
    """Words of every row with random operands and no reserved bits."""
    generator = random.Random(seed)
    for row in INSTRUCTIONS:
        for _ in range(count):
            yield row, (generator.getrandbits(32) & ~row.mask | row.match) & ~row.reserved


def _invalid_for_gnu(row, word):
    """Forms that GNU as refuses: the 750 runs them, or runs into their undefined cases."""
    target, source = FIELDS["rD"].get(word), FIELDS["rA"].get(word)
    bo = FIELDS["BO"].get(word)
    return (
        row.update and (source == 0 or source == target and "rD" in row.writes)
        or row.name == "lmw" and source >= target
        or row.name in ("lswi", "lswx", "lwarx", "eciwx", "ecowx", "stswx", "mtsrin", "mfsrin")
        or row.name in ("cmp", "cmpi", "cmpl", "cmpli") and word & FIELDS["L"].mask
        or row.name in ("bc", "bclr", "bcctr")
        and (bo & 20 == 20 and bo != 20 or bo & 20 == 4 and bo & 2 or bo & 20 == 16 and bo & 8
             or row.name == "bcctr" and not bo & 4)
        or row.name == "bc" and bo & 30 in (14, 6, 24, 26))


@needs_gnu
def test_gnu_as_reads_every_row_of_the_table_as_the_table_has_it(tmp_path):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    cases = [(row, word, disassemble(word, raw=True)) for row, word in random_words(seed, 60)
             if not _invalid_for_gnu(row, word)
             and row.name not in ("mftb", "mfspr", "mtspr", "b", "bc")]
    cases += [(row, word, text) for row, word in random_words(seed, 40)
              if row.name in ("mfspr", "mtspr") for text in [disassemble(word, raw=True)]]
    words = gnu_assemble([text for _, _, text in cases], tmp_path)
    wrong = [(text, f"{word:08x}", f"{gnu:08x}")
             for (row, word, text), gnu in zip(cases, words, strict=True) if word != gnu]
    assert wrong == []
    assert {row.name for row, _, _ in cases} >= {row.name for row in INSTRUCTIONS} - {
        "mftb", "b", "bc", "lswi", "lswx", "lwarx", "eciwx", "ecowx", "stswx", "mtsrin", "mfsrin"}


@needs_gnu
def test_disassembly_agrees_with_objdump(tmp_path):
    """But for hints: objdump shows the static prediction of a branch that has none."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    cases = [(row, word) for row, word in random_words(seed, 25)
             if row.implemented and row.name not in ("mfspr", "mtspr", "mftb")
             and not _invalid_for_gnu(row, word)]
    texts = gnu_disassemble([word for _, word in cases], tmp_path)
    wrong = []
    for number, ((row, word), gnu) in enumerate(zip(cases, texts, strict=True)):
        ours = " ".join(disassemble(word, 4 * number).split())
        mnemonic, *rest = gnu.split(" ", 1)
        if mnemonic[-1] in "+-":
            # Ours prints a bare `bc` with the whole of BO, y included.
            shown = FIELDS["BO"].get(word) & 1 and not row.name == mnemonic.rstrip("+-la")
            gnu = " ".join([mnemonic if shown else mnemonic[:-1], *rest])
        if ours != gnu:
            wrong.append((f"{word:08x}", ours, gnu))
    assert wrong == []


def test_extended_mnemonics_of_the_special_registers_agree_with_objdump(tmp_path):
    if not shutil.which(f"{GNU}objdump"):
        pytest.skip("needs GNU binutils for PowerPC")
    from pteg.hw.isa.registers import SPRS
    words = [assemble_word(f"mtspr {spr.number},r3") for spr in SPRS if spr.writable]
    words += [assemble_word(f"mfspr r3,{spr.number}") for spr in SPRS if spr.readable]
    texts = gnu_disassemble(words, tmp_path)
    ours = [" ".join(disassemble(word).split()) for word in words]
    assert ours == texts


@needs_gnu
def test_elf_file_is_read_by_binutils(tmp_path):
    program = assemble(".globl _start\n_start: li r3,5\nloop: b loop\n.data\nx: .long 7\n",
                       sections={".text": 0x1000, ".data": 0x3000})
    (tmp_path / "p.elf").write_bytes(program.elf())
    run = lambda tool, *options: subprocess.run(  # noqa: E731
        [f"{GNU}{tool}", *options, tmp_path / "p.elf"], check=True, capture_output=True, text=True)
    result = run("objdump", "-d", "-M", "750cl")
    assert "<_start>" in result.stdout and "li      r3,5" in result.stdout
    assert "b       1004 <loop>" in result.stdout and result.stderr == ""
    result = run("readelf", "-h", "-l", "-S", "-s")
    assert "0x1000" in result.stdout and result.stderr == ""


def test_disassembly_agrees_with_capstone_where_capstone_has_the_750():
    """Capstone has other extended mnemonics; base mnemonic and register operands are compared."""
    engine = capstone.Cs(capstone.CS_ARCH_PPC, capstone.CS_MODE_32 | capstone.CS_MODE_BIG_ENDIAN)
    seed = random.randrange(1 << 32)
    print("seed", seed)
    compared, wrong = 0, []
    for row, word in random_words(seed, 20):
        if row.form.value not in ("D", "XO", "A") or _invalid_for_gnu(row, word):
            continue
        decoded = next(engine.disasm(word.to_bytes(4, "big"), 0), None)
        if decoded is None or decoded.mnemonic.rstrip(".") != row.name.rstrip("."):
            continue
        compared += 1
        theirs = re.sub(r"-?\b0x[0-9a-f]+", lambda match: str(int(match[0], 16)),
                        f"{decoded.mnemonic} {decoded.op_str}")
        theirs, ours = (" ".join(text.replace(",", ", ").split())
                        for text in (theirs, disassemble(word, raw=True)))
        if theirs != ours:
            wrong.append((f"{word:08x}", theirs, ours))
    assert compared > 1000
    assert wrong == []


#: Forms of the list that capstone spells otherwise: what it says, None if it knows no such
#: instruction.
CAPSTONE = {
    **dict.fromkeys(("addo 3,4,5", "addo. 3,4,5", "nego. 3,4", "mullwo. 3,4,5", "divwo. 3,4,5",
                     "mcrxr 1", "lswx 5,3,4", "stswx 5,3,4", "eciwx 3,4,5", "ecowx 3,4,5",
                     "fcmpo 0,1,2")),
    "bcl 20,31,4": "bdnzl 4",           # it takes "always" for "decrement CTR"
    "beq+ 8": "beq 8",                  # no hints
    "mtspr 1019,3": "mticcr r3",        # the name of another processor's register
    "mtfsfi 1,2": "mtfsfi cr1, 2",      # a field of the FPSCR
}


def test_disassembly_of_every_form_agrees_with_capstone(forms):
    engine = capstone.Cs(capstone.CS_ARCH_PPC, capstone.CS_MODE_32 | capstone.CS_MODE_BIG_ENDIAN)
    wrong, seen = [], set()
    for form in forms:
        word = assemble_word(form)
        # Most SPRs and CR bits have no names of the manual there.
        texts = [disassemble(word)] + [disassemble(word, raw=True)] * form.startswith(("mt", "mf"))
        texts = [re.sub(r"0x([0-9a-f]+)", lambda match: str(int(match[1], 16)),
                        " ".join(text.replace(",", ", ").split())) for text in texts]
        decoded = next(engine.disasm(word.to_bytes(4, "big"), 0), None)
        theirs = None
        if decoded:
            theirs = f"{decoded.mnemonic} {decoded.op_str}".strip()
            theirs = re.sub(r"0x([0-9a-f]+)", lambda match: str(int(match[1], 16)), theirs)
            theirs = re.sub(r"cr0(lt|gt|eq|un)", r"\1", theirs).replace("un", "so")
        if theirs not in texts:
            seen.add(form)
            if form not in CAPSTONE or CAPSTONE[form] != theirs:
                wrong.append((form, theirs, texts))
    assert wrong == []
    assert seen == set(CAPSTONE)


@needs_gnu
def test_disassembly_of_every_form_agrees_with_objdump(forms, tmp_path):
    words = [assemble_word(form) for form in forms]
    texts = gnu_disassemble(words, tmp_path)
    wrong = []
    for number, (form, word, gnu) in enumerate(zip(forms, words, texts, strict=True)):
        ours = " ".join(disassemble(word, 4 * number).split())
        mnemonic, *rest = gnu.split(" ", 1)
        if mnemonic[-1] in "+-" and not FIELDS["BO"].get(word) & 1:
            gnu = " ".join([mnemonic[:-1], *rest])
        if ours != gnu:
            wrong.append((form, gnu, ours))
    # The 750CL of binutils has no dcba and reads its time base as an SPR; HID1 and UMMCR0 can only
    # be read on the 750.
    assert wrong == [
        ("dcba 3,4", ".long 0x7c0325ec", "dcba r3,r4"),
        ("mtspr 1009,3", "mthid1 r3", "mtspr 1009,r3"),
        ("mtspr 936,3", "mtummcr0 r3", "mtspr 936,r3"),
        ("mftb 3", ".long 0x7c6c42e6", "mftb r3"),
        ("mftbu 3", ".long 0x7c6d42e6", "mftbu r3"),
        ("mftb 3,268", ".long 0x7c6c42e6", "mftb r3")]


def operand_text(form, syntax, generator):
    """A random operand that GNU as takes too."""
    parts = []
    for name in syntax.rstrip(")").split("("):
        kind = form.kind(name)
        if kind.shape == "target":
            parts.append(f".+{4 * generator.randrange(1, 1000)}")
        elif name == "mask":
            ones = (1 << generator.randrange(1, 32)) - 1 << 32 >> generator.randrange(32)
            parts.append(hex((ones | ones >> 32) & 0xFFFFFFFF))
        else:
            parts.append(str(generator.randint(min(max(kind.low, 1), kind.high), kind.high)))
    return f"{parts[0]}({parts[1]})" if len(parts) > 1 else parts[0]


#: Mnemonics that binutils does not have, or has only for other processors: those of single
#: registers that are numbered or indexed in the manual, and of read-only and other ones.
OURS = re.compile(r"m[tf]([id]bat\d[ul]|sprg\d|dabr|iabr|hid\d|sia|usia|u?mmcr\d|u?pmc\d|fs|fs\.)$")


@needs_gnu
def test_every_extended_mnemonic_assembles_as_gnu_as_does(tmp_path):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    generator = random.Random(seed)
    cases = []
    for name, by_count in MNEMONICS.items():
        for form, options in by_count.values():
            if form.row.name in BASE and form is BASE[form.row.name] or "AA" in options:
                continue
            if OURS.match(name) or "BO" in form.operands or name.startswith(
                    ("mftb", "extrwi", "extlwi", "ins", "clrlslwi")):
                continue
            hinted = form.row.name in HINTED and not name.startswith(("blr", "bctr"))
            hints = ("", "+", "-") if hinted else ("",)
            for hint in hints:
                operands = [operand_text(form, syntax, generator) for syntax in form.syntax]
                cases.append(f"{name}{hint} {','.join(operands)}")
    # Operands of these depend on each other.
    for count, start in ((1, 0), (8, 8), (16, 16), (31, 1), (5, 20)):
        cases += [f"extlwi 3,4,{count},{start}", f"extrwi. 3,4,{count},{start}",
                  f"inslwi 3,4,{count},{start}", f"insrwi. 3,4,{count},{start}",
                  f"clrlslwi 3,4,{count},{min(count, start)}"]
    words = gnu_assemble(cases, tmp_path)
    wrong = [(case, f"{gnu:08x}", f"{ours:08x}") for case, gnu in zip(cases, words, strict=True)
             if (ours := assemble_word(case)) != gnu]
    assert wrong == []
    assert len(cases) > 500
