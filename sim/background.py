"""Work that another Python process does in the background."""

import subprocess
import sys
import tempfile
import weakref

__all__ = ["Background"]


class Background:
    """A module that runs as a program, with bytes for its standard input.

    It is killed when its result cannot be used any more: the object is gone, or this process ends.

    Parameters
    ----------
    module : str
        Name of the module, as `python -m` takes it.
    data : bytes
    """

    def __init__(self, module, data):
        self._process = None
        try:
            # Files without names: nothing is left behind, however this ends.
            self._output = tempfile.TemporaryFile()
            with tempfile.TemporaryFile() as source:
                source.write(data)
                source.seek(0)
                self._process = subprocess.Popen(
                    [sys.executable or "", "-m", module], stdin=source, stdout=self._output,
                    stderr=subprocess.DEVNULL)
        except OSError:
            return  # no room for files; no interpreter, as inside of another program
        weakref.finalize(self, _stop, self._process)

    def done(self):
        """Return whether there is nothing to wait for."""
        return self._process is None or self._process.poll() is not None

    def result(self):
        """Wait for what it wrote; None if it failed, or could not be started."""
        if self._process is None or self._process.wait() != 0:
            return None
        self._output.seek(0)
        return self._output.read()


def _stop(process):
    process.kill()
    process.wait()
