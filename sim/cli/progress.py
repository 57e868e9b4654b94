"""What a person at a terminal sees while something takes long."""

import sys
import threading
from contextlib import contextmanager

from pteg.waiting import waits

__all__ = ["waits_shown", "progress"]

#: Seconds after which a wait is worth a line.
PATIENCE = 1


@contextmanager
def waits_shown():
    """Within: a wait prints its name on stderr, at a terminal."""
    before = waits.show
    if sys.stderr is not None and sys.stderr.isatty():
        waits.show = _line
    try:
        yield
    finally:
        waits.show = before


@contextmanager
def _line(name):
    timer = threading.Timer(PATIENCE, print, [f"[{name} ...]"], {"file": sys.stderr, "flush": True})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def progress(unit, count, total=None):
    """A bar on stderr, unless the console is beside it.

    Yields a function to call now and then, with another total if that has changed.

    Parameters
    ----------
    unit : str
        What is counted.
    count : callable
        How many there have been.
    total : int, optional
        How many of them there will be from now on.
    """
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda total=None: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    start = count()
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                  TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(unit, total=total)

        def advance(total=total):
            bar.update(task, completed=count() - start, total=total)

        yield advance
