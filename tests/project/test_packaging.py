"""The project as others get it: an editable install, and a wheel that is used from elsewhere."""

import email
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Folder -> package, as setup.py has it.
PACKAGES = {"sim": "pteg", "hw": "pteg.hw", "components": "pteg.components",
            "firmware": "pteg.firmware", "waveforms": "pteg.waveforms"}


def sources():
    """Files of the packages: their name in the wheel -> file."""
    return {f"{package.replace('.', '/')}/{file.relative_to(ROOT / folder).as_posix()}": file
            for folder, package in PACKAGES.items() for file in (ROOT / folder).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts}


def run(*command, cwd, **options):
    """Run a program and return what it printed; show that if it fails."""
    done = subprocess.run([os.fspath(part) for part in command], cwd=cwd, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy, so that no leftovers of an earlier build get into it."""
    tree = tmp_path_factory.mktemp("tree")
    for folder in PACKAGES:
        shutil.copytree(ROOT / folder, tree / folder,
                        ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    run(sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps",
        "--no-build-isolation", "-w", "dist", ".", cwd=tree)
    (found,) = (tree / "dist").glob("pteg-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel; the dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))",
                    cwd=folder).strip())
    # Only the folders: their .pth files, such as that of the editable install, have no effect.
    folders = [path for path in sys.path if Path(path).name == "site-packages"]
    (site / "dependencies.pth").write_text("\n".join(folders) + "\n")
    run(sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, "install",
        "--no-deps", "--no-index", wheel, cwd=folder)
    return python


def test_the_wheel_holds_every_file_of_the_packages(wheel):
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == set(sources())


def rendered(text):
    """The words of a text in Markdown, and the targets of its links and pictures."""
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    html = markdown.render(text)
    text = re.sub(r"<[^>]*>", " ", re.sub(r"</?(a|img)\b[^>]*>", "", html))
    return text.split(), re.findall(r' (?:href|src)="([^"]+)"', html)


def test_an_index_shows_no_link_that_leads_nowhere(wheel):
    """It has the text of README.md, and none of the files to which that leads."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    assert metadata["Description-Content-Type"] == "text/markdown"
    words, targets = rendered((ROOT / "README.md").read_text())
    assert rendered(metadata.get_payload(decode=True).decode()) == (words, []) and len(targets) > 20


def test_every_folder_with_python_files_is_a_package():
    missing = {file.parent for file in sources().values()
               if file.suffix == ".py" and not (file.parent / "__init__.py").exists()}
    assert not missing


def test_every_module_of_the_wheel_can_be_imported_elsewhere(installed, tmp_path):
    script = """
import importlib, pkgutil, sys, pteg
names = [module.name for module in pkgutil.walk_packages(pteg.__path__, "pteg.")]
for name in names:
    file = importlib.import_module(name).__file__
    assert file.startswith(sys.prefix), file
print(*sorted(names))
"""
    names = run(installed, "-c", script, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})
    expected = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
                for name in sources() if name.endswith(".py")} - {"pteg"}
    assert set(names.split()) == expected


def test_the_command_of_the_wheel_works_elsewhere(installed, tmp_path):
    (tmp_path / "one.s").write_text("_start: addi r3, r0, 5\n b _start\n")
    command = installed.parent / "pteg"
    assert "run" in run(command, "--help", cwd=tmp_path)
    run(command, "asm", "one.s", "-o", "one.elf", cwd=tmp_path)
    assert "li      r3,5" in run(command, "dis", "one.elf", cwd=tmp_path)


def test_the_editable_install_uses_these_files(tmp_path):
    script = "import pteg, pteg.hw, pteg.components, pteg.firmware, pteg.waveforms, sys; " \
             "print(*(sys.modules[name].__file__ for name in sys.argv[1:]), sep='\\n')"
    files = run(sys.executable, "-c", script, *PACKAGES.values(), cwd=tmp_path)
    assert files.split("\n")[:-1] == [str(ROOT / folder / "__init__.py") for folder in PACKAGES]


def test_importing_a_part_loads_neither_engine_nor_numba(tmp_path):
    enums = ", ".join(f"pteg.hw.{group}.enums" for group in ("bus", "cache", "core", "mmu"))
    script = "import sys, pteg, pteg.hw.isa.instructions, pteg.errors, pteg.hw.sizes; " \
             f"import {enums}; " \
             "assert not {'numba', 'amaranth', 'pteg.engine', 'networkx'} & set(sys.modules)"
    run(sys.executable, "-c", script, cwd=tmp_path)


# The container ------------------------------------------------------------------------------------

def instructions():
    """Instructions of the container file, and their arguments."""
    text = re.sub(r"^#.*\n|\\\n", "", (ROOT / "Containerfile").read_text(), flags=re.M)
    return [line.split(maxsplit=1) for line in text.splitlines() if line]


def test_the_container_copies_and_installs_what_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    supported = {text.rpartition(" ")[2] for text in project["classifiers"]}
    stages, made = [], set()
    for name, rest in instructions():
        words = rest.split()
        if name == "FROM":
            assert re.fullmatch(r"python:(3\.\d+)-slim", words[0])[1] in supported
            stages += words[2:]
        elif name == "COPY" and words[0].startswith("--from="):
            assert words[0].removeprefix("--from=") in stages and words[1] in made
        elif name == "COPY":
            assert all((ROOT / word).exists() for word in words[:-1]), rest
        elif name == "RUN":
            made |= set(re.findall(r"pip wheel .*-w (\S+)", rest))
            for extra in re.findall(r"\.whl\)\[(\w+)\]", rest):
                assert extra in project["optional-dependencies"]
    assert made == {"/wheels"} and stages == ["build"]


def test_the_container_runs_a_command_that_works(tmp_path):
    commands = [rest for name, rest in instructions() if name == "RUN" and rest.startswith("pteg ")]
    entries = [json.loads(rest) for name, rest in instructions() if name == "ENTRYPOINT"]
    assert len(commands) == 1 and entries == [["pteg"]]
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    run("sh", "-c", commands[0], cwd=tmp_path, env={**os.environ, "PATH": path})
    assert list(tmp_path.iterdir()) == []
