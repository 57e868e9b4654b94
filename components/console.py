"""Watching a console for a text, so that a run ends in the cycle in which the text is complete.

A watch contains the text and the length of its prefix that the latest characters match (the
automaton of Knuth, Morris and Pratt). A `ConsolePort` has a function `console(state, memory,
watch)`, which feeds the watch. It returns 1 if the text is complete, 2 if the host should empty the
ring, else 0.
"""

import numpy as np

from pteg.errors import UserError

__all__ = ["WATCH", "encoded", "new_watch", "LONGEST"]

#: Longest text.
LONGEST = 256

WATCH = np.dtype([
    ("seen", "i8"),      # characters of the console compared
    ("length", "i8"),    # of the text; 0: none
    ("matched", "i8"),   # so many of its characters are the latest ones printed
    ("pattern", "u1", LONGEST),
    ("fallback", "i2", LONGEST),  # [i]: longest proper border of pattern[:i + 1]
], align=True)


def encoded(text):
    """Bytes of a text in UTF-8; what a command line had in another encoding is as it was there."""
    if not isinstance(text, str):
        return bytes(text)
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise UserError(f"console text must be Unicode, not {text!a}") from None


def new_watch(text=b"", seen=0):
    """A watch for `text` from character number `seen` on; without text it never matches."""
    text = encoded(text)
    if len(text) > LONGEST:
        raise UserError(f"console text must have at most {LONGEST} characters, not {len(text)}")
    watch = np.zeros(1, WATCH)
    w = watch[0]
    w["seen"], w["length"] = seen, len(text)
    w["pattern"][:len(text)] = np.frombuffer(text, np.uint8)
    border = 0
    for i in range(1, len(text)):
        while border and text[i] != text[border]:
            border = int(w["fallback"][border - 1])
        border += text[i] == text[border]
        w["fallback"][i] = border
    return watch
