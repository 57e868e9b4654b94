"""Type checkers find nothing in the packages, nor in a user's script that is right."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy", reason="needs the extra `test`")

ROOT = Path(__file__).parents[2]
PARTS = ("hw", "components", "firmware", "waveforms")


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """The packages as they are installed, which a type checker can follow: links to the folders."""
    package = tmp_path_factory.mktemp("types") / "pteg"
    package.mkdir()
    for file in (ROOT / "sim").iterdir():
        (package / file.name).symlink_to(file)
    for name in PARTS:
        (package / name).symlink_to(ROOT / name)
    return package.parent


def mypy(layout, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml",
         "--cache-dir", layout / "cache", "--no-error-summary", *arguments], cwd=layout,
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return [line for line in done.stdout.split("\n") if ": error: " in line], done


def test_the_packages_have_no_type_errors(layout):
    errors, done = mypy(layout, "-p", "pteg")
    assert errors == [], "\n".join(errors)
    assert done.returncode == 0, done.stdout


SCRIPT = '''
from pteg import Machine, UserError
from pteg.ledger import Kind, read
from pteg.platform import Platform, Wire
from pteg.components.dram import Dram
from pteg.components.uart16550 import Uart16550
from pteg.sweep import Table, sweep

machine = Machine("g3", cpu="functional", ram="32M", rom="first")
reached: str = machine.run(until="ready", cycles=1_000_000)
value: int = machine.cpu.gpr[3] + machine.cpu.spr["SDR1"] + machine.cpu.pc
machine.cpu.msr = 0x1000
text: bytes = machine.console.read()
data: bytes = machine.memory.read(0x1000, 4)
word: int = machine.memory.read_word(0x1000)
with machine.ledger("events.jsonl", kinds=[Kind.WALK]):
    machine.step(10)
walks = [int(event["pa"]) for event in read("events.jsonl")]
cycles: int = machine.cycle
own = Machine(Platform([Dram(size=1 << 20), Uart16550()], [Wire("uart")]))
if own.platform.ram is not None:
    name: str = own.platform.ram.memory.dtype.name
machine.save("state.ckpt")
other: Machine = Machine.restore("state.ckpt", cpu="pipeline")
def measure(seed: int) -> dict[str, int]:
    return {"twice": 2 * seed}
table: Table = sweep(measure, {"seed": range(3)}, workers=1)
with machine.measure() as measured:
    machine.run(instructions=100)
counted: int | None = measured.instructions
try:
    machine.load("no such file")
except UserError as error:
    print(error)
'''

#: Lines that are wrong, and of what kind mypy and pyright say they are.
WRONG = {
    'machine.cpu.r3 = 4': ("attr-defined", "reportAttributeAccessIssue"),
    'machine.cpu.gpr = [1]': ("assignment", "reportAttributeAccessIssue"),
    'machine.cpu.pc = "start"': ("assignment", "reportAttributeAccessIssue"),
    'machine.memory.read("0x1000", 4)': ("arg-type", "reportArgumentType"),
    'machine.run(cycle=5)': ("call-arg", "reportCallIssue"),
    'machine.console.read().encode()': ("attr-defined", "reportAttributeAccessIssue"),
    'machine.regsiters': ("attr-defined", "reportAttributeAccessIssue"),
    'sweep(print, {"a": [1]})': ("arg-type", "reportArgumentType"),
}
LINES = ["from pteg import Machine", "from pteg.sweep import sweep", "machine = Machine()", *WRONG]


@pytest.fixture(scope="module")
def scripts(layout):
    """A folder with a script that is right and one that is wrong."""
    (layout / "script.py").write_text(SCRIPT)
    (layout / "wrong.py").write_text("\n".join(LINES) + "\n")
    return layout


@pytest.fixture(scope="module")
def found_by_mypy(scripts):
    """The errors in both scripts: name, line and rule."""
    errors, _ = mypy(scripts, "--strict", "--follow-imports", "silent", "script.py", "wrong.py")
    return [(*re.match(r"(.*?):(\d+):", error).groups(), error.rpartition("[")[2].rstrip("]"))
            for error in errors]


@pytest.fixture(scope="module")
def found_by_pyright(scripts):
    """Likewise."""
    pytest.importorskip("pyright", reason="needs the extra `test`")
    done = subprocess.run([sys.executable, "-m", "pyright", "--outputjson", "--pythonpath",
                           sys.executable, "script.py", "wrong.py"], cwd=scripts, text=True,
                          capture_output=True)
    if not done.stdout.startswith("{"):
        pytest.skip(f"pyright cannot be started: {(done.stderr or done.stdout).strip()[-200:]}")
    return [(Path(error["file"]).name, error["range"]["start"]["line"] + 1, error["rule"])
            for error in json.loads(done.stdout)["generalDiagnostics"]
            if error["severity"] == "error"]


CHECKERS = pytest.mark.parametrize(
    "checker", [pytest.param("mypy", marks=pytest.mark.slow), "pyright"])


@CHECKERS
def test_a_users_script_has_no_errors(checker, request):
    found = request.getfixturevalue(f"found_by_{checker}")
    assert [error for error in found if error[0] == "script.py"] == []


@CHECKERS
def test_mistakes_in_a_users_script_are_found(checker, request):
    found = {LINES[int(line) - 1]: rule
             for file, line, rule in request.getfixturevalue(f"found_by_{checker}")
             if file == "wrong.py"}
    assert found == {line: rules[checker == "pyright"] for line, rules in WRONG.items()}
