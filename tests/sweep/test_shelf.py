"""What one computer of a cluster has compiled, the others use."""

import asyncio
import os
from collections import Counter
from contextlib import contextmanager

import pytest

from pteg import cache_folder
from pteg.sweep import sweep

pytest.importorskip("distributed", reason="needs the extra `sweep`")

FUNCTION = '''
from pteg.jit import njit


@njit(cache=True)
def work(x):
    return 3 * x + {n}
'''


def used(n, design):
    """A generated module and a design, compiled by whoever does not have them."""
    from amaranth.hdl import Elaboratable, Module, Signal

    from pteg.engine import load_design
    from pteg.generated import load_module

    class Adder(Elaboratable):
        def elaborate(self, platform):
            m = Module()
            self.total = Signal(8)
            m.d.sync += self.total.eq(self.total + design)
            return m

    module = load_module("shelf", FUNCTION.format(n=design))
    native = load_design(Adder, sources=[], parameters=design, name="adder")
    state = native.new_state()
    for _ in range(n):
        native.step(state)
    return {"work": module.work(n), "total": native.read(state, "total")}


def compiled(n, design, folder):
    """The same; a file tells of all that is compiled."""
    from pteg import jit
    from pteg.engine import cache

    def note(kind, act):
        def noted(*arguments):
            with open(os.path.join(folder, "made"), "a") as file:
                file.write(f"{kind}{design} {os.environ['PTEG_CACHE']}\n")
            return act(*arguments)
        return noted

    before = cache.put, jit._Files.save
    cache.put, jit._Files.save = note("engine", before[0]), note("numba", before[1])
    try:
        return used(n, design)
    finally:
        cache.put, jit._Files.save = before


GRID = {"n": range(3), "design": [1, 2]}
#: A design, its machine code, a function of numba.
ENTRIES = 3


@contextmanager
def computers(tmp_path, count=2, threads=1):
    """A cluster whose workers have a cache each, as if they were different computers."""
    from distributed import Nanny, Scheduler, SpecCluster

    workers = {n: {"cls": Nanny, "options": {
        "nthreads": threads, "host": "127.0.0.1",
        "env": {"PTEG_CACHE": str(tmp_path / f"computer{n}"), "NUMBA_CACHE_DIR": ""}}}
        for n in range(count)}
    scheduler = {"cls": Scheduler, "options": {"dashboard": False, "host": "127.0.0.1"}}
    with SpecCluster(workers, scheduler) as cluster:
        yield cluster


def made(folder):
    """How often each kind of file has been made for each design, and by whom."""
    file = folder / "made"
    lines = file.read_text().splitlines() if file.exists() else []
    return Counter(line.split()[0] for line in lines), {line.split()[1] for line in lines}


def test_the_client_has_compiled_and_the_workers_have_not(tmp_path, monkeypatch):
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path / "client"))
    grid = GRID | {"folder": [str(tmp_path)]}
    expected = sweep(compiled, grid, workers=1)
    assert sum(made(tmp_path)[0].values()) == 2 * ENTRIES
    (tmp_path / "made").unlink()
    with computers(tmp_path) as cluster:
        assert sweep(compiled, grid, cluster=cluster.scheduler_address) == expected
        # Nothing of it stays at the scheduler.
        assert not [name for name in {*cluster.scheduler.plugins, *cluster.scheduler.handlers}
                    if name.startswith("pteg")]
    assert not (tmp_path / "made").exists()
    kept = [{name for name in names(tmp_path / f"computer{n}") if "locks" not in name}
            for n in range(2)]
    assert set.union(*kept) == names(tmp_path / "client") and all(kept)


def names(folder):
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*")
            if file.is_file() and "__pycache__" not in file.parts and "locks" not in file.parts}


@pytest.mark.slow
def test_what_the_client_does_not_have_one_worker_makes(tmp_path, monkeypatch):
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path / "client"))
    grid = GRID | {"folder": [str(tmp_path)]}
    with computers(tmp_path) as cluster:
        table = sweep(compiled, grid, cluster=cluster.scheduler_address)
    kinds, caches = made(tmp_path)
    assert kinds == {"engine1": 2, "engine2": 2, "numba1": 1, "numba2": 1}
    assert str(tmp_path / "client") not in caches
    assert table == sweep(compiled, grid, workers=1)


@pytest.mark.slow
def test_threads_of_a_worker_do_not_wait_for_each_other(tmp_path, monkeypatch):
    """numba lets one thread compile at a time, and waits for the shelf meanwhile."""
    monkeypatch.setenv("PTEG_CACHE", str(tmp_path / "client"))
    with computers(tmp_path, threads=2) as cluster:
        table = sweep(used, GRID, cluster=cluster.scheduler_address)
    assert table == sweep(used, GRID, workers=1)


