"""Processes that want the same entry of the cache: one makes it, the others wait for it."""

import subprocess
import sys
import time

from pteg.engine import cache

#: Compiles a design with one more bit than the number of the test's folder has; prints what it did.
COMPILE = """
import sys
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from pteg.engine import compile_design, kept

class Design(wiring.Component):
    q: wiring.Out(32)
    def elaborate(self, platform):
        m = Module()
        m.d.sync += self.q.eq(self.q * 5 + 1)
        return m

jobs = []
job = kept.Job
kept.Job = lambda text: jobs.append(text) or job(text)
native = compile_design(Design(), name="design")
native.step
state = native.new_state()
native.step(state)
print(len(jobs), flush=True)
"""


def test_one_of_several_processes_compiles(tmp_path, monkeypatch):
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))
    processes = [subprocess.Popen([sys.executable, "-c", COMPILE], stdout=subprocess.PIPE,
                                  text=True) for _ in range(3)]
    counts = [int(process.communicate(timeout=120)[0]) for process in processes]
    assert sorted(counts) == [0, 0, 1]


def test_a_process_that_ends_holds_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))
    text = ("import time\nfrom pteg.engine import cache\n"
            "lock = cache.Lock('key')\nprint(1, flush=True)\n")
    process = subprocess.Popen([sys.executable, "-c", text + "time.sleep(60)"], text=True,
                               stdout=subprocess.PIPE)
    process.stdout.readline()
    monkeypatch.setattr(cache.Lock, "PATIENCE", 0.3)
    begin = time.monotonic()
    cache.Lock("key").release()         # it is held: this one gives up
    assert time.monotonic() - begin >= 0.3
    process.kill()
    process.wait()
    monkeypatch.setattr(cache.Lock, "PATIENCE", 60.0)
    begin = time.monotonic()
    with cache.Lock("key"), cache.Lock("key"):      # and never waits for itself
        assert time.monotonic() - begin < 30


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch):
    monkeypatch.setenv("PTEG_CACHE", "/dev/null/cache")
    with cache.Lock("key"):
        pass
