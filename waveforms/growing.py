"""A file that says so when it becomes too large for those who are to open it."""

import os
from collections.abc import Callable

from pteg.outputs import OutputFile

__all__ = ["GrowingFile"]

#: Bytes that viewers open in a moment.
LARGE = 100 << 20


class GrowingFile(OutputFile):
    """An output file that counts what is written.

    Parameters
    ----------
    path : path
    advice : str
        What keeps it small.
    warn : callable
        Called once with a line of text.
    **options
        See `pteg.outputs.OutputFile`.
    """

    def __init__(self, path: str | os.PathLike, advice: str, warn: Callable[[str], object] | None,
                 **options):
        super().__init__(path, **options)
        self._text = (f"{os.fspath(path)} is larger than {LARGE >> 20} MB, and viewers take long "
                      f"to open it: {advice}")
        self._left, self._warn = LARGE, warn

    def write(self, data):
        self._left -= len(data)
        if self._left < 0 and self._warn is not None:
            warn, self._warn = self._warn, None
            warn(self._text)
        return super().write(data)
