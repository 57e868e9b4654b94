"""What is given to others: the sdist, the versions that are asked for, other systems."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("sim", "hw", "components", "firmware", "waveforms", "docs", "examples", "tests")
#: Made by runs, builds and tests.
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.vcd", "*.gtkw", "*.fst")
#: Names that Python has on POSIX systems only.
POSIX_ONLY = {
    "os": {"fork", "fstatvfs", "statvfs", "getuid", "geteuid", "getpgid", "killpg", "setsid",
           "uname", "mkfifo", "openpty", "wait", "waitid", "nice"},
    "signal": {"SIGHUP", "SIGKILL", "SIGALRM", "SIGUSR1", "alarm", "pause", "sigwait"},
}
POSIX_MODULES = {"fcntl", "termios", "tty", "pty", "resource", "pwd", "grp"}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The sdist of a copy of the tree."""
    pytest.importorskip("setuptools", reason="needs the extra `test`")
    tree = tmp_path_factory.mktemp("tree")
    for folder in (*FOLDERS, ".ci"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=LEFTOVERS)
    for file in ROOT.iterdir():
        if file.is_file() and file.name not in (".git", ".gitignore"):
            shutil.copy(file, tree)
    subprocess.run([sys.executable, "-c",
                    "from setuptools.build_meta import build_sdist; build_sdist('dist')"],
                   cwd=tree, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    (found,) = (tree / "dist").glob("pteg-*.tar.gz")
    return tree, found


@pytest.mark.slow
def test_the_sdist_holds_the_whole_project(sdist):
    tree, file = sdist
    with tarfile.open(file) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    whole = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    missing = {name for name in whole - packed
               if not name.startswith(("dist/", "build/")) and ".egg-info/" not in name}
    assert not missing


def test_the_locked_versions_are_those_that_are_asked_for():
    lock = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "requirements.lock").read_text(), re.M))
    locked = {_normal(name): version for name, version in lock.items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for text in [*project["dependencies"], *extras["test"], *extras["docs"], *extras["sweep"],
                 *extras["examples"]]:
        name, wanted = re.fullmatch(r"([\w.-]+)(.*)", text).groups()
        assert _normal(name) in locked, name
        version = locked[_normal(name)]
        for relation, limit in re.findall(r"(==|>=|<)([\w.]+)", wanted):
            order = (_numbers(version) > _numbers(limit)) - (_numbers(version) < _numbers(limit))
            assert {"==": order == 0, ">=": order >= 0, "<": order < 0}[relation], text


def _normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _numbers(version):
    return [int(part) for part in re.findall(r"\d+", version)][:3]


def test_other_systems_than_posix_find_what_is_called():
    """Outside of the terminal, nothing is used that Windows does not have, unless it is asked for
    before.
    """
    found = []
    for folder in FOLDERS[:5]:
        for file in (ROOT / folder).rglob("*.py"):
            if file.name == "terminal.py":
                continue
            tree = ast.parse(file.read_text())
            found += [f"{file}: {node.value.id}.{node.attr}" for node in ast.walk(tree)
                      if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
                      and node.attr in POSIX_ONLY.get(node.value.id, ())]
            # Inside of functions and of `try`, an import may fail.
            found += [f"{file}: import {alias.name}" for node in tree.body
                      if isinstance(node, ast.Import) for alias in node.names
                      if alias.name in POSIX_MODULES]
    assert not found, os.linesep.join(found)
