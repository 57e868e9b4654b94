"""`pteg init`, `doctor`, `bench`, `completion` and `man`."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from command import run_pteg

from pteg.cli import doctor
from pteg.cli.manual import manual_page


def pteg(*arguments, folder=None, code=0):
    done = run_pteg(*arguments, cwd=folder)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def test_a_new_project_runs_and_is_tested_and_swept(tmp_path):
    made = pteg("init", "first", folder=tmp_path).split()
    project = tmp_path / "first"
    assert sorted(os.path.basename(path) for path in made) == sorted(os.listdir(project))
    run = subprocess.run([sys.executable, "run.py"], cwd=project, text=True, capture_output=True)
    assert run.returncode == 0 and run.stdout.startswith("5050 after "), run.stderr
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pteg.pytest_plugin"],
        cwd=project, text=True, capture_output=True,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert "3 passed" in tests.stdout, tests.stdout
    table = pteg("sweep", "sweep.py", "--workers", 1, folder=project).splitlines()
    assert table[0] == "number,ratio,sum,cycles" and table[3].startswith("100,4:1,5050,")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    assert pteg("init", tmp_path, code=2) == (
        f"pteg: {tmp_path} is not empty: name a new folder\n")
    assert os.listdir(tmp_path) == ["mine.txt"]
    assert "pteg: cannot make " in pteg("init", tmp_path / "mine.txt" / "x", code=2)


def test_the_doctor_shows_packages_and_speed():
    lines = []
    good = doctor.examine(lines.append)
    text = "\n".join(lines)
    assert good == ("absent\n" not in text.partition("gtkwave")[0])
    assert re.search(r"^  numba +[\d.]+", text, re.M) and "cache " in text
    if good:
        assert re.search(r"^functional model: [\d.,]+ million instructions a second$", text, re.M)
        assert re.search(r"^pipeline model: [\d.,]+ million cycles a second$", text, re.M)


def test_the_doctor_finds_a_package_that_is_absent_or_of_another_version(monkeypatch):
    needed = [("numba", "==0.0.1", "0.68.1", True), ("nothing", "==1", None, True),
              ("extra", "==1", None, False)]
    monkeypatch.setattr(doctor, "packages", lambda: iter(needed))
    monkeypatch.setattr(doctor, "speeds", lambda: iter(["fast"]))
    lines = []
    assert not doctor.examine(lines.append)
    text = "\n".join(lines)
    assert "other than ==0.0.1" in text and re.search("nothing .*absent", text)
    assert "fast" not in lines and "extra" not in text


@pytest.mark.parametrize("found, wanted, good", [
    ("3.6.1", ">=3.4,<4", True), ("3.10", ">=3.4,<4", True), ("4.0", ">=3.4,<4", False),
    ("3.3.9", ">=3.4,<4", False), ("0.68.1", "==0.68.1", True), ("0.68.10", "==0.68.1", False),
    ("15.0.0.post1", ">=14,<16", True), ("1", "", True)])
def test_the_doctor_compares_versions(monkeypatch, found, wanted, good):
    monkeypatch.setattr(doctor, "packages", lambda: iter([("part", wanted, found, True)]))
    monkeypatch.setattr(doctor, "speeds", lambda: iter([]))
    lines = []
    assert doctor.examine(lines.append) == good
    assert (f"other than {wanted}" in "\n".join(lines)) != good


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell):
    script = pteg("completion", shell)
    assert "sweep" in script and "journal" in script
    if shell == "bash" and shutil.which("bash"):
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_the_manual_has_every_command_and_option():
    page = pteg("man")
    assert page.startswith('.TH PTEG 1 ')
    assert {"pteg run", "pteg sweep", "pteg doctor"} <= set(re.findall(r"^\.SH (.*)$", page, re.M))
    assert "\\fB\\-\\-journal" in page
    assert "[default: " in page and "*[" not in page and "]*" not in page   # no Markdown is left
    # No line is taken for a request that man(7) does not have.
    assert set(re.findall(r"^[.'](\w*)", page, re.M)) <= {"TH", "SH", "SS", "PP", "TP", "nf", "fi"}


def test_text_is_not_taken_for_requests_of_roff():
    page = manual_page("# x\n\n## y\n\n.nothing `a-b` **c**\n\n* 'quoted: text\\\n")
    assert page.splitlines()[3:] == [
        ".SH y", "\\&.nothing \\fBa\\-b\\fR \\fBc\\fR", ".TP", "\\&'quoted", "text\\e"]


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
def test_mandoc_finds_nothing_in_the_manual():
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=pteg("man"), text=True,
                          capture_output=True)
    found = [line for line in done.stdout.splitlines() if "missing date" not in line]
    assert found == []


#: What a shell is told to do for it to show its completions of `pteg sw` and of `pteg sweep --jo`.
ASK = {
    "bash": """
        source ./completion
        function=$(complete -p pteg | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        for line in 'pteg sw' 'pteg sweep --jo'; do
            COMP_WORDS=($line); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMP_LINE=$line
            COMP_POINT=${#line}; COMPREPLY=()
            "$function" pteg "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
            printf '%s\\n' "${COMPREPLY[@]}"
        done""",
    "fish": "source ./completion; complete -C 'pteg sw'; complete -C 'pteg sweep --jo'",
}


@pytest.mark.parametrize("shell", ASK)
def test_the_shell_itself_completes(shell, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    (tmp_path / "completion").write_text(pteg("completion", shell))
    done = subprocess.run([shell, "-c", ASK[shell]], cwd=tmp_path, text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60)
    assert "sweep" in done.stdout and "--journal" in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("zsh"), reason="needs zsh")
def test_zsh_finds_and_loads_its_completion(tmp_path):
    (tmp_path / "_pteg").write_text(pteg("completion", "zsh"))
    done = subprocess.run(
        ["zsh", "-f", "-c", "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D; "
         "print -r -- $_comps[pteg]; autoload +X -Uz _pteg && print -r -- $functions[_pteg]"],
        cwd=tmp_path, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    assert done.stdout.startswith("_pteg\n") and "--journal" in done.stdout, done.stderr
    assert done.stderr == ""
