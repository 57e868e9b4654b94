"""Object files: made here or by another process, with the same bytes, however that one ends."""

import sys

import pytest

from pteg import background
from pteg.background import Background
from pteg.engine import objects

TEXT = """
define i64 @f(i64 %x) {
  %y = add i64 %x, 1
  ret i64 %y
}
"""


@pytest.fixture
def large(monkeypatch):
    monkeypatch.setattr(objects, "SMALL", 0)


def test_another_process_makes_the_same_object(large, monkeypatch):
    expected = objects.compile_object(TEXT)
    job = objects.Job(TEXT)
    monkeypatch.setattr(objects, "compile_object", None)  # not here
    assert job.result() == expected


def test_small_text_needs_no_process(monkeypatch):
    monkeypatch.setattr(objects, "Background", None)
    assert objects.Job(TEXT).result() == objects.compile_object(TEXT)


@pytest.mark.parametrize("interpreter", ["/nonexistent/python", "false", None])
def test_without_another_process_the_object_is_made_here(large, monkeypatch, interpreter):
    monkeypatch.setattr(sys, "executable", interpreter)
    assert objects.Job(TEXT).result() == objects.compile_object(TEXT)


def test_llvm_errors_are_those_of_this_process(large):
    with pytest.raises(RuntimeError, match="LLVM IR parsing error"):
        objects.Job("define nonsense").result()


def test_a_process_that_nobody_waits_for_ends(monkeypatch):
    started = []
    popen = background.subprocess.Popen
    monkeypatch.setattr(background.subprocess, "Popen",
                        lambda *a, **k: started.append(popen(*a, **k)) or started[0])
    work = Background("timeit", b"")  # reads nothing and would take some seconds
    (process,) = started
    assert process.poll() is None
    del work
    assert process.returncode is not None
