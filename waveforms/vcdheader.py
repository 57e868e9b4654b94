"""The header of a VCD file: timescale, scopes, variables."""

import io

from vcd import VCDWriter

from pteg.errors import UserError

__all__ = ["Header", "timebase"]

#: Time units in femtoseconds, the coarsest first. Only single ones: viewers count in these.
_UNITS = (("1 us", 10 ** 9), ("1 ns", 10 ** 6), ("1 ps", 10 ** 3), ("1 fs", 1))


def timebase(frequency):
    """Timescale and half period for a clock of `frequency` hertz.

    Returns
    -------
    (str, int)
        The coarsest timescale that represents half a period exactly (1 fs if none does), and that
        half period in its units.
    """
    if not frequency > 0:
        raise UserError(f"a clock frequency must be positive, not {frequency!r}")
    half = 10 ** 15 / (2 * frequency)
    femtoseconds = max(1, round(half))
    if abs(half - femtoseconds) < 1e-6:
        for scale, size in _UNITS:
            if femtoseconds % size == 0:
                return scale, femtoseconds // size
    return "1 fs", femtoseconds


class Header:
    """The header of a file: pyvcd's, with names that every viewer takes."""

    def __init__(self, scale, comment):
        self._text = io.StringIO()
        self._writer = VCDWriter(self._text, timescale=scale, date="", version="pteg",
                                 comment=comment)

    def add(self, place, type, width):
        """Register a variable."""
        return self._writer.register_var(place[:-1], place[-1], type, width)

    def alias(self, place, variable):
        """Register another name of a variable."""
        self._writer.register_alias(place[:-1], place[-1], variable)

    def text(self):
        """The header up to its end; the values that pyvcd would write next are not ours."""
        self._writer.flush()
        head, end, _ = self._text.getvalue().partition("$enddefinitions $end\n")
        return (head + end).encode()
