"""A translation as a picture: the fields of the address, and each step down to the result."""

from html import escape

from pteg.hw.mmu.enums import Translation
from pteg.mmu import Walk

__all__ = ["picture"]

_ROW, _WIDTH, _LEFT = 22, 940, 20
_STYLE = ("text{font:13px monospace;fill:#222}.s{fill:#667}.box{fill:#eef3fb;stroke:#557}"
          ".match{fill:#d9f2dd;stroke:#2a7}.miss{fill:#f6f6f6;stroke:#bbb}"
          ".bad{fill:#fbe0dc;stroke:#c43}")
#: Fields of an effective address: name, first bit, last bit.
_FIELDS = (("segment", 0, 3), ("API", 4, 9), ("page index, lower bits", 10, 19), ("offset", 20, 31))


def picture(walk: Walk, title: str) -> str:
    """An SVG of a translation.

    Parameters
    ----------
    walk : pteg.mmu.Walk
    title : str
        The sentence above it.
    """
    parts, y = [_text(_LEFT, 24, title)], 42
    for name, first, last in _FIELDS:
        x, width = _LEFT + first * 28, (last - first + 1) * 28
        bits = f"{walk.ea >> 31 - last & (1 << last - first + 1) - 1:0{last - first + 1}b}"
        parts += [_box(x, y, width, 40, "box"), _text(x + 4, y + 16, name if width > 60 else "SR"),
                  _text(x + 4, y + 33, bits)]
    y += 62
    for text, source in walk.lines():
        kind = "box"
        if text.startswith("  "):
            kind = "match" if "matches" in text else "miss"
        parts += [_box(_LEFT, y, 760, _ROW - 3, kind), _text(_LEFT + 6, y + 14, _short(text)),
                  _text(_LEFT + 770, y + 14, source, "s")]
        y += _ROW
    kind = "match" if walk.result is Translation.OK else "bad"
    parts.insert(0, _box(_LEFT - 8, y - _ROW - 2, _WIDTH - 24, _ROW + 1, kind))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y + 14}">'
            f"<style>{_STYLE}</style>{''.join(parts)}</svg>\n")


def _short(text: str) -> str:
    return text if len(text) <= 94 else text[:93] + "…"


def _box(x: int, y: int, width: int, height: int, kind: str) -> str:
    return (f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3" class="{kind}"/>')


def _text(x: int, y: int, text: str, kind: str = "t") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" xml:space="preserve">{escape(text)}</text>'
