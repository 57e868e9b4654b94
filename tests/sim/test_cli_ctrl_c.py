"""Ctrl-C, at the worst moment: a file's bytes are written, and it has no name yet."""

import contextlib
import io
import os
import re
from pathlib import Path

import pytest

from pteg.cli.commands import app, main

PAGE = Path(__file__).parents[2] / "docs" / "script-interface.md"

VCD = """$timescale 1 ns $end
$scope module top $end
$var wire 1 ! clk $end
$upscope $end
$enddefinitions $end
#0
0!
#1
1!
#2
0!
#3
1!
#4
0!
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "loop.s").write_text("_start: b _start\n")
    (tmp_path / "few.vcd").write_text(VCD)
    (tmp_path / "old").write_text("older")
    (tmp_path / "old.svg").write_text("older")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pteg.cli.commands.interrupts_raised", lambda: None)
    return tmp_path


def contents(folder):
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.mark.parametrize("command", [
    "asm loop.s -o new.elf", "asm loop.s -o old", "graph --output new", "graph --output old",
    "picture few.vcd -o new.svg", "picture few.vcd -o old.svg",
    "engine --component pteg.hw.mmu.walker:Walker -o old", "init project", "init a/b/project",
    "lab new L1", "lab new L2 a/b",
])
def test_no_file_is_half_written(folder, monkeypatch, command):
    reached = []

    def interrupted(handle):
        reached.append(handle)
        if len(reached) == last:
            raise KeyboardInterrupt

    before = contents(folder)
    last = 2 if command.split()[0] in ("init", "lab") else 1     # of several files the second
    monkeypatch.setattr(os, "fsync", interrupted)
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()), \
            pytest.raises(SystemExit) as ended:
        main(command.split())
    assert len(reached) == last, errors.getvalue()
    assert (ended.value.code, errors.getvalue()) == (130, "pteg: interrupted\n")
    assert contents(folder) == before


def test_every_command_is_in_the_table_of_the_page():
    table = PAGE.read_text().partition("\n## Ctrl-C\n")[2].partition("\n## ")[0]
    listed = {name.split()[0] for row in re.findall(r"^\| (`.*?) \|", table, re.M)
              for name in re.findall(r"`([^`]+)`", row)}
    assert listed == {name for name in app if not name.startswith("-")}
