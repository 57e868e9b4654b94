"""Habits of the repository that a person would have to look after otherwise."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import networkx
import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("sim", "hw", "components", "firmware", "waveforms", "tests", "docs", "examples")


def texts():
    """Text files of the project and what stands in them."""
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*") if file.is_file()]
    files += [file for file in ROOT.iterdir() if file.is_file() and file.name != ".git"]
    for file in files:
        if file.suffix in (".py", ".md", ".toml", ".s", ".S", ".inc", ".fs", ".dts", ".svg", ""):
            yield file, file.read_text(encoding="utf-8")


DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_ruff_has_nothing_to_say():
    pytest.importorskip("ruff")
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format",
                           "concise", "."], cwd=ROOT, text=True, stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stdout


def test_nothing_is_left_to_do_in_the_sources():
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    assert not [str(file) for file, text in texts() if marks.search(text)]


def test_no_path_of_one_machine_is_written_down():
    places = re.compile(r"(?<![\w.])/(root|home|work|Users)/\w")
    assert not [f"{file}: {match[0]}" for file, text in texts()
                if (match := places.search(text))]


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) < 100


def test_every_module_says_what_it_is():
    # A pragma, such as Amaranth's, must stand above the docstring.
    modules = [(file, re.sub(r"\A(#.*\n)*", "", text)) for file, text in texts()
               if file.suffix == ".py" and text.strip()]
    assert not [str(file) for file, text in modules if not text.startswith(('"""', 'r"""'))]


def test_ports_are_documented_where_they_are():
    lists = re.compile(r"^ +(Members|Ports)\n +-{5,}$", re.M)
    assert not [str(file) for file, text in texts() if file.suffix == ".py" and lists.search(text)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    text = re.sub(r"```.*?```", "", document.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def test_decisions_have_different_numbers():
    numbers = [file.name.partition("-")[0] for file in (ROOT / "docs" / "decisions").glob("*.md")]
    assert sorted(numbers) == sorted(set(numbers)) and len(numbers) > 10


def test_test_files_have_different_names():
    names = [file.name for file in (ROOT / "tests").rglob("test_*.py")]
    assert len(names) == len(set(names))


def modules():
    """The name of each module of the packages, and its file."""
    packages = {"sim": "pteg", **{name: f"pteg.{name}" for name in FOLDERS[1:5]}}
    for folder, package in packages.items():
        for file in (ROOT / folder).rglob("*.py"):
            parts = file.relative_to(ROOT / folder).with_suffix("").parts
            yield ".".join([package, *(part for part in parts if part != "__init__")]), file


#: What Amaranth names after the variable that it is assigned to.
NAMED = {"Signal", "read_port", "write_port"}


def test_what_amaranth_names_has_a_statement_of_its_own():
    """Of `a, b = Signal(), Signal()`, Python 3.12 names only `b`, and Python 3.13 neither."""
    found = []
    for _, file in modules():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
                found += [f"{file.relative_to(ROOT)}:{call.lineno}"
                          for call in ast.walk(node.value) if isinstance(call, ast.Call)
                          and ast.unparse(call.func).rpartition(".")[2] in NAMED
                          and "name" not in {keyword.arg for keyword in call.keywords}]
    assert not found


def test_packages_import_each_other_in_one_direction():
    """Imports inside of functions count too: they are for the start's sake, not for circles'.

    A package's `__init__` is the package. `pteg` itself, which loads its names when they are used,
    and the command line, which comes last, are left out.
    """
    found = dict(modules())
    graph = networkx.DiGraph()
    for name, file in found.items():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                inner = [f"{node.module}.{alias.name}" for alias in node.names]
                graph.add_edges_from((name, other) for other in [
                    *(path for path in inner if path in found),
                    *([node.module] if any(path not in found for path in inner) else [])])
    graph.remove_nodes_from(["pteg", *(set(graph) - set(found))])
    circles = [sorted(part) for part in networkx.strongly_connected_components(graph)
               if len(part) > 1]
    assert not circles
