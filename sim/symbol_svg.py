"""Schematic symbols: a component as a box with its ports, inputs left and outputs right.

An interface is one thick line, on the side of its first signal; a plain signal is a thin line with
its width.
"""

import base64
import inspect
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from pteg.graph import signature_name

__all__ = ["components", "ports", "symbol", "page"]

# Pixels: of a character, between ports, of a pin, around everything.
CHARACTER, STEP, PIN, MARGIN = 6.2, 18, 26, 8
STYLE = ("text{font:11px sans-serif;fill:#222}.out{text-anchor:end}.width{font-size:8px;fill:#666;"
         "text-anchor:middle}.name{font-weight:bold;text-anchor:middle}"
         "rect{fill:#fff;stroke:#1f5fa8;stroke-width:1.5}path{stroke:#1f5fa8;stroke-width:1}"
         ".interface{stroke-width:4}")


def components(design: Any) -> Iterator[Any]:
    """The components of a design, one of each class, in the order of the tree."""
    from amaranth.hdl import Fragment

    seen: set[type] = set()

    def visit(fragment: Any) -> Iterator[Any]:
        for origin in reversed(fragment.origins or ()):
            if hasattr(origin, "signature"):
                if type(origin) not in seen:
                    seen.add(type(origin))
                    yield origin
                break
        for child, _, _ in fragment.subfragments:
            yield from visit(child)

    yield from visit(Fragment.get(design, None))


def ports(component: Any) -> list[tuple[str, bool, str, int | None]]:
    """The ports of a component, in their order.

    Returns
    -------
    list of (str, bool, str, int or None)
        Name, whether it is an output, the interface's name ("" for a signal), and its width.
    """
    from amaranth.hdl import Shape
    from amaranth.lib.wiring import Out

    found: list[tuple[str, bool, str, int | None]] = []
    for name, member in component.signature.members.items():
        size = "".join(f"[{count}]" for count in member.dimensions)
        if member.is_signature:
            # The signature of an input is flipped already.
            first = next(iter(member.signature.flatten(member.signature.create())), None)
            out = first is None or bool(first[1].flow == Out)
            found.append((name + size, out, signature_name(member.signature), None))
        else:
            found.append((name + size, member.flow == Out, "", Shape.cast(member.shape).width))
    return found


def symbol(component: Any) -> str:
    """The symbol of a component as SVG."""
    every, name = ports(component), type(component).__name__
    sides = [[port for port in every if port[1] == out] for out in (False, True)]
    texts = [[f"{port}: {kind}" if kind else port for port, _, kind, _ in side] for side in sides]
    inner = (sum(max((CHARACTER * len(text) for text in side), default=0) for side in texts) + 36)
    inner = max(inner, CHARACTER * len(name) * 1.2 + 20)
    height = STEP * (max(map(len, sides)) + 1) + 14
    left, right = MARGIN + PIN, MARGIN + PIN + inner
    shapes = [f'<rect x="{left}" y="{MARGIN}" width="{inner:g}" height="{height}" rx="3"/>',
              f'<text x="{(left + right) / 2:g}" y="{MARGIN + 17}" class="name">{name}</text>']
    for side, labels, (edge, away) in zip(sides, texts, ((left, -1), (right, 1)), strict=True):
        for row, ((_, out, kind, width), text) in enumerate(zip(side, labels, strict=True), 1):
            y = MARGIN + 16 + STEP * row
            thick = ' class="interface"' if kind else ""
            shapes.append(f'<path d="M{edge:g},{y}h{away * PIN}"{thick}/>')
            shapes.append(f'<text x="{edge - away * 6:g}" y="{y + 4}" '
                          f'class="{"out" if out else "in"}">{escape(text)}</text>')
            if width is not None and width != 1:
                shapes.append(f'<text x="{edge + away * PIN / 2:g}" y="{y - 3}" class="width">'
                              f"{width}</text>")
    wide, high = right + PIN + MARGIN, height + 2 * MARGIN
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high}" '
        f'width="{wide:g}" height="{high}">', f"<style>{STYLE}</style>",
        f'<rect width="{wide:g}" height="{high}" style="stroke:none"/>', *shapes, "</svg>", ""])


def page(design: Any) -> str:
    """Markdown with the symbols of the components in `pteg.hw`, by folder."""
    folders: dict[str, list[Any]] = {}
    for component in components(design):
        package, _, _ = type(component).__module__.rpartition(".")
        folder = package.removeprefix("pteg.").replace(".", "/")
        if package.startswith("pteg.hw"):
            folders.setdefault(folder, []).append(component)
    lines = []
    for folder, found in sorted(folders.items()):
        lines.append(f"## {folder}/\n")
        for component in sorted(found, key=lambda component: type(component).__name__):
            name = type(component).__name__
            summary, *_ = inspect.cleandoc(type(component).__doc__ or name).splitlines()
            picture = base64.b64encode(symbol(component).encode()).decode()
            lines += [f"### {name}\n", f"{summary}\n",
                      f'<img alt="Ports of {name}" src="data:image/svg+xml;base64,{picture}"/>\n']
    return "\n".join(lines)
