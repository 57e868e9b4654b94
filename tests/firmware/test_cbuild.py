"""C programs: compiled by each compiler that is there, linked, kept by content, run."""

import pytest

import pteg
from pteg import cache_folder
from pteg.errors import UserError
from pteg.firmware import cbuild

SCRIPT = """
PHDRS { all PT_LOAD; }
SECTIONS {
    . = 0x10000;
    .text : { KEEP(*(.start)) *(.text*) } :all
    .data : { *(.rodata*) *(.data*) } :all
    .bss : { *(.bss*) } :all
    /DISCARD/ : { *(.comment) }
}
"""
START = """
#include "registers.h"
        .section .start,"ax"
        .globl _start
_start: mtspr   272, r1
        li      r3, SEVEN
        bl      work
        .globl  done
done:   b       done
"""
WORK = """
#include "registers.h"
extern const char text[], text_end[];
static int calls;

int work(int n)
{
    int sum = OFFSET;
    for (const char *p = text; p < text_end; p++)
        sum = sum * n + *p;
    return sum + ++calls;
}
"""
HEADER = "#define SEVEN 7\n#define r1 1\n#define r3 3\n"
DOUBLE = """
double _start(double);
double _start(double x) { return x * 1.5; }
"""

compilers = pytest.mark.parametrize("compiler", cbuild.compilers(), ids=lambda found: found.name)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path):
    """Nothing that other tests have compiled is there; zig's own cache stays where it was."""
    compiled = tmp_path / "cache"
    for module in (cache_folder, cbuild):
        monkeypatch.setattr(module, "folder", lambda: compiled)
    return compiled


@pytest.fixture
def project(tmp_path):
    """Builds a program of two sources and a header; keywords replace their texts."""
    def build(start=START, work=WORK, header=HEADER, **options):
        for name, text in (("start.S", start), ("work.c", work), ("registers.h", header),
                           ("program.ld", SCRIPT)):
            (tmp_path / name).write_text(text)
        options = {"defines": {"OFFSET": 40}, "data": {"text": b"pteg"}} | options
        return cbuild.build([tmp_path / "start.S", tmp_path / "work.c"], tmp_path / "program.ld",
                            include=[tmp_path], **options)

    return build


def result(elf):
    """What the program's `work` returns on the functional model."""
    machine = pteg.Machine("g3", cpu="functional", rom="none")
    machine.cpu.pc = machine.load(elf)
    machine.cpu.msr = 0
    machine.cpu.gpr[1] = 0x20000
    assert machine.run(until=machine.symbols.address("done"), instructions=1000) == "address"
    return machine.cpu.gpr[3]


def expected(seven=7, offset=40, text=b"pteg"):
    total = offset
    for character in text:
        total = total * seven + character
    return total + 1


@compilers
def test_a_program_of_c_and_assembly_runs(project, compiler):
    assert result(project(compiler=compiler)) == expected()


@compilers
def test_every_input_counts(project, compiler):
    assert result(project(compiler=compiler)) == expected()
    assert result(project(compiler=compiler, defines={"OFFSET": 41})) == expected(offset=41)
    assert result(project(compiler=compiler, data={"text": b"x"})) == expected(text=b"x")
    header = HEADER.replace("7", "8")
    assert result(project(compiler=compiler, header=header)) == expected(seven=8)


@compilers
def test_floating_point_is_only_used_where_it_is_allowed(tmp_path, compiler):
    source = tmp_path / "work.c"
    source.write_text(DOUBLE)
    script = tmp_path / "program.ld"
    script.write_text(SCRIPT)
    with pytest.raises(UserError, match="__muldf3"):
        cbuild.build([source], script, compiler=compiler)
    assert cbuild.build([source], script, compiler=compiler, hard_float=True)


def test_what_is_kept_needs_no_compiler(project, monkeypatch, own_cache):
    elf = project()
    monkeypatch.setattr(cbuild.subprocess, "run", lambda *_, **__: pytest.fail("compiled again"))
    assert project() == elf
    (whole,) = own_cache.glob("*.elf")
    assert whole.read_bytes() == elf


def test_only_what_has_changed_is_compiled_again(project, monkeypatch):
    project()
    called, run = [], cbuild.subprocess.run
    monkeypatch.setattr(cbuild.subprocess, "run", lambda command, **options: (
        called.append(command), run(command, **options))[1])
    project(work=WORK + "\n")
    compiled = [part for command in called for part in map(str, command)
                if part.endswith(("start.S", "work.c"))]
    assert [part.rpartition("/")[2] for part in compiled] == ["work.c"]


@compilers
@pytest.mark.parametrize("meanwhile", [HEADER.replace("7", "9"), "#error half"],
                         ids=["compiles", "fails"])
@pytest.mark.parametrize("seven", [8, 7], ids=["changes", "returns"])
def test_a_header_that_changes_meanwhile_is_compiled_again(project, monkeypatch, tmp_path, compiler,
                                                          meanwhile, seven):
    """An editor saves, or git changes branches, there and back: what was compiled is not what the
    key says, or an error."""
    header, run, called = tmp_path / "registers.h", cbuild.subprocess.run, []

    def replaced(command, **options):
        called.append(command)
        if len(called) > 1:
            return run(command, **options)
        header.write_text(meanwhile)
        done = run(command, **options)
        header.write_text(HEADER.replace("7", str(seven)))
        return done

    with monkeypatch.context() as patch:
        patch.setattr(cbuild.subprocess, "run", replaced)
        assert result(project(compiler=compiler)) == expected(seven)
    assert result(project(compiler=compiler)) == expected()


@compilers
def test_no_object_is_kept_by_the_compiler_itself(project, monkeypatch, tmp_path, compiler):
    """Of a header that changed while zig read it, zig kept the wrong one."""
    monkeypatch.setenv("ZIG_LOCAL_CACHE_DIR", str(tmp_path / "kept"))
    project(compiler=compiler)
    assert not (tmp_path / "kept").exists()


@compilers
def test_an_error_is_one_line_with_its_place(project, compiler):
    with pytest.raises(UserError, match=r"^\w+: .*work.c:1:\d+: error: [^\n]*$"):
        project(work="int work(void) { return nothing; }\n", compiler=compiler)


@compilers
def test_a_warning_is_an_error(project, compiler):
    with pytest.raises(UserError, match="unused"):
        project(work=WORK + "static int nobody;\n", compiler=compiler)


def test_without_a_compiler_one_line_says_what_to_install(project, monkeypatch):
    monkeypatch.setattr(cbuild, "compilers", lambda: ())
    with pytest.raises(UserError, match=r"^C programs need a compiler: pip install [^\n]*$"):
        project()
