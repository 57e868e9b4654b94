"""Where the points of a sweep are run: here, in processes, or on a Dask cluster."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from pteg.errors import UserError

__all__ = ["open_workers"]

Act = Callable[[str], Any]
Results = Iterator[tuple[str, Any]]
#: How often a point is tried whose worker dies.
TRIES = 3


class _Here:
    """In this process, one after the other."""

    def run(self, act: Act, texts: Iterable[str]) -> Results:
        for text in texts:
            yield text, act(text)


class _Elsewhere:
    """By executors with the interface of `concurrent.futures`.

    Parameters
    ----------
    make : callable
        Makes an executor, anew when a worker has died and taken the old one with it.
    end : callable
        Ends an executor, and what it is running.
    ahead : int
        Points that are given to the executor at once: enough for all workers.
    prepare : callable, optional
        From what is to be done with a point to what the executor gets.
    """

    def __init__(self, make: Callable[[], Executor], end: Callable[[Any], None], ahead: int,
                 prepare: Callable[[Act], Act] = lambda act: act):
        self._make, self._end, self._ahead, self._prepare = make, end, ahead, prepare

    def run(self, act: Act, texts: Iterable[str]) -> Results:
        act = self._prepare(act)
        left = [(text, TRIES) for text in texts]
        left.reverse()
        running: dict[Future, tuple[str, int]] = {}
        executor = self._make()
        try:
            while left or running:
                while left and len(running) < self._ahead:
                    text, chances = left.pop()
                    running[executor.submit(act, text)] = text, chances
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                broken = False
                for future in finished:
                    text, chances = running.pop(future)
                    try:
                        yield text, future.result()
                    except BrokenExecutor as error:
                        if chances == 1:
                            raise UserError(f"the worker has died {TRIES} times at {text}"
                                            ) from error
                        broken = True
                        left.append((text, chances - 1))
                if broken:  # and all that it was running
                    left += [(text, chances) for text, chances in running.values()]
                    running.clear()
                    self._end(executor)
                    executor = self._make()
        finally:
            for future in running:
                future.cancel()
            self._end(executor)


def open_workers(workers: int | None, cluster: str | None, points: int
                 ) -> AbstractContextManager[_Here | _Elsewhere]:
    """A context manager of what runs the points; see `pteg.sweep.sweep`."""
    if workers is not None and (not isinstance(workers, int) or workers < 1):
        raise UserError(f"workers must be a number from 1 on, not {workers!r}")
    if cluster is not None:
        if workers is not None:
            raise UserError("workers are the cluster's: give the one or the other")
        return _cluster(cluster)
    return _processes(min(workers or os.cpu_count() or 1, max(points, 1)))


@contextmanager
def _processes(workers: int) -> Iterator[_Here | _Elsewhere]:
    if workers == 1:
        yield _Here()
        return
    yield _Elsewhere(lambda: _executor(workers),
                     lambda executor: executor.shutdown(kill_workers=True), 2 * workers)


def _executor(workers: int) -> Any:
    """Return processes of loky: clean ones, which take functions of scripts and notebooks too.

    Ctrl-C kills them in the midst of a point. loky's tracker, a process of its own, would warn on
    stderr of the semaphores that they leave.
    """
    from loky import ProcessPoolExecutor

    before = os.environ.get("PYTHONWARNINGS")
    quiet = "ignore:resource_tracker:UserWarning"
    os.environ["PYTHONWARNINGS"] = f"{before},{quiet}" if before else quiet
    try:
        return ProcessPoolExecutor(workers, initializer=_leave_signals)
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def _leave_signals() -> None:
    """Ctrl-C reaches all processes of a terminal; the first one ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _cluster(address: str) -> Iterator[_Elsewhere]:
    try:
        from distributed import Client

        from pteg.sweep.shelf import lend
    except ImportError:
        raise UserError("a cluster needs Dask: pip install 'pteg[sweep]'") from None
    try:
        client = Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UserError(f"cluster {address!r}: {error}") from None
    with client:
        ahead = 2 * max(1, sum(client.nthreads().values()))
        # Dask runs a point again whose worker has died.
        yield _Elsewhere(lambda: client.get_executor(pure=False, retries=TRIES),
                         lambda executor: executor.shutdown(wait=False), ahead,
                         partial(lend, client))
