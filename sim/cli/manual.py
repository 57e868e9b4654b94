"""The manual page, made of what cyclopts knows of the commands: Markdown to roff (man(7))."""

import re

from pteg import __version__

__all__ = ["manual_page"]

_HEAD = '''.TH PTEG 1 "" "pteg {version}"
.SH NAME
pteg \\- a cycle-accurate PowerPC 750-class machine
'''


def manual_page(text: str) -> str:
    """A manual page of the commands.

    Parameters
    ----------
    text : str
        Markdown with headings, paragraphs, lists and code blocks; the table of contents is left
        out.
    """
    text = re.sub(r"^## Table of Contents\n.*?(?=^\*\*|^## )", "", text, flags=re.M | re.S)
    lines, code = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            code = not code
            lines += [".PP", ".nf"] if code else [".fi"]
        elif code:
            lines.append(_plain(line))
        elif heading := re.match(r"(#+) (.*)", line):
            if len(heading[1]) > 1:     # the first is the name of the program
                lines.append(f".{'SH' if len(heading[1]) == 2 else 'SS'} {_plain(heading[2])}")
        elif item := re.match(r"\s*[*-] (.*)", line):
            lines.append(f".TP\n{_marked(item[1]).replace(': ', chr(10), 1)}")
        elif not line.strip():
            lines.append(".PP")
        else:
            lines.append(_marked(line.strip()))
    kept: list[str] = []
    for line, after in zip(lines, [*lines[1:], ".SH"], strict=True):
        # No paragraph begins after a heading, or before a heading, an item or another paragraph.
        if line != ".PP" or not ("".join(kept[-1:]).startswith(".S")
                                 or after.startswith((".S", ".TP", ".PP"))):
            kept.append(line)
    return _HEAD.format(version=__version__) + "\n".join(kept) + "\n"


def _plain(text: str) -> str:
    """Text in which nothing is a request or an escape of roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def _marked(text: str) -> str:
    """A line with bold text, code and links; what is slanted, "*[default: 5]*", becomes plain.

    The defaults of flags and of lists say nothing.
    """
    text = re.sub(r"\[(`[^`]*`|[^]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r" \*\[default: (False|\(\))\]\*", "", text)
    text = re.sub(r"(?<!\*)\*(\[[^]]*\])\*(?!\*)", r"\1", text)
    parts = re.split(r"(\*\*.+?\*\*|`[^`]+`)", text.replace("\\`", "'"))
    return _guarded("".join(f"\\fB{_plain(part.strip('*`'))}\\fR" if part.startswith(("**", "`"))
                            else _plain(part) for part in parts))


def _guarded(text: str) -> str:
    return f"\\&{text}" if text.startswith((".", "'")) else text
