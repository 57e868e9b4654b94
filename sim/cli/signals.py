"""Signals that end pteg: at once, or only noted where nothing must be interrupted."""

import atexit
import contextlib
import os
import signal
import sys
import threading
import time

from pteg.cli.exits import ExitCode
from pteg.interrupts import ENDING

__all__ = ["interrupts_raised", "interrupts_noted", "leave"]

#: Seconds after which a signal that was lost in a callback is raised again.
AGAIN = 0.05

#: Those that have raised an exception.
_raised: list[int] = []


def interrupts_raised():
    """From here on, SIGTERM and SIGHUP raise SystemExit, as SIGINT raises KeyboardInterrupt; none
    is lost.

    Where foreign code calls Python (numba's and LLVM's callbacks, finalizers), Python can only
    report an exception and continue. A signal that came in there is raised again a moment later.
    What fails after it is not reported: finalizers of objects that a signal left half made.
    """
    _raised.clear()

    def end(number, frame):
        _raised.append(number)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(ExitCode(128 + number))

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
    report = sys.unraisablehook

    def raise_again(unraisable):
        match unraisable.exc_value:
            case KeyboardInterrupt():
                number = signal.SIGINT
            case SystemExit(code=ExitCode() as code):
                number = code - 128
            case _:
                return None if _raised else report(unraisable)
        threading.Thread(target=_send, args=[number, raise_again.__code__], daemon=True).start()

    sys.unraisablehook = raise_again


def leave(code):
    """End the process if a signal has come in, so that none of the objects that it left half made
    is finalized: LLVM's modules crash after their context has gone."""
    if not _raised:
        return
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.flush()
    os._exit(code)


def _send(number, hook):
    main = threading.main_thread().ident
    time.sleep(AGAIN)
    while _is_within(sys._current_frames().get(main), hook):    # it would be lost there too
        time.sleep(AGAIN)
    # To the main thread, whose sleep or system call ends with it; Windows has no such call.
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, number)
    else:
        signal.raise_signal(number)


def _is_within(frame, code):
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None


@contextlib.contextmanager
def interrupts_noted():
    """Within: signals that end programs are only noted; yields a function that gives the number of
    the first, or 0.

    Compiled code and half-written files are never interrupted in the middle. A signal that is
    ignored stays so: `nohup` and shells' background jobs rely on it.
    """
    noted = []
    before = {number: signal.signal(number, lambda number, frame: noted.append(number))
              for number in ENDING
              if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        yield lambda: noted[0] if noted else 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
