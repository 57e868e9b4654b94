"""A result as a picture (SVG): exits by phases, the hash table by owner over time, counters."""

from typing import Any
from xml.sax.saxutils import escape

from pteg.errors import UserError
from pteg.mol.phases import Phase

__all__ = ["draw"]

WIDTH, ROW, LEFT, RIGHT, BARS, COLUMNS = 760, 20, 190, 60, 14, 3
#: Of the phases, in their order; of the owners of the hash table.
COLORS = ("#0366d6", "#2188ff", "#79b8ff", "#d73a49", "#f9826c", "#6a737d", "#959da5", "#22863a",
          "#85e89d")
OWNERS = ("#6a737d", "#0366d6", "#22863a")


def draw(result: dict[str, Any]) -> str:
    """The picture of what `pteg.mol.run` has returned, of the pipeline model."""
    if result["cpu"] != "pipeline":
        raise UserError("a picture needs cpu='pipeline': the functional model has no cycles")
    bars, height = _bars(list(result["exits"].items())[:BARS], 50)
    curve, height = _occupancy(result["occupancy"], height + 50)
    counters, height = _counters(result["counters"], height + 40)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="10" y="20" font-size="14">{escape(result["title"])}</text>',
        *bars, *curve, *counters, "</svg>"]) + "\n"


def _counters(counters, top):
    """A table of the counters that are not 0."""
    parts = [f'<text x="10" y="{top - 8}">counters that are not 0</text>']
    shown = [(name, count) for name, count in counters.items() if count]
    rows = -(-len(shown) // COLUMNS)
    for place, (name, count) in enumerate(shown):
        x, y = 10 + place // rows * (WIDTH // COLUMNS), top + 14 + place % rows * 16
        parts.append(f'<text x="{x}" y="{y}">{escape(name)}</text>'
                     f'<text x="{x + WIDTH // COLUMNS - 20}" y="{y}" text-anchor="end">{count:,}'
                     '</text>')
    return parts, top + 16 * rows + 15


def _bars(exits, top):
    """A bar for each kind of exit, of the typical one's cycles."""
    most = max((row["cycles"] for _, row in exits), default=1)
    scale, parts, y = (WIDTH - LEFT - RIGHT) / most, [], top
    for kind, row in exits:
        x = float(LEFT)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(kind)} '
                     f'({row["count"]})</text>')
        for phase in Phase:
            width = row["phases"].get(phase.name, 0) * scale
            if width:
                parts.append(f'<rect x="{x:.1f}" y="{y + 2}" width="{width:.1f}" '
                             f'height="{ROW - 5}" fill="{COLORS[phase]}"/>')
            x += width
        parts.append(f'<text x="{x + 5:.1f}" y="{y + 13}">{row["cycles"]}</text>')
        y += ROW
    for place, phase in enumerate(Phase):
        x = 10 + place * 82
        parts.append(f'<rect x="{x}" y="{y + 10}" width="10" height="10" fill="{COLORS[phase]}"/>'
                     f'<text x="{x + 14}" y="{y + 19}" font-size="10">'
                     f'{phase.name.lower().replace("_", " ")}</text>')
    return [f'<text x="{LEFT}" y="{top - 8}">cycles of the typical exit, by phase</text>',
            *parts], y + 30


def _occupancy(samples, top):
    """Entries of the hash table by owner; each curve is that of one owner."""
    if not samples:
        return [], top
    names = [name for name in samples[-1] if name not in ("instructions", "cycles", "slots")]
    most = max(max(sample.get(name, 0) for name in names) for sample in samples) or 1
    begin, end = samples[0]["cycles"], max(samples[-1]["cycles"], samples[0]["cycles"] + 1)
    high, width = 120, WIDTH - LEFT - RIGHT
    parts = [f'<text x="{LEFT}" y="{top - 8}">entries of the hash table, by owner, over '
             f'{end - begin:,} cycles</text>',
             f'<path d="M{LEFT} {top}V{top + high}H{WIDTH - RIGHT}" stroke="#999" fill="none"/>',
             f'<text x="{LEFT - 8}" y="{top + 10}" text-anchor="end">{most}</text>']
    for number, name in enumerate(names):
        points = " ".join(
            f"{LEFT + width * (sample['cycles'] - begin) / (end - begin):.1f},"
            f"{top + high - high * sample.get(name, 0) / most:.1f}" for sample in samples)
        color = OWNERS[number % len(OWNERS)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>'
                     f'<text x="{LEFT - 8}" y="{top + 30 + 16 * number}" text-anchor="end" '
                     f'fill="{color}">{escape(name)}</text>')
    return parts, top + high + 15
