"""`Recording`: a waveform, a log or a ledger while the machine runs."""

import atexit
import contextlib
import sys
from collections.abc import Callable, Sequence

from pteg.errors import UserError

__all__ = ["Recording"]


class Recording:
    """A file that is being written while the machine runs.

    Parameters
    ----------
    close : callable
        Completes the file.
    file : object, optional
        Where `triggered` and `unreached` come from.
    """

    def __init__(self, close: Callable[[], None], file: object = None):
        self._close, self._file = close, file
        atexit.register(self._close_at_exit)

    def close(self) -> None:
        """Complete the file. Later calls do nothing."""
        atexit.unregister(self._close_at_exit)
        close, self._close = self._close, lambda: None
        close()

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except UserError as error:
            print(f"pteg: {error}", file=sys.stderr)

    def __enter__(self) -> "Recording":
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        # An exception in the block says more than one of ours.
        with contextlib.nullcontext() if kind is None else contextlib.suppress(UserError):
            self.close()

    @property
    def triggered(self) -> Sequence[int]:
        """Cycles in which the trigger of a waveform fired."""
        return getattr(self._file, "triggered", ())

    @property
    def unreached(self) -> str | None:
        """The window or the trigger that the run did not come to, in words; or None."""
        return getattr(self._file, "unreached", None)
