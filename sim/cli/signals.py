"""Signals that end pteg: at once, or only noted where nothing must be interrupted."""

import contextlib
import signal
import sys
import threading

from pteg.cli.exits import ExitCode

__all__ = ["interrupts_raised", "interrupts_noted"]

#: Signals that end programs; Windows has no SIGHUP.
_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP")
                if hasattr(signal, name))
#: Seconds after which a signal that was lost in a callback is raised again.
AGAIN = 0.05


def interrupts_raised():
    """From here on, SIGTERM raises SystemExit as SIGINT raises KeyboardInterrupt; neither is lost.

    Where foreign code calls Python (numba's and LLVM's callbacks, finalizers), Python can only
    report an exception and continue. A signal that came in there is raised again a moment later.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _terminated)
    report = sys.unraisablehook

    def raise_again(unraisable):
        number = {KeyboardInterrupt: signal.SIGINT, SystemExit: signal.SIGTERM}.get(
            unraisable.exc_type)
        if number is None:
            report(unraisable)
        else:
            threading.Timer(AGAIN, _send, [number]).start()

    sys.unraisablehook = raise_again


def _send(number):
    # To the main thread, whose sleep or system call ends with it; Windows has no such call.
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, number)
    else:
        signal.raise_signal(number)


def _terminated(number, frame):
    raise SystemExit(ExitCode.TERMINATED)


@contextlib.contextmanager
def interrupts_noted():
    """Within: signals that end programs are only noted; yields a function that gives the number of
    the first, or 0.

    Compiled code and half-written files are never interrupted in the middle. A signal that is
    ignored stays so: `nohup` and shells' background jobs rely on it.
    """
    noted = []
    before = {number: signal.signal(number, lambda number, frame: noted.append(number))
              for number in _ENDING
              if signal.getsignal(number) is not signal.SIG_IGN}
    try:
        yield lambda: noted[0] if noted else 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
