"""Signals that end pteg are never lost."""

import contextlib
import io
import signal
import subprocess
import sys

import pytest

from pteg.cli.commands import execute
from pteg.interrupts import ENDING

#: A signal comes in while foreign code calls Python: Python reports its exception and continues.
LOST = """
import ctypes, signal, time
from pteg.cli.signals import interrupts_raised

interrupts_raised()
@ctypes.CFUNCTYPE(None)
def callback():
    signal.raise_signal({number})
    time.sleep(0)
try:
    callback()
    time.sleep(600)
except BaseException as exception:
    print(type(exception).__name__, flush=True)
"""


@pytest.mark.parametrize("number, name", [
    (signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "SystemExit"),
    (signal.SIGHUP, "SystemExit")])
def test_a_signal_that_comes_in_during_a_callback_is_raised_after_it(number, name):
    done = subprocess.run([sys.executable, "-c", LOST.format(number=int(number))], timeout=60,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.stdout, done.stderr) == (name + "\n", "")


def test_a_signal_that_is_raised_again_waits_until_the_report_has_ended():
    """Here the report takes longer than what it waits for, as on a machine with much other work."""
    slow = """
import threading
import pteg.cli.signals

pteg.cli.signals.AGAIN = 0.01
start = threading.Thread.start
threading.Thread.start = lambda self: (start(self), time.sleep(0.5))
"""
    text = LOST.format(number=int(signal.SIGTERM)).replace("\ninterrupts_raised()\n",
                                                           f"{slow}\ninterrupts_raised()\n")
    done = subprocess.run([sys.executable, "-c", text], timeout=60, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("SystemExit\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_is_ignored_stays_ignored(number):
    text = """if 1:
        import os, signal
        from pteg.cli.signals import interrupts_noted, interrupts_raised
        interrupts_raised()
        with interrupts_noted() as noted:
            os.kill(os.getpid(), {number})
            print(noted())
        os.kill(os.getpid(), {number})
        print("here")
        """.format(number=int(number))
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN))
    assert (done.stdout, done.stderr) == ("0\nhere\n", "")


def test_other_exceptions_of_callbacks_are_reported():
    text = LOST.format(number=2).replace("signal.raise_signal(2)", "1 / 0").replace("(600)", "(0)")
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert "ZeroDivisionError" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("signalled", [True, False])
def test_a_finalizer_of_what_a_signal_left_half_made_is_not_reported(signalled):
    text = f"""if 1:
        import signal
        from pteg.cli.signals import interrupts_raised
        interrupts_raised()
        class Half:
            def __init__(self, signalled):
                if signalled:
                    signal.raise_signal(signal.SIGTERM)
                else:
                    raise SystemExit(143)
                self.whole = True
            def __del__(self):
                print(self.whole)
        Half({signalled})
        """
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (143, "")
    assert ("no attribute 'whole'" in done.stderr) is not signalled


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_that_a_signal_left_half_made_is_finalized(number):
    """LLVM crashed when a module went after its context. Files are closed all the same."""
    text = f"""if 1:
        import atexit, signal, time
        from pteg.cli import commands

        class HalfMade:
            def __del__(self):
                print("finalized")

        def app(*arguments, **options):
            half_made = HalfMade()
            try:
                signal.raise_signal({int(number)})
                time.sleep(60)
            finally:
                print("cleaned up")

        atexit.register(print, "closed")
        commands.app = app
        commands.main()"""
    done = subprocess.run([sys.executable, "-c", text], timeout=60, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (128 + number, "cleaned up\nclosed\n")


def test_a_command_line_that_a_program_executes_leaves_its_signals_alone():
    before = [signal.getsignal(number) for number in ENDING], sys.unraisablehook
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(SystemExit) as ended:
        execute(["--version"])
    assert ended.value.code == 0
    assert ([signal.getsignal(number) for number in ENDING], sys.unraisablehook) == before
