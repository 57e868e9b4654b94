"""What compilers emit, assembled here and by GNU as and ld at the same addresses.

The C and C++ programs in `compiled/` go through gcc and zig with many options, and so do random
programs. Sections must have the same bytes; the line table and the unwind tables, which binutils
pack in another way, must say the same.
"""

import io
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from pteg.firmware.asm import SectionFlags, assemble

HERE = Path(__file__).parent / "compiled"
LINUX = Path(__file__).parents[2].parent / "shared" / "linux"
GNU = "powerpc-linux-gnu-"
ZIG = [sys.executable, "-m", "ziglang"]
PROGRAMS = sorted(path.name for path in HERE.iterdir() if path.suffix in (".c", ".cpp"))
#: Sections that may be empty and yet have labels are placed by hand.
PLACES = {".text": 0x100000, ".got2": 0x180000}
#: Common symbols, which ld takes from sections of their own.
COMMON = {".sbss": "*(.scommon)", ".bss": "*(COMMON)"}

pytestmark = pytest.mark.skipif(not shutil.which(f"{GNU}as"),
                                reason="needs GNU binutils for PowerPC")


def run(*command):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def compare(text, folder):
    """Assert that what both assemblers make says the same."""
    program, gnu = both(text, folder)
    assert differences(program, gnu) == []
    ours = io.BytesIO(program.elf())
    with gnu.open("rb") as stream:
        assert bool(frames(ours)) == (".cfi_startproc" in text)
        assert frames(ours) == frames(stream)
        if re.search(r"\.loc\s", text):     # otherwise ours has the lines of the assembler source
            assert line_table(ours) == line_table(stream) != []


def compile_with(compiler, source, options, output):
    """Assembler text of a C or C++ source."""
    plus = source.suffix == ".cpp"
    if compiler == "gcc":
        tool = f"{GNU}{'g++' if plus else 'gcc'}"
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}")
        run(tool, "-S", "-mcpu=750", "-ffreestanding", "-o", output, *options, source)
        return output.read_text(errors="surrogateescape")
    pytest.importorskip("ziglang")
    run(*ZIG, "c++" if plus else "cc", "-target", "powerpc-linux-musl", "-mcpu=750", "-S",
        "-o", output, *options, source)
    return output.read_text(errors="surrogateescape")


def gnu_object(text, folder):
    # GNU as takes one name only, unless the table is of version 5.
    text = re.sub(r'(?m)^(\s*\.file\s+[1-9]\d*\s+)"(.*)"\s+"(.*)"$', r'\1"\2/\3"', text)
    # and it does not know these two of LLVM's.
    text = re.sub(r"(?m)^\s*\.addrsig(_sym)?\b.*$", "", text)
    (folder / "gnu.s").write_text(text, errors="surrogateescape")
    run(f"{GNU}as", "-mppc", "-many", "-a32", "-o", folder / "gnu.o", folder / "gnu.s")
    # ld would merge equal strings, which this assembler does not do.
    merged = []
    for line in run(f"{GNU}readelf", "-SW", folder / "gnu.o").splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+(\S+)\s+\w+\s+\w+ \w+ \w+ \w+\s+([A-Z]+)", line)
        if match and "M" in match[2]:
            flags = "alloc,load,readonly,data" if "A" in match[2] else "readonly,debug"
            merged += ["--set-section-flags", f"{match[1]}={flags}"]
    run(f"{GNU}objcopy", *merged, folder / "gnu.o")
    return folder / "gnu.o"


def both(text, folder):
    """The `Program`, and the file that GNU as and ld make with its addresses."""
    undefined = [line.split()[-1]
                 for line in run(f"{GNU}nm", "-u", gnu_object(text, folder)).splitlines()
                 if " U " in line]
    # Small data, so that @sda21 reaches it.
    text += '\n.section .sdata,"aw"\n.balign 4\n' * bool(undefined)
    text += "".join(f"{name}: .long 0\n" for name in undefined if name != "_SDA_BASE_")
    gnu_object(text, folder)
    program = assemble(text, sections=PLACES, name="compiled.s")
    addresses = PLACES | {section.name: section.address for section in program.sections
                          if section.allocated}
    placed = "".join(
        f'"{name}" {address:#x} : {{ *("{name}") {COMMON.get(name, "")} }}\n'
        for name, address in addresses.items())
    if small := [s.address for s in program.sections if s.name in (".sdata", ".sbss")]:
        placed += f"_SDA_BASE_ = {min(small) + 0x8000:#x};\n"
    (folder / "script.ld").write_text(f"SECTIONS {{\n{placed}}}\n")
    run(f"{GNU}ld", "-T", folder / "script.ld", "-o", folder / "gnu.elf", folder / "gnu.o",
        "-e", "0", "--no-gc-sections", "--no-warn-rwx-segments")
    return program, folder / "gnu.elf"


