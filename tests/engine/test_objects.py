"""Object files: made here or by another process, with the same bytes, however that one ends."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pteg import background
from pteg.background import Background
from pteg.engine import objects
from pteg.engine.native import load_object

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


def test_threads_that_begin_together_load_an_object_once():
    """Two copies would be loaded otherwise; when one goes, its addresses are no longer code."""
    text = "".join(f"define void @{name}(ptr %s) {{\n  ret void\n}}\n" for name in "abcd")
    made, ready = [], threading.Barrier(4)

    def code():
        made.append(threading.get_ident())
        time.sleep(0.1)
        return objects.compile_object(text)

    functions = load_object(code, dict.fromkeys("abcd", 1))

    def address(name):
        ready.wait()
        return functions[name]._library()[name]     # `address` has a lock in Python 3.11

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(address, "abcd"))) == 4
    assert len(made) == 1
