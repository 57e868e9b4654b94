"""Sweeps: a measurement at many points, on all cores or on a cluster."""

import hashlib
import inspect
import json
import platform
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import version
from os import PathLike
from typing import Any

from pteg import __version__
from pteg.errors import UserError
from pteg.sweep.journal import Journal
from pteg.sweep.points import key_text, named, points_of
from pteg.sweep.traces import Traces
from pteg.sweep.workers import open_workers
from pteg.table import Table, flat

__all__ = ["sweep", "Table"]


def sweep(measure: Callable[..., Mapping[str, Any]],
          points: Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]], *,
          workers: int | None = None, cluster: str | None = None,
          journal: str | PathLike | None = None, traces: str | PathLike | None = None,
          progress: Callable[[int, int], object] | None = None) -> Table:
    """Measure at every point.

    The table does not depend on how the points are run, if `measure` depends on nothing but its
    arguments: simulations do not.

    Parameters
    ----------
    measure : callable
        Called with the parameters of a point by name. Returns measures by name: numbers, texts,
        None, or mappings of these, such as `Machine.stats()`, whose names are joined by dots.
    points : mapping or iterable
        A grid, `{"dcache": ["8K", "32K"], "seed": range(3)}`, of which all combinations are run;
        or a list or generator of points, each a dict.
    workers : int, optional
        Processes; by default one for each core. 1: all points are run in this process.
    cluster : str, optional
        Address of a Dask scheduler, whose workers are used instead. Needs the extra `sweep`.
    journal : path, optional
        File that keeps what has been measured. If it exists, its points are not run again. It is
        refused if `measure` is another function; what else `measure` uses is not looked at.
    traces : path, optional
        Folder for waveforms: `measure` is called with `trace` too, the path of a file that is named
        after the point. Points that the journal has are not run, so they leave none.
    progress : callable, optional
        Called with the number of points that are done, and of all.

    Returns
    -------
    Table
        A row for each point: its parameters, seeds among them, then the measures. `Table.origin`
        has the function's name and hash, and the versions of pteg, Python and packages.

    Raises
    ------
    UserError
        `measure` has raised an exception, or returned something else; the message names the point.
        The points that were done before are in the journal.
    """
    todo = points_of(points)
    texts = {key_text(point): point for point in todo}
    book = None if journal is None else Journal(journal, _head(measure))
    done: dict[str, dict[str, Any]] = {} if book is None else {
        text: measures for text, measures in book.done.items() if text in texts}
    files = Traces(measure, traces)
    report = progress or (lambda count, total: None)
    report(len(done), len(texts))
    try:
        left = [text for text in texts if text not in done]
        with open_workers(workers, cluster, len(left)) as pool:
            for text, measures in pool.run(_Measure(measure, files), left):
                done[text] = measures
                if book is not None:
                    book.add(text, measures)
                report(len(done), len(texts))
    finally:
        if book is not None:
            book.close()
    return Table(({**point, **done[text]} for text, point in texts.items()), _origin(measure))


class _Measure:
    """What a worker does: from a point's text to its measures."""

    def __init__(self, measure: Callable[..., Mapping[str, Any]], traces: Traces):
        self._measure, self._traces = measure, traces

    def __call__(self, text: str) -> dict[str, Any]:
        point = json.loads(text)
        try:
            measures = self._measure(**point, **self._traces.of(point))
            if not isinstance(measures, Mapping):
                raise UserError(f"must return a mapping, not {type(measures).__name__}")
            found = flat(measures)
            if both := [name for name in found if name in point]:
                raise UserError(f"measure {both[0]!r} has the name of a parameter")
            return found
        except Exception as error:
            name = getattr(self._measure, "__name__", "measure")
            what = error if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            raise UserError(f"{name} at {named(point)}: {what}") from error


def _head(measure: Callable) -> dict[str, str]:
    """What makes a sweep another one: the function, and the version of pteg."""
    try:
        text = inspect.getsource(measure)
    except (OSError, TypeError):
        text = repr(getattr(measure, "__qualname__", ""))
    return {"measure": hashlib.sha256(text.encode()).hexdigest()[:16], "version": __version__}


def _origin(measure: Callable) -> dict[str, str]:
    """What determines the measures beside the parameters; nothing of when and where they ran."""
    return {"function": getattr(measure, "__name__", "measure"), **_head(measure),
            "python": platform.python_version(),
            **{name: version(name) for name in ("amaranth", "numba", "numpy")}}
