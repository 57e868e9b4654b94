"""Every example in the documentation runs.

The `python` blocks of a document run one after the other in one process; a block that begins with a
comment `# name.py` becomes a file of that name instead. Each command of a `console` block, a line
that begins with `$ `, runs in a shell, or at once if it is nothing but one of pteg. All that
happens in a folder that is empty at first.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command import run_pteg

ROOT = Path(__file__).parents[2]


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.M | re.S)


#: Examples that take long, by language.
LONG = {"python": {"docs/course/faults.md", "docs/report.md"},
        "console": {"docs/checkpoints.md", "docs/mol/run.md", "docs/report.md",
                    "docs/waveforms.md"}}


def documents(language):
    names = {str(file.relative_to(ROOT)): file for file in
             sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]) if blocks(file, language)}
    assert LONG[language] <= names.keys()
    return [pytest.param(file, id=name, marks=[pytest.mark.slow] * (name in LONG[language]))
            for name, file in names.items()]


def check(command, folder):
    # The programs of this environment first, as in an activated one.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=1800,
                          env={**os.environ, "PATH": path})
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("document", documents("python"))
def test_python_examples(document, tmp_path):
    lines = []
    for block in blocks(document, "python"):
        name = re.match(r"# (\w+\.py)\n", block)
        if name:
            (tmp_path / name[1]).write_text(block)
        else:
            lines.append(block)
    script = tmp_path / "all_examples.py"
    script.write_text("\n".join(lines))
    check([sys.executable, script], tmp_path)


@pytest.mark.parametrize("document", documents("console"))
def test_commands(document, tmp_path):
    for block in blocks(document, "console"):
        for command in re.findall(r"^\$ ((?:.*\\\n)*.*)", block, re.M):
            words = shlex.split(command.replace("\\\n", " "))
            if words[0] == "pteg" and not {"|", ">", "<", "&&", ";"} & set(words):
                done = run_pteg(*words[1:], cwd=tmp_path, timeout=1800)
                assert done.returncode == 0, done.stdout + done.stderr
            else:
                check(["sh", "-c", command], tmp_path)


def test_every_page_is_in_the_contents_of_the_site():
    docs = ROOT / "docs"
    entries = [line.strip() for block in blocks(docs / "index.md", "{toctree}")
               for line in block.splitlines() if line.strip() and not line.startswith(":")]
    pages = {page for entry in entries for page in docs.glob(f"{entry}.md")}
    assert {*docs.rglob("*.md")} == pages