@pytest.mark.slow
def test_another_pteg_gets_nothing(tmp_path, monkeypatch):
    """Its functions may have the same names, and call others of other texts."""
    from pteg.sweep import shelf

    monkeypatch.setenv("PTEG_CACHE", str(tmp_path / "client"))
    grid = {"n": [1], "design": [1], "folder": [str(tmp_path)]}
    expected = sweep(compiled, grid, workers=1)
    (tmp_path / "made").unlink()
    monkeypatch.setattr(shelf, "_version", lambda: "another")
    with computers(tmp_path, 1) as cluster:
        assert sweep(compiled, grid, cluster=cluster.scheduler_address) == expected
    kinds, caches = made(tmp_path)
    assert sum(kinds.values()) == ENTRIES and caches == {str(tmp_path / "computer0")}


class Scheduler:
    """As much of Dask's scheduler as a shelf uses."""

    def __init__(self):
        self.handlers, self.asked = {}, []

    def log_event(self, topic, file):
        self.asked.append(file)

    def remove_plugin(self, name):
        self.removed = name


def with_shelf(offered, script):
    """Run a coroutine with a shelf that has begun."""
    from pteg.sweep.shelf import Shelf

    async def run():
        scheduler = Scheduler()
        shelf = Shelf("pteg-1", "client", set(offered))
        await shelf.start(scheduler)
        await asyncio.wait_for(script(shelf, scheduler), 10)
    asyncio.run(run())


async def waits(task):
    """Whether a task is still waiting when all others have nothing to do."""
    for _ in range(20):
        await asyncio.sleep(0)
    return not task.done()


def test_the_first_one_makes_a_file_and_the_others_wait():
    async def script(shelf, scheduler):
        assert await shelf.take("file", "a") is None
        others = [asyncio.create_task(shelf.take("file", name)) for name in "bc"]
        assert all([await waits(task) for task in others])
        await shelf.put("file", b"data")
        assert [await task for task in others] == [b"data"] * 2
        assert await shelf.take("file", "a") == b"data" and scheduler.asked == []
    with_shelf([], script)


@pytest.mark.parametrize("how", ["leave", "remove_worker"])
def test_when_the_maker_leaves_another_one_makes_it(how):
    async def script(shelf, scheduler):
        assert await shelf.take("file", "a") is None
        others = [asyncio.create_task(shelf.take("file", name)) for name in "bc"]
        assert all([await waits(task) for task in others])
        await (shelf.leave("a") if how == "leave" else
               shelf.remove_worker(scheduler, "a", stimulus_id=""))
        assert [await waits(task) for task in others].count(True) == 1
        (done,) = [task for task in others if task.done()]
        (left,) = set(others) - {done}
        assert await done is None
        await shelf.put("file", b"data")
        assert await left == b"data"
    with_shelf([], script)


def test_no_two_wait_for_each_other():
    async def script(shelf, scheduler):
        assert await shelf.take("x", "a") is None and await shelf.take("y", "b") is None
        assert await shelf.take("y", "a") is None and await shelf.take("x", "b") is None
    with_shelf([], script)


def test_the_client_is_asked_once_for_what_it_has():
    async def script(shelf, scheduler):
        asking = [asyncio.create_task(shelf.take("file", name)) for name in "ab"]
        assert all([await waits(task) for task in asking]) and scheduler.asked == ["file"]
        await shelf.leave("client")     # it has lost the file
        assert [await waits(task) for task in asking].count(True) == 1
        assert scheduler.asked == ["file"]
        await shelf.put("file", b"")
        assert {await task for task in asking} == {None, b""}
        shelf.remove_client(scheduler, "somebody")
        assert scheduler.handlers
        shelf.remove_client(scheduler, "client")
        assert not scheduler.handlers and scheduler.removed == "pteg-1"
    with_shelf(["file"], script)


def test_a_scheduler_that_takes_no_plugin_is_used_without():
    from pteg.sweep.shelf import lend

    class Client:
        id = "client"

        def subscribe_topic(self, topic, handler):
            pass

        def register_plugin(self, plugin):
            raise ValueError("Cannot register a scheduler plugin: pickle is not allowed")

    assert lend(Client(), str.upper) is str.upper


def test_a_file_of_the_shelf_is_kept_here_too(tmp_path, monkeypatch):
    class Shelf:
        def __init__(self):
            self.given = {}

        def take(self, name):
            return b"theirs" if name == "a" else None

        def put(self, name, data):
            self.given[name] = data

    monkeypatch.setenv("PTEG_CACHE", str(tmp_path))
    shelf = Shelf()
    assert cache_folder.read("a") is None and not cache_folder.is_borrowing()
    with cache_folder.borrowing(shelf):
        assert cache_folder.is_borrowing()
        assert cache_folder.read("a") == b"theirs" and cache_folder.read("b") is None
        cache_folder.keep("b", b"ours")
    assert shelf.given == {"b": b"ours"}
    assert (cache_folder.read("a"), cache_folder.read("b")) == (b"theirs", b"ours")
    assert cache_folder.names() == {"a", "b"}
