"""A strict reader of VCD files: it refuses what IEEE 1364-2005, clause 18, does not allow.

Viewers forgive much: an identifier that is missing from a full dump, or two values of one variable
at one time, show up as a wrong picture and not as an error.
"""

import re
from dataclasses import dataclass, field

__all__ = ["Variable", "read"]

FULL_DUMPS = ("$dumpvars", "$dumpon", "$dumpoff")


@dataclass
class Variable:
    """What one identifier names.

    Attributes
    ----------
    changes : list of (int, str)
        Times and values: binary digits, `x`, or the text of a string after its `s`.
    """

    kind: str
    width: int
    names: list = field(default_factory=list)
    changes: list = field(default_factory=list)

    def at(self, time):
        """Value at a time; None before the first."""
        value = None
        for moment, text in self.changes:
            if moment > time:
                break
            value = text
        return value


def read(content):
    """Variables by identifier, and the full dumps as (time, keyword) pairs."""
    head, mark, body = content.decode("ascii").partition("$enddefinitions $end\n")
    assert mark, "no end of the definitions"
    variables = _definitions(head)
    dumps, time, dumping, seen = [], None, None, set()
    for line in body.splitlines():
        if line.startswith("#"):
            assert re.fullmatch(r"#\d+", line) and dumping is None, line
            assert time is None or int(line[1:]) > time, f"time does not rise at {line}"
            time, seen = int(line[1:]), set()
        elif line in FULL_DUMPS:
            assert dumping is None
            dumping, dumped = line, set()
            dumps.append((time, line))
        elif line == "$end":
            missing = set(variables) - dumped
            assert not missing, [variables[identifier].names for identifier in missing]
            dumping = None
        else:
            value, identifier = _change(line, variables)
            assert identifier not in seen, f"{line}: a second value at #{time}"
            if dumping is not None:
                dumped.add(identifier)
            assert (dumping == "$dumpoff") == value.endswith("x") or value.startswith("s"), line
            seen.add(identifier)
            variables[identifier].changes.append((time, value.removeprefix("s")))
    assert dumping is None and time is not None
    assert not dumps or dumps[0][1] == "$dumpvars"
    return variables, dumps


def _definitions(head):
    variables, names, scopes = {}, set(), []
    for kind, text in re.findall(r"\$(\w+)\s+(.*?)\s*\$end", head, re.S):
        if kind == "scope":
            scopes.append(text.split()[1])
        elif kind == "upscope":
            scopes.pop()
        elif kind == "var":
            what, width, identifier, name = text.split(maxsplit=3)
            path = ".".join([*scopes, name])
            assert re.fullmatch(r"\w+", name) and path not in names, path
            names.add(path)
            variable = variables.setdefault(identifier, Variable(what, int(width)))
            assert (variable.kind, variable.width) == (what, int(width)), path
            variable.names.append(path)
        else:
            assert kind in ("comment", "timescale", "version"), kind
    assert not scopes
    return variables


def _change(line, variables):
    value, identifier = (line[0], line[1:]) if line[0] in "01x" else line.split(" ")
    variable = variables[identifier]
    if variable.kind == "string":
        assert value[0] == "s" and len(value) > 1, line
    elif variable.width == 1:
        assert value in ("0", "1", "x"), line
    else:
        assert re.fullmatch(r"b([01]+|x)", value) and len(value) <= variable.width + 1, line
        value = value[1:]
    return value, identifier
