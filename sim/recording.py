"""`Recording`: a waveform, a log or a ledger while the machine runs."""

import atexit

__all__ = ["Recording"]


class Recording:
    """A file that is being written while the machine runs."""

    def __init__(self, close):
        self._close = close
        atexit.register(self.close)

    def close(self):
        """Complete the file. Later calls do nothing."""
        atexit.unregister(self.close)
        close, self._close = self._close, lambda: None
        close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()
