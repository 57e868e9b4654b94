"""The reference of all words, made from the sources.

`python -m pteg.firmware.openfirmware.reference docs/openfirmware/words.md`; a test sees to it that
this was done.
"""

import re
import sys
from pathlib import Path

__all__ = ["words_page"]

_FOLDER = Path(__file__).parent
#: Definitions in Forth: `: name  ( stack )  …`, and data words with a comment behind.
_COLON = re.compile(r"^: (\S+)\s+(\( .*?\)(?: \(.*?\))*)", re.M)
_DATA = re.compile(r"^.*?\b(constant|variable|value|defer|buffer:|2variable|2constant) (\S+)"
                   r"(?:\s+\\ (.*))?$", re.M)
#: Primitives: `code "name"`, with `# name ( stack )` above.
_CODE = re.compile(r'^        (\w+) +"((?:\\.|[^"\\])+)", \w+', re.M)
_COMMENT = r"^# {name}\s+(\(.*?--.*?\))"
#: Macros of the kernel that make one word a line, and what these words take and leave.
_MACROS = {"unary": "( x1 -- x2 )", "binary": "( x1 x2 -- x3 )", "comparison": "( x1 x2 -- flag )",
           "test": "( x -- flag )", "choice": "( x1 x2 -- x )", "fetch": "( addr -- x )",
           "store": "( x addr -- )", "register_fetch": "( addr -- x )",
           "register_store": "( x addr -- )", "special": "( -- x ) or ( x -- )",
           "variable": "( -- addr )", "constant": "( -- x )"}


def words_page():
    """Markdown text of the page."""
    lines = ["# Words of our Open Firmware", "",
             "`python -m pteg.firmware.openfirmware.reference FILE` makes this page from the",
             "sources. Stack comments show what a word takes and leaves; the top of the stack is",
             "on the right. Files of `drivers/` have methods of nodes.", ""]
    for folder, pattern in (("kernel", "*.s"), ("forth", "*.fs"), ("drivers", "*.fs")):
        for path in sorted((_FOLDER / folder).glob(pattern)):
            rows = _kernel(path.read_text()) if folder == "kernel" else _forth(path.read_text())
            if rows:
                lines += [f"## {folder}/{path.name}", "", _first_line(path), "",
                          "| word | stack |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _first_line(path):
    """What the file says about itself: its first sentence."""
    text = " ".join(line.lstrip("#\\ ").strip() for line in
                    path.read_text().split("\n\n")[0].splitlines()[:3])
    return re.match(r".*?[.:](?= |$)|.*", text)[0].rstrip(":")


def _row(name, stack):
    cells = [cell.replace("|", "\\|") for cell in (f"`{name}`", stack)]
    return f"| {cells[0]} | {cells[1]} |"


def _forth(text):
    found = [(m.start(), m[1], f"`{m[2]}`") for m in _COLON.finditer(text)]
    found += [(m.start(), m[2], f"{m[1]}" + (f": {m[3].strip()}" if m[3] else ""))
              for m in _DATA.finditer(text) if not m[0].startswith((":", " ", "\\"))]
    return [_row(name, stack) for _, name, stack in sorted(found)]


def _kernel(text):
    rows = []
    for match in _CODE.finditer(text):
        macro, name = match[1], match[2].replace('\\"', '"')
        if "\\name" in name or macro not in ("code", *_MACROS):
            continue
        stack = _MACROS.get(macro, "")
        if macro == "code":
            above = re.findall(_COMMENT.format(name=re.escape(name)), text[:match.start()], re.M)
            stack = above[-1] if above else ""
        rows.append(_row(name, f"`{stack}`" if stack else ""))
    return rows


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(words_page())