def differences(program, path):
    """Sections that are not the same; the tables that are packed in another way are left out."""
    found = []
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        theirs = {section.name: section for section in elf.iter_sections()}
        for section in program.sections:
            if section.name in (".eh_frame", ".debug_frame", ".debug_line", ".debug_line_str"):
                continue
            other = theirs[section.name]
            data = (bytes(other["sh_size"]) if other["sh_type"] == "SHT_NOBITS" else other.data())
            # GNU as fills code up to a multiple of its alignment.
            rest = data[section.size:]
            filled = len(rest) < section.alignment and not rest.strip(b"\0\x60")
            if section.allocated and other["sh_addr"] != section.address:
                found.append((section.name, hex(section.address), hex(other["sh_addr"])))
            elif data[:section.size] != section.data or not filled and rest:
                at = next((i for i, (a, b) in enumerate(zip(section.data, data, strict=False))
                           if a != b), min(section.size, len(data)))
                found.append((section.name, hex(at), section.data[at:at + 8].hex(),
                              data[at:at + 8].hex(), section.size, len(data)))
        ours = {section.name for section in program.sections}
        found += [name for name, section in theirs.items() if section["sh_size"] and
                  section["sh_flags"] & SectionFlags.ALLOC and name not in ours]
    return found


def line_table(file):
    """Rows of the line table of a file, and the ends of its sequences."""
    rows = []
    dwarf = ELFFile(file).get_dwarf_info()
    for unit in dwarf.iter_CUs():
        table = dwarf.line_program_for_CU(unit)
        files = table["file_entry"]
        first = 0 if table["version"] >= 5 else 1
        for entry in table.get_entries():
            state = entry.state
            # GNU as has no rows of line 0, which is for code without a source.
            if state and (state.line or state.end_sequence):
                name = Path(files[state.file - first].name.decode()).name
                rows.append((state.address, *([] if state.end_sequence else [
                    name, state.line, state.column, bool(state.is_stmt), state.prologue_end,
                    state.epilogue_begin, state.discriminator])))
    return sorted(rows, key=str)


def frames(file):
    """What the unwind tables of a file say: rules of each address."""
    dwarf = ELFFile(file).get_dwarf_info()
    entries = dwarf.EH_CFI_entries() if dwarf.has_EH_CFI() else []
    entries = list(entries) + list(dwarf.CFI_entries() if dwarf.has_CFI() else [])
    found = []
    for entry in entries:
        if "initial_location" not in entry.header:
            continue
        table = entry.get_decoded().table
        found.append((entry["initial_location"], entry["address_range"],
                      entry.cie["return_address_register"], entry.lsda_pointer or None,
                      [[(key, str(value)) for key, value in sorted(row.items(), key=str)]
                       for row in table]))
    return sorted(found, key=str)


class RandomProgram:
    """A C program of random functions; it only has to compile."""

    TYPES = ["int", "unsigned", "short", "unsigned char", "long long", "unsigned long long",
             "float", "double"]

    def __init__(self, seed):
        print("seed", seed)
        self.random = random.Random(seed)
        self.functions, self.globals = [], []

    def text(self, count):
        parts = [self.variable(number) for number in range(8)]
        parts += [self.function(number) for number in range(count)]
        return "\n".join(parts) + "\n"

    def variable(self, number):
        kind, size = self.random.choice(self.TYPES), self.random.randint(1, 9)
        values = ", ".join(str(self.random.randrange(200)) for _ in range(size))
        storage = self.random.choice(["", "static ", "const ", "volatile "])
        self.globals.append((f"global{number}", size, "const" in storage))
        value = f" = {{{values}}}" if self.random.random() < 0.7 or "const" in storage else ""
        return f"{storage}{kind} global{number}[{size}]{value};"

    def function(self, number):
        """One with three parameters and a variable; it may call those before it."""
        kinds = [self.random.choice(self.TYPES) for _ in range(4)]
        parameters = ", ".join(f"{kind} {name}" for kind, name in zip(kinds, "abc", strict=False))
        body = "\n".join(self.statement(2) for _ in range(self.random.randint(1, 6)))
        name = f"function{number}"
        text = f"{kinds[3]} {name}({parameters})\n{{\n{kinds[0]} d = a;\n{body}\nreturn d;\n}}"
        self.functions.append(name)
        return text

    def statement(self, depth):
        inner = ["if", "loop", "switch"] if depth else []
        choice = self.random.choice(["set", "set", "store", *inner])
        value = self.expression(2)
        if choice == "set":
            return f"{self.random.choice('abcd')} = {value};"
        if choice == "store":
            name, size, constant = self.random.choice(self.globals)
            place = f"{name}[(unsigned)({self.expression(1)}) % {size}]"
            return f"d += {place};" if constant else f"{place} = {value};"
        inner = self.statement(depth - 1)
        if choice == "if":
            return f"if ({value}) {{ {inner} }} else {{ {self.statement(depth - 1)} }}"
        if choice == "loop":
            return f"for (int i = 0; i < {self.random.randint(1, 20)}; i++) {{ {inner} }}"
        cases = " ".join(f"case {number}: {self.statement(depth - 1)} "
                         f"{self.random.choice(['break;', ''])}"
                         for number in self.random.sample(range(12), self.random.randint(2, 9)))
        return f"switch ((int)({value})) {{ {cases} default: {inner} }}"

    def expression(self, depth):
        pick = self.random.choice
        if depth == 0 or self.random.random() < 0.2:
            return pick(["a", "b", "c", "d", str(self.random.randrange(-100, 100000)),
                         f"{self.random.uniform(-9, 9):.4f}", f"{pick(self.globals)[0]}[0]"])
        left, right = self.expression(depth - 1), self.expression(depth - 1)
        form = self.random.randrange(6)
        if form == 0 and self.functions:
            return f"{pick(self.functions)}({left}, {right}, {self.expression(0)})"
        if form == 1:
            return f"((int)({left}) {pick(['<<', '>>', '&', '|', '^'])} ((int)({right}) & 31))"
        if form == 2:
            return f"({left} {pick(['<', '>', '==', '!=', '<=', '>=', '&&', '||'])} {right})"
        if form == 3:
            return f"({left} ? {right} : {self.expression(0)})"
        if form == 4:
            return f"((long long)({left}) {pick('/%')} ((int)({right}) | 1))"
        return f"({left} {pick('+-*')} {right})"


