"""Work in a second thread, so that the machine runs on while its waveform is written."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

__all__ = ["Behind"]


class Behind:
    """Does one piece of work after the other, at most one at a time.

    What a piece raises is raised by the next call of a method.

    Parameters
    ----------
    thread : bool
        Without one, `do` does the work itself.
    """

    def __init__(self, thread: bool) -> None:
        self._threaded = thread
        self._thread: ThreadPoolExecutor | None = None
        self._last: Future | None = None

    def do(self, act: Callable[..., Any], *arguments: Any) -> None:
        """Begin with `act(*arguments)`, when the piece before has ended.

        The first one is done at once: it compiles what is not in the cache, and the machine would
        have to wait for that anyway.
        """
        self.wait()
        if not self._threaded:
            act(*arguments)
        elif self._thread is None:
            self._thread = ThreadPoolExecutor(1, "waveform")
            act(*arguments)
        else:
            self._last = self._thread.submit(act, *arguments)

    def wait(self) -> None:
        """Until all is done."""
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def close(self) -> None:
        """End the thread; nothing more is to be done."""
        try:
            self.wait()
        finally:
            if self._thread is not None:
                self._thread.shutdown()
                self._thread = None
