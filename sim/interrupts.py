"""Ctrl-C that waits: until what the machine has done is also recorded."""

import contextlib
import signal
import threading
from collections.abc import Iterator

__all__ = ["ENDING", "held"]

#: Signals that end programs; Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP")
               if hasattr(signal, name))


@contextlib.contextmanager
def held() -> Iterator[None]:
    """Within: signals that Python handles wait; at the end their handlers are called.

    For short pieces that must be whole: Ctrl-C between the cycles of a piece and what is written
    about them would lose these rows, or cut a file in the middle of a line. Only the main thread
    handles signals; in others, nothing has to wait.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {number: handler for number in ENDING
                if callable(handler := signal.getsignal(number))}
    for number in handlers:
        signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
