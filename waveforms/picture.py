"""A window of a waveform as a picture: SVG, or WaveJSON for WaveDrom and other programs."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape

from pteg.errors import UserError
from pteg.waveforms.reader import Waves

__all__ = ["Shown", "Lane", "lanes", "svg", "wavejson", "MOST"]

#: Cycles of a picture that a reader can take in.
MOST = 400
# Sizes in pixels: of a row, half of a signal's swing, a character of a value.
ROW, HALF, CHARACTER, LETTER = 30, 9, 6.3, 6.2
STYLE = ("text{font:11px sans-serif;fill:#222}.value{font:10px monospace;text-anchor:middle}"
         ".time{font-size:9px;fill:#777}polyline,path{fill:none;stroke:#1f5fa8;stroke-width:1.2}"
         ".grid{stroke:#ddd;stroke-width:.6}.idle{stroke:#aaa}")


@dataclass(frozen=True)
class Shown:
    """A signal of a picture.

    Attributes
    ----------
    path : str
    label : str
        By default the path.
    valid : str or None
        Path of a signal: where it is `blank`, this one means nothing and is left out.
    blank : int or str
    """

    path: str
    label: str = ""
    valid: str | None = None
    blank: int | str = 0


@dataclass(frozen=True)
class Lane:
    """A row of a picture: `values` has a text for each cycle, or None where there is nothing to
    show. Those of a `bit` are 0 and 1."""

    label: str
    bit: bool
    values: tuple[str | None, ...]

    @property
    def runs(self) -> list[tuple[int, int, str | None]]:
        """(first, end, value) of equal neighbours."""
        found, first = [], 0
        for value, group in groupby(self.values):
            count = len(list(group))
            found.append((first, first + count, value))
            first += count
        return found


def lanes(waves: Waves, shown: Sequence[Shown], first: int, stop: int) -> list[Lane]:
    """The rows of a picture of the cycles from `first` up to `stop`."""
    if not 0 < stop - first <= MOST:
        raise UserError(f"a picture must have 1 to {MOST} cycles, not {stop - first}")
    found = []
    for signal in shown:
        values = waves.values(signal.path, first, stop)
        if signal.valid is not None:
            values = [None if valid in (None, signal.blank) else value for value, valid in zip(
                values, waves.values(signal.valid, first, stop), strict=True)]
        width = waves.widths[signal.path]
        found.append(Lane(signal.label or signal.path, width == 1,
                          tuple(_text(value, width) for value in values)))
    return found


def _text(value, width):
    if value is None:
        return None
    if width is None:
        return value.replace("_", " ")
    return f"{value:0{(width + 3) // 4}X}"


# SVG ----------------------------------------------------------------------------------------------

def svg(rows: Sequence[Lane], first: int) -> str:
    """The picture as SVG. The clock is above the rows; `first` is the number of the first cycle."""
    count = len(rows[0].values)
    left = 24 + int(LETTER * max(len(row.label) for row in rows))
    step = min(78, max(14, 1330 // count))
    bottom = 34 + ROW * (len(rows) + 1)
    shapes, every = [], max(1, -(-56 // step))
    for number in range(count + 1):
        x = left + number * step
        shapes.append(f'<path d="M{x},24V{bottom}" class="grid"/>')
        if number % every == 0 and number < count:
            shapes.append(f'<text x="{x}" y="18" class="time">{first + number}</text>')
    points = " ".join(f"{left + (i + part) * step / 2:g},{44 - HALF if i % 2 == 0 else 44 + HALF}"
                      for i in range(2 * count) for part in (0, 1))
    shapes += ['<text x="8" y="48">clk</text>', f'<polyline points="{points}"/>']
    for number, row in enumerate(rows, 1):
        y = 44 + ROW * number
        shapes.append(f'<text x="8" y="{y + 4}">{escape(row.label)}</text>')
        draw = _bit if row.bit else _bus
        shapes += draw(row, y, lambda cycle: left + cycle * step)
    width, height = left + count * step + 10, bottom + 6
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}">', f"<style>{STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>', *shapes, "</svg>", ""])


def _idle(y, left, right):
    return f'<path d="M{left},{y}H{right}" class="idle"/>'


def _bit(row, y, at):
    shapes = []
    for known, group in groupby(row.runs, key=lambda run: run[2] is not None):
        runs = list(group)
        if not known:
            shapes.append(_idle(y, at(runs[0][0]), at(runs[-1][1])))
            continue
        points = [f"{at(place)},{y - HALF if value == '1' else y + HALF}"
                  for first, end, value in runs for place in (first, end)]
        shapes.append(f'<polyline points="{" ".join(points)}"/>')
    return shapes


def _bus(row, y, at):
    shapes = []
    for first, end, value in row.runs:
        left, right = at(first), at(end)
        if value is None:
            shapes.append(_idle(y, left, right))
            continue
        shapes.append(f'<path d="M{left},{y}l3,{-HALF}H{right - 3}l3,{HALF}l-3,{HALF}'
                      f'H{left + 3}z"/>')
        room = int((right - left - 6) / CHARACTER)
        if room >= min(len(value), 4):
            text = value if room >= len(value) else value[:room - 1] + "…"
            shapes.append(f'<text x="{(left + right) / 2:g}" y="{y + 4}" class="value">'
                          f'{escape(text)}</text>')
    return shapes


# WaveJSON -----------------------------------------------------------------------------------------

def wavejson(rows: Sequence[Lane], first: int) -> str:
    """The picture as WaveJSON: a character for each cycle, and the values of `=` in `data`."""
    signals: list[dict] = [{"name": "clk", "wave": "p" + "." * (len(rows[0].values) - 1)}]
    for row in rows:
        wave, data = "", []
        for begin, end, value in row.runs:
            sign = "x" if value is None else value if row.bit else "="
            wave += sign + "." * (end - begin - 1)
            if sign == "=":
                data.append(value)
        signals.append({"name": row.label, "wave": wave} | ({"data": data} if data else {}))
    text = json.dumps({"signal": signals, "head": {"tick": first}}, indent=1, ensure_ascii=False)
    # A signal in a line.
    return re.sub(r"\n {2,}|\n (?=[}\]])", "", text) + "\n"
