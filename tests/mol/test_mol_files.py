"""The C files of MOL's kernel part: each is told of in mol.h, and they call in one direction."""

import graphlib
import re

import pytest

from pteg.firmware.mol.image import FOLDER

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_FUNCTION = re.compile(r"^(?!static|typedef|extern)[\w *]+?\b(\w+)\([^;{}()]*\)\s*\{", re.MULTILINE)
_CALL = re.compile(r"\b(\w+)\b")


@pytest.fixture(scope="module")
def files():
    """Text of each file, without comments."""
    return {path.name: _COMMENT.sub("", path.read_text()) for path in FOLDER.glob("*.c")
            if path.name != "asm_offsets.c"}


@pytest.fixture(scope="module")
def defined(files):
    """The file of each function that others may call."""
    return {name: file for file, text in files.items() for name in _FUNCTION.findall(text)}


def test_files_call_in_one_direction(files, defined):
    calls = {file: {defined[name] for name in _CALL.findall(text) if name in defined} - {file}
             for file, text in files.items()}
    assert sum(map(len, calls.values())) > len(files)
    order = list(graphlib.TopologicalSorter(calls).static_order())     # names a circle if there is
    assert order[-1] == "session.c"


def test_the_header_says_where_each_function_is(defined):
    """Its sections have the names of the files."""
    header, place = (FOLDER / "mol.h").read_text(), []
    for line in header.splitlines():
        if heading := re.match(r"/\* ((?:\w+\.c(?:, )?)+)", line):
            place = heading[1].split(", ")
        elif declared := re.match(r"(?!static|extern)\w[\w *]+?\b(\w+)\(.*\);", line):
            assert defined[declared[1]] in place, line
