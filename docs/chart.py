"""Line charts of the documentation, as SVG."""

from pathlib import Path

__all__ = ["draw"]

WIDTH, HEIGHT, MARGIN = 560, 300, 60
COLORS = ("#0366d6", "#d73a49", "#22863a")
STEPS = 4


def percent(value):
    """A part of 1."""
    return f"{value:.0%}".replace("%", " %")


def draw(name, title, axis, lines, *, label=str, top=1, value=percent):
    """Write a chart beside this file.

    Parameters
    ----------
    name : str
        Of the file.
    title, axis : str
        Text above the chart; text below it, about x.
    lines : list of (str, list of (x, y))
        Each with its name; all have the same x, which are drawn equally far apart.
    label, value : callable
        Texts for an x and for a y.
    top : float
        The largest y.
    """
    ticks = [x for x, _ in lines[0][1]]
    left, right, upper, lower = MARGIN, WIDTH - 20, 40, HEIGHT - 50

    def place(x, y):
        return (left + (right - left) * ticks.index(x) / (len(ticks) - 1),
                lower - (lower - upper) * y / top)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             'font-family="sans-serif" font-size="12">',
             f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
             f'<text x="{left}" y="20" font-size="14">{title}</text>',
             f'<text x="{(left + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{axis}</text>']
    for step in range(STEPS + 1):
        _, y = place(ticks[0], top * step / STEPS)
        parts.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#ccc"/>'
                     f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">'
                     f'{value(top * step / STEPS)}</text>')
    for x in ticks:
        parts.append(f'<text x="{place(x, 0)[0]:.1f}" y="{lower + 18}" '
                     f'text-anchor="middle">{label(x)}</text>')
    for number, (text, points) in enumerate(lines):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLORS[number]}" '
                     'stroke-width="2"/>'
                     f'<text x="{right - 150 * number}" y="{upper - 6}" text-anchor="end" '
                     f'fill="{COLORS[number]}">{text}</text>')
    Path(__file__).with_name(name).write_text("\n".join([*parts, "</svg>"]) + "\n")
