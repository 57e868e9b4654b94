"""Bad input to every command: one line that says what is required, exit code 2, nothing written."""

import contextlib
import hashlib
import io
import os
import shutil

import pytest

from pteg.cli.commands import app, execute
from pteg.parameters import NAMES

#: Commands that have nothing to be bad, apart from options that do not exist.
ALONE = {"bench", "doctor", "man", "run", "gdb", "lab", "mol", "waves"}


#: A waveform of two cycles.
VCD = """$timescale 1 ns $end
$scope module top $end
$var wire 1 ! x $end
$var wire 1 " clk $end
$upscope $end
$enddefinitions $end
#0
0!
0"
#1
1"
#2
0"
1!
#3
1"
#4
0"
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory, saved):
    """A folder with files of each kind, good and bad."""
    folder = tmp_path_factory.mktemp("refusals")
    shutil.copytree(saved, folder, dirs_exist_ok=True)
    (folder / "short").write_bytes((folder / "saved").read_bytes()[:300])
    (folder / "junk").write_text("junk\n")
    (folder / "half.py").write_text("x = 1 +\n")
    (folder / "points.py").write_text("points = {'n': 5}\ndef measure(n): return {'m': n}\n")
    (folder / "loop.s").write_text("_start: b _start\n")
    (folder / "bytes.jsonl").write_bytes(b"\xff\xfe\n")
    (folder / "few.vcd").write_text(VCD)
    (folder / "good.py").write_text("points = {'n': [5]}\ndef measure(n): return {'m': n}\n")
    (folder / "v.v").write_text("module x(input clk); endmodule\n")
    (folder / "d").mkdir()
    return folder


CASES = """
report absent -o r.html : absent: No such file or directory
report junk -o r.html : junk: must be a checkpoint of pteg, not a text file
report short -o r.html : short: damaged checkpoint: it is cut short
report d -o r.html : d: must be a regular file, not a directory
report saved : Command "report" parameter --output requires an argument.
report saved -o d : cannot write 'd': is a folder
report saved -o no/r.html : cannot write 'no/r.html': its folder does not exist
report saved -o saved : --output needs another file than 'saved', which is read
report saved -o r.html --cycles x : must be a number such as 20000 or 20M, not 'x'
report saved -o r.html --symbols absent : absent: No such file or directory
explain : parameter ADDRESS requires an argument
explain zz saved : --symbols, not 'zz'
explain 0x100000000 saved : address must have 32 bits, not 0x100000000
explain 0x1000 absent : absent: No such file or directory
explain 0x1000 junk : junk: must be a checkpoint of pteg, not a text file
explain 0x1000 saved --access x : Invalid value "x" for --access
explain 0x1000 saved --symbols junk : junk: must be
timeline events.jsonl : Command "timeline" parameter --output requires an argument.
timeline absent -o t.json : cannot read 'absent': No such file or directory
timeline d -o t.json : cannot read 'd': Is a directory
timeline junk -o t.json : junk:1: must be an event of a ledger, not 'junk'
timeline bytes.jsonl -o t.json : bytes.jsonl is not a ledger: it is not ASCII text
timeline events.jsonl -o no/t.json : cannot write 'no/t.json': its folder does not exist
timeline events.jsonl -o t.json --bus absent : absent: No such file or directory
timeline events.jsonl -o t.json --bus few.vcd : few.vcd has no signal 'bus.arbiter.edge'
timeline events.jsonl -o events.jsonl : --output needs another file than 'events.jsonl'
explain 0x1000 saved --symbols absent : absent: No such file or directory
explain 0x1000 saved --user=x : "x"
picture junk -o p.svg : junk
picture few.vcd -o no/p.svg : cannot write 'no/p.svg': its folder does not exist
picture few.vcd : Command "picture" parameter --output requires an argument
picture few.vcd -o p.svg --signals y : y
picture few.vcd -o p.svg --depth x : Invalid value for --depth: must be a number, not 'x'
picture few.vcd -o p.svg --window x : x
picture few.vcd -o p.svg --window 100: : few.vcd has the cycles
picture absent -o p.svg : absent: No such file or directory
picture junk -o p.png : a picture's name must end in .svg or .json, not 'p.png'
waves diff absent junk : absent: No such file or directory
waves diff few.vcd few.vcd --signals y : y
waves diff few.vcd few.vcd --depth x : Invalid value for --depth: must be a number, not 'x'
asm absent : absent: No such file or directory
asm junk : junk:1: unknown instruction 'junk'
asm - : --output must name the result, or be -, for standard input
asm loop.s --base x : Invalid value for --base: must be a number, not 'x'
asm loop.s --section-start x : --section-start must be NAME=NUMBER, not 'x'
asm loop.s -o loop.s : --output needs another file than 'loop.s', which is read
asm loop.s -o l.elf --listing l.elf : --output and --listing need different files, not both 'l.elf'
asm loop.s -o no/l.elf : cannot write 'no/l.elf': its folder does not exist
dis absent : input must be a file or words of 8 hexadecimal digits, not 'absent'
dis d : input must be a file or words of 8 hexadecimal digits, not 'd'
dis 38640005 --base 0x1ffffffff : base must be a 32-bit multiple of 4, not 0x1ffffffff
build x : kernel must be one of hostl
build hostl -o no/x : cannot write 'no/x': its folder does not exist
graph --machine x : machine must be one of g3, mac99, not 'x'
graph --dram x : dram must be bus clocks to the beats such as 5:2:2:2, not 'x'
graph --dcache 3K : dcache must be a power of two from 1K to 256K, not 3K
graph --output d : cannot write 'd': is a folder
export verilog --component x : --component must be MODULE:CLASS
export verilog --component os:path : --component
export verilog --machine x : machine must be one of g3, mac99, not 'x'
export verilog -o no/x : cannot write 'no/x': its folder does not exist
engine --machine x : machine must be one of g3, mac99, not 'x'
engine --dump x : Invalid value "x" for --dump
engine --function x : Invalid value "x" for --function
engine --component x : --component must be MODULE:CLASS
engine --component pteg.hw.mmu.walker:Walker --signals absent : no signal
engine --signals state --dump llvm : --signals chooses from ir and plan, not from llvm
engine v.v : --top must name the module of the Verilog files
engine v.v --top x --component a:b : --component names the design, and so do Verilog files
engine --dcache 3K : dcache must be a power of two from 1K to 256K, not 3K
engine --component pteg.hw.mmu.walker:Walker -o no/x : cannot write 'no/x': its folder
sim absent --top x : absent: No such file or directory
sim junk : Command "sim" parameter --top requires an argument.
sim junk --top x --vcd junk : --vcd needs another file than 'junk', which is read
sweep absent : cannot read 'absent': there is no such file
sweep half.py : half.py: SyntaxError
sweep points.py : parameter 'n' must have a list of values, not 5
sweep points.py -o t.txt : --output must end in .csv or .parquet, not 't.txt'
sweep points.py -o no/t.csv : cannot write 'no/t.csv': its folder does not exist
sweep points.py --journal points.py : --journal needs another file than 'points.py', which is read
sweep good.py --traces d : traces need a function with the parameter 'trace'
sweep good.py --workers 0 : workers must be a number from 1 on, not 0
sweep good.py --cluster nowhere : cluster 'nowhere'
sweep points.py --workers x : Invalid value for --workers: must be a number, not 'x'
drill x : Invalid value "x" for KIND
drill bat --key=x : "x"
drill bat --json=x : "x"
drill bat --seed -1 : Invalid value for --seed: must not be negative, not -1
drill bat --count 0 : count must be at least 1, not 0
lab new L99 : lab must be one of
lab new L1 junk : cannot make the folder 'junk': File exists
lab grade d : d/lab.toml: No such file or directory
lab grade absent : absent/lab.toml: No such file or directory
lab grade d --format x : Invalid value "x" for --format
lab grade d -o no/x : d/lab.toml: No such file or directory
lab mutants L99 : lab must be one of
lab mutants L2 absent : absent
lab handout L99 : lab must be one of
lab handout L1 --instructor=x : "x"
mol run absent : scenario must be one of
mol run all --vcd x.vcd : a waveform, a report or a picture is of one scenario, not of all
mol run all --svg x.svg : a waveform, a report or a picture is of one scenario, not of all
mol run all --report x.html : a waveform, a report or a picture is of one scenario, not of all
mol run session --report no/x : cannot write 'no/x': its folder does not exist
mol run hostx-shared --kvm : KVM-PR's policies are for scenarios on HostB, and hostx-shared is none
mol run session --cpu x : Invalid value "x" for --cpu
mol run session --svg no/x : cannot write 'no/x': its folder does not exist
mol run session --vcd no/x : cannot write 'no/x': its folder does not exist
mol run session --json x --svg x : --json and --svg need different files, not both 'x'
mol exits --json no/x : cannot write 'no/x': its folder does not exist
mol exits --kvm absent --dtb absent : absent: No such file or directory
mol exits --dtb absent : --kvm and --dtb are given together: a kernel and its device tree
mol linux absent --dtb absent : absent: No such file or directory
mol linux absent --dtb junk --kvm absent : absent: No such file or directory
mol exits --repeat 0 : repeat must be an even number from 2 on, not 0
mol compare --cpu x : Invalid value "x" for --cpu
mol compare --json no/x : cannot write 'no/x': its folder does not exist
mol run session --json no/x : cannot write 'no/x': its folder does not exist
run --restore saved --vcd saved : --vcd needs another file than 'saved', which is read
run --kernel loop.s --ledger loop.s : --ledger needs another file than 'loop.s', which is read
run --restore short : short: damaged checkpoint: it is cut short
gdb --port 99999 : port must be 0 to 65535, not 99999
completion x : Invalid value "x" for SHELL
init junk : cannot make the folder 'junk': File exists
"""
CASES = [tuple(line.split(" : ", 1)) for line in CASES.strip().splitlines()]


def contents(folder):
    return {path: hashlib.sha256(path.read_bytes()).digest() if path.is_file() else None
            for path in folder.rglob("*")}


def run(*arguments):
    """Exit code and both outputs of the command, run in this process."""
    output, errors = (io.TextIOWrapper(io.BytesIO()) for _ in range(2))
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors), \
            pytest.raises(SystemExit) as ended:
        execute(list(arguments))
    for stream in (output, errors):
        stream.seek(0)
    return int(ended.value.code), output.read(), errors.read()


@pytest.mark.parametrize("arguments, message", CASES, ids=[case[0] for case in CASES])
def test_bad_input_is_one_line_and_leaves_all_files_alone(files, monkeypatch, arguments, message):
    monkeypatch.chdir(files)
    before = contents(files)
    code, output, errors = run(*arguments.split())
    assert (code, output, errors.count("\n")) == (2, "", 1), errors
    assert errors.startswith("pteg: ") and message in errors
    assert contents(files) == before


def test_every_command_is_in_the_table():
    commands = {name for name in app if not name.startswith("-")}
    assert commands - {case[0].split()[0] for case in CASES} <= ALONE
    assert {"run", "sweep", "report"} <= commands


@pytest.mark.parametrize("command", [[name] for name in app if not name.startswith("-")])
def test_an_unknown_option_is_refused(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, output, errors = run(*command, "--nosuch")
    assert (code, output, errors.count("\n")) == (2, "", 1) and os.listdir(tmp_path) == []


#: Options of the newer commands that take any text, or are only on or off.
ANY = {"lab new": {"--student"}, "lab mutants": {"--student"}, "mol exits": {"--policies"}}


def commands_below(found, names=()):
    """Each command with its words: `mol run`."""
    for name in found:
        if name.startswith("-"):
            continue
        command = found[name]
        inside = list(commands_below(command, (*names, name)))
        yield from inside or [(" ".join((*names, name)), command)]


def test_every_option_of_the_newer_commands_is_in_the_table():
    newer = {"mol", "lab", "drill", "engine", "picture", "waves", "explain"}
    seen = 0
    for words, command in commands_below(app):
        if words.split()[0] not in newer:
            continue
        for argument in command.assemble_argument_collection():
            names = {name for name in argument.names if name.startswith("--")}
            # One of the processor's parameters stands for all.
            others = {f"--{name.replace('_', '-')}" for name in NAMES if name != "dcache"}
            if not names or not argument.show or names & (ANY.get(words, set()) | others):
                continue
            seen += 1
            short = {name for name in argument.names if name.startswith("-")}
            assert any(case.startswith(f"{words} ") and (
                short & {word.partition("=")[0] for word in case.split()}
                or "parameter" in text and names & set(text.split()))
                for case, text in CASES), (words, names)
    assert seen > 20
