"""Where a run's console is connected: the user's terminal, a pipe, or a file.

At a terminal every key goes to the simulated machine at once, with two exceptions: Ctrl-C ends the
run, and Ctrl-] is the escape key: `q` after it ends the run too; any other key (Ctrl-C, Ctrl-]) is
sent to the machine. The terminal's settings are always restored.
"""

import contextlib
import errno
import os
import select
import signal
import sys

from pteg.errors import UserError
from pteg.files import read_file

__all__ = ["ConsoleLink"]

ESCAPE, CONTROL_C = 0x1D, 0x03


class ConsoleLink:
    """Carries characters between a machine's console and the outside.

    Parameters
    ----------
    console : pteg.console.Console
    input : path, optional
        File with the input, all of which is there from the start. Standard input otherwise.
    output : binary file
        Where the console's characters go.
    hold : bool
        Send no input before `release`.

    Attributes
    ----------
    quit : bool
        The user wants to end the run.
    signal : int
        SIGINT if that was by Ctrl-C, or 0.
    """

    def __init__(self, console, input=None, output=None, hold=False):
        self._console = console
        self._output = output or sys.stdout.buffer
        self._held = bytearray()
        self._hold = hold
        self._escaped = False
        self._last = b""
        self.quit, self.signal = False, 0
        self._stdin = None
        if input is not None:
            self._send(read_file(input))
        elif sys.stdin is not None and not sys.stdin.closed:
            self._stdin = sys.stdin.fileno()
        self.interactive = self._stdin is not None and os.isatty(self._stdin)

    def release(self):
        """Send what has been held back, and hold nothing back any more."""
        self._hold = False
        held, self._held = bytes(self._held), bytearray()
        self._send(held)

    def exchange(self):
        """Write what the machine has printed, read what there is to read."""
        text = self._console.read()
        if text:
            self._last = text[-1:]
            self._write(text)
        while self._stdin is not None and select.select([self._stdin], [], [], 0)[0]:
            data = self._read()
            if not data:
                self._stdin = None
            elif self.interactive:
                self._keys(data)
            else:
                self._send(data)

    def _read(self):
        try:
            return os.read(self._stdin, 4096)
        except OSError as error:
            if error.errno == errno.EIO:
                return b""  # the terminal has gone
            raise UserError(f"cannot read standard input: {error.strerror}") from None

    def _write(self, data):
        try:
            self._output.write(data)
            self._output.flush()
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            # The terminal has gone; SIGHUP ends the run, if it is to end.
            self._output = open(os.devnull, "wb")  # noqa: SIM115

    def finish_line(self):
        """Let what goes to stderr begin on a line of its own."""
        if self._last in (b"", b"\n"):
            return
        if self._output.isatty():
            self._write(b"\n")
        elif _same_file(self._output, sys.stderr):
            with contextlib.suppress(OSError):
                print(file=sys.stderr)

    def _keys(self, data):
        for key in data:
            if self._escaped:
                self._escaped = False
                if key == ord("q"):
                    self.quit = True
                else:
                    self._send(bytes([key]))
            elif key == CONTROL_C:
                self.quit, self.signal = True, signal.SIGINT
            elif key == ESCAPE:
                self._escaped = True
            else:
                self._send(bytes([key]))

    def _send(self, data):
        if self._hold:
            self._held += data
        elif data:
            self._console.write(data)

    @contextlib.contextmanager
    def raw(self):
        """Within: the terminal passes single keys and does not echo."""
        if not self.interactive:
            yield
            return
        import termios

        stdin = self._stdin     # which is None when it has ended
        before = termios.tcgetattr(stdin)
        settings = termios.tcgetattr(stdin)
        settings[0] &= ~(termios.ICRNL | termios.IXON)
        settings[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        settings[6][termios.VMIN], settings[6][termios.VTIME] = 1, 0
        termios.tcsetattr(stdin, termios.TCSADRAIN, settings)
        try:
            yield
        finally:
            with contextlib.suppress(termios.error):    # it may have gone
                termios.tcsetattr(stdin, termios.TCSADRAIN, before)


def _same_file(one, other):
    """Whether two files lead to the same place, as after `2>&1`."""
    try:
        return os.path.sameopenfile(one.fileno(), other.fileno())
    except (OSError, ValueError):
        return False
