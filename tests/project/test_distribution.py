"""What is given to others: the sdist, the versions that are asked for, other systems."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("sim", "hw", "components", "firmware", "waveforms", "docs", "examples", "tests")
#: Made by runs, builds and tests.
LEFTOVERS = shutil.ignore_patterns("__pycache__", "*.vcd", "*.gtkw", "*.sucl", "*.fst")
#: Names that Python has on POSIX systems only.
POSIX_ONLY = {
    "os": {"fork", "fstatvfs", "statvfs", "getuid", "geteuid", "getpgid", "killpg", "setsid",
           "uname", "mkfifo", "openpty", "wait", "waitid", "nice"},
    "signal": {"SIGHUP", "SIGKILL", "SIGALRM", "SIGUSR1", "alarm", "pause", "sigwait"},
}
POSIX_MODULES = {"fcntl", "termios", "tty", "pty", "resource", "pwd", "grp"}


def copied(tree):
    """A copy of the project, without what runs and builds have left."""
    for folder in (*FOLDERS, ".ci"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=LEFTOVERS)
    for file in ROOT.iterdir():
        if file.is_file() and file.name not in (".git", ".gitignore"):
            shutil.copy(file, tree)
    return tree


def built(tree, kind, mask=0o022):
    """The `sdist` or `wheel` of a tree."""
    subprocess.run([sys.executable, "-c", "import os, sys; os.umask(int(sys.argv[2])); "
                    "from setuptools import build_meta; "
                    "getattr(build_meta, 'build_' + sys.argv[1])('dist')", kind, str(mask)],
                   cwd=tree, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    (found,) = (tree / "dist").glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return found


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    pytest.importorskip("setuptools", reason="needs the extra `test`")
    return copied(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def sdist(tree):
    return built(tree, "sdist")


@pytest.fixture(scope="module")
def wheel(tree, sdist):
    return built(tree, "wheel")


@pytest.mark.slow
def test_the_sdist_holds_the_whole_project(tree, sdist):
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    whole = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    missing = {name for name in whole - packed
               if not name.startswith(("dist/", "build/")) and ".egg-info/" not in name}
    assert not missing


@pytest.mark.slow
def test_another_build_at_another_time_gives_the_same_bytes(sdist, wheel, tmp_path):
    """By somebody else, whose files have other dates and permissions."""
    other = copied(tmp_path)
    for path in other.rglob("*"):
        path.chmod(0o700 if path.is_dir() or os.access(path, os.X_OK) else 0o600)
        os.utime(path, (10**9, 10**9))
    assert built(other, "sdist", 0o077).read_bytes() == sdist.read_bytes()
    assert built(other, "wheel", 0o077).read_bytes() == wheel.read_bytes()


@pytest.mark.slow
def test_the_sdist_makes_the_same_wheel(sdist, wheel, tmp_path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert built(unpacked, "wheel").read_bytes() == wheel.read_bytes()


@pytest.mark.slow
def test_the_index_can_show_the_project(sdist, wheel):
    pytest.importorskip("twine", reason="needs the extra `test`")
    done = subprocess.run([sys.executable, "-m", "twine", "--no-color", "check", "--strict",
                           wheel, sdist], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count("PASSED") == 2, done.stdout


@pytest.mark.slow
def test_the_index_shows_links_to_the_files_on_the_web(tmp_path):
    pytest.importorskip("twine", reason="needs the extra `test`")
    other = copied(tmp_path)
    script = (other / "setup.py").read_text()
    assert "\nFILES = None\n" in script
    (other / "setup.py").write_text(script.replace("FILES = None", 'FILES = "https://host/pteg/"'))
    wheel = built(other, "wheel")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        shown = archive.read(name).decode()
    assert "[Architecture](https://host/pteg/docs/architecture.md)" in shown
    assert "](https://host/pteg/docs/table-search.svg)" in shown
    done = subprocess.run([sys.executable, "-m", "twine", "--no-color", "check", "--strict", wheel],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


# The wheel where it is used: other Pythons, tools that install it for one run. Both need an index -

#: What each of the Pythons runs of the tests, with the wheel instead of the sources.
USED = ("project/test_documentation.py", "examples/test_examples.py")


#: The versions of Python that pteg supports.
VERSIONS = [(3, 11), (3, 12), (3, 13), (3, 14)]


def pythons():
    """The Pythons of this system that pteg supports, by version: on the path, pyenv's, and those
    that PTEG_PYTHONS names.
    """
    names = [*os.environ.get("PTEG_PYTHONS", "").split(os.pathsep),
             *Path.home().glob(".pyenv/versions/3.*/bin/python"),
             *(shutil.which(f"python3.{minor}") for minor in range(11, 20))]
    found = {}
    for name in filter(None, names):
        done = subprocess.run([name, "-c", "import sys; print(*sys.version_info[:2])"],
                              capture_output=True, text=True)
        version = tuple(map(int, done.stdout.split()))
        if done.returncode == 0 and version in VERSIONS:
            found.setdefault(version, name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS, ids="{0[0]}.{0[1]}".format)
def test_documents_and_examples_with_the_wheel(wheel, tmp_path, version):
    python = pythons().get(version)
    if python is None:
        pytest.skip("there is no Python {}.{}".format(*version))
    subprocess.run([python, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    own = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "pip", "--python", own, "install", "-q", "-c",
                    ROOT / "requirements.lock", f"{wheel}[cc,examples,sweep,verilog]", "pytest",
                    "pywellen"],
                   check=True)
    folder = tmp_path / "use"
    for name in ("docs", "examples", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=LEFTOVERS)
    for name in ("README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    done = subprocess.run([own, "-m", "pytest", "-q", "--all",
                           *(f"tests/{name}" for name in USED)], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("tool", [["uv", "tool", "run", "--from"], ["pipx", "run", "--spec"]],
                         ids=["uvx", "pipx"])
def test_a_tool_runs_the_wheel_without_an_installation(wheel, tmp_path, tool):
    pytest.importorskip(tool[0], reason="needs the extra `test`")
    places = {name: str(tmp_path / name)
              for name in ("UV_CACHE_DIR", "UV_TOOL_DIR", "PIPX_HOME", "PIPX_BIN_DIR")}
    done = subprocess.run([sys.executable, "-m", *tool, wheel, "pteg", "run", "--quiet", "--cpu",
                           "functional", "--until", "0 > "], cwd=tmp_path, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, env={**os.environ, **places})
    assert done.returncode == 0 and done.stdout.endswith("\n0 > "), done.stderr


# Versions and systems -----------------------------------------------------------------------------

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


def test_the_index_is_told_which_pythons_are_supported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = [tuple(_numbers(text)) for text in project["classifiers"]
            if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", text)]
    assert said == VERSIONS
    assert project["requires-python"] == ">={}.{}".format(*VERSIONS[0])


def test_other_systems_than_posix_find_what_is_called():
    """Outside of the terminal, nothing is used that Windows does not have, unless its absence is
    caught or has been asked for.
    """
    found = []
    for folder in FOLDERS[:5]:
        for file in (ROOT / folder).rglob("*.py"):
            if file.name != "terminal.py":
                found += [f"{file.relative_to(ROOT)}:{line}: {what}"
                          for line, what in posix_only(ast.parse(file.read_text()))]
    assert not found, "\n".join(found)


def posix_only(tree):
    """Lines and names of what only POSIX has, except where an ImportError is caught, and inside of
    `if hasattr(…)`.
    """
    caught = {node for block in ast.walk(tree) if asked(block)
              for part in block.body for node in ast.walk(part)}
    for node in ast.walk(tree):
        if node in caught:
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in POSIX_ONLY.get(node.value.id, ()):
                yield node.lineno, f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = ([alias.name for alias in node.names] if isinstance(node, ast.Import)
                     else [node.module])
            yield from ((node.lineno, f"import {name}") for name in names if name in POSIX_MODULES)


def asked(block):
    """Whether a statement takes care of what is absent."""
    match block:
        case ast.If():
            return "hasattr(" in ast.unparse(block.test)
        case ast.With():
            return any("suppress(ImportError" in ast.unparse(item) for item in block.items)
        case ast.Try():
            return any("ImportError" in ast.unparse(handler.type)
                       for handler in block.handlers if handler.type)
    return False


@pytest.mark.parametrize("text, found", [
    ("import fcntl", ["import fcntl"]),
    ("def f():\n    from termios import tcgetattr", ["import termios"]),
    ("try:\n    import fcntl\nexcept ImportError:\n    fcntl = None", []),
    ("with suppress(ImportError):\n    import fcntl", []),
    ("try:\n    import fcntl\nexcept OSError:\n    pass", ["import fcntl"]),
    ("os.fork()", ["os.fork"]), ("if hasattr(os, 'nice'):\n    os.nice(1)", []),
    ("signal.signal(signal.SIGHUP, f)", ["signal.SIGHUP"]), ("signal.SIGINT", []),
])
def test_what_only_posix_has_is_found(text, found):
    assert [what for _, what in posix_only(ast.parse(text))] == found