CASES = [("gcc", "-O2 -g -fno-pie"), ("gcc", "-O2"), ("zig", "-O2 -g"),
         ("gcc", "-O2 -fno-pie -meabi -msdata=eabi -G8 -fcommon")]
MORE = [("gcc", "-O0 -g"), ("gcc", "-Os -g -fPIC -ffunction-sections"), ("zig", "-O0 -g"),
        ("gcc", "-O3 -fno-pie -fdata-sections -ffunction-sections -fasynchronous-unwind-tables"),
        ("zig", "-Os -g0 -ffunction-sections"), ("zig", "-O2 -g -fPIC")]
CASES += [pytest.param(*case, marks=pytest.mark.slow) for case in MORE]


@pytest.mark.parametrize("compiler, options", CASES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_compiler_output_assembles_to_the_bytes_of_gnu_as_and_ld(compiler, options, name,
                                                                 tmp_path):
    compare(compile_with(compiler, HERE / name, options.split(), tmp_path / "compiled.s"), tmp_path)


@pytest.mark.parametrize("compiler, options", [
    ("gcc", "-O2 -g -fno-pie -w"), ("gcc", "-O0 -w"), ("zig", "-O2 -g -w"), ("zig", "-O0 -g -w")])
def test_random_programs_assemble_to_the_bytes_of_gnu_as_and_ld(compiler, options, tmp_path):
    (tmp_path / "random.c").write_text(RandomProgram(random.randrange(1 << 32)).text(6))
    text = compile_with(compiler, tmp_path / "random.c", options.split(), tmp_path / "random.s")
    assert text.count("\n") > 300
    compare(text, tmp_path)


@pytest.mark.parametrize("name", ["init.c", pytest.param("init-smp.c", marks=pytest.mark.slow)])
def test_a_program_for_linux_assembles_to_the_bytes_of_gnu_as_and_ld(name, tmp_path):
    if not (LINUX / name).is_file():
        pytest.skip(f"needs ../shared/linux/{name}")
    options = ["-O2", "-g", "-fno-pie", "-w"]
    compare(compile_with("gcc", LINUX / name, options, tmp_path / "compiled.s"), tmp_path)


def test_binutils_read_the_debug_information_of_the_elf_file(tmp_path):
    text = compile_with("zig", HERE / "structures.c", ["-O2", "-g"], tmp_path / "compiled.s")
    program, _ = both(text, tmp_path)
    (tmp_path / "ours.elf").write_bytes(program.elf())
    result = subprocess.run([f"{GNU}readelf", "-wlif", tmp_path / "ours.elf"], capture_output=True,
                            text=True, check=True)
    assert result.stderr == "" and "DW_AT_name" in result.stdout
    place = run(f"{GNU}addr2line", "-f", "-e", tmp_path / "ours.elf",
                hex(program.symbols["depth"])).split()
    assert place[0] == "depth" and re.search(r"structures\.c:5[4-6]", place[1])
