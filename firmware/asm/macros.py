r"""Macros: parameters, arguments, and the text that comes out.

Arguments are separated by commas or blanks. As in GNU as, a blank counts only between two names or
numbers: `1 + 2 r3` is `1+2` and `r3`. Quotes around an argument are taken off.
"""

import re
from dataclasses import dataclass, field

from pteg.firmware.asm.expression import Problem
from pteg.firmware.asm.source import STRING

__all__ = ["Macro", "Parameter", "fill", "split_arguments"]

#: Strings; blanks that separate; other blanks.
_BLANKS = re.compile(rf'({STRING})|((?<=[\w.$%\[])\s+(?=[\w.$%\["]))|\s+')
_TOKEN = re.compile(rf"{STRING}|.", re.DOTALL)
_KEYWORD = re.compile(r"([\w.$]+)=(?!=)")
_PARAMETER = re.compile(rf"([\w.$]+)(?:\s*:\s*(\w+))?(?:\s*=\s*({STRING}|[^\s,]*))?")
_PLACE = re.compile(r"\\(?:@|\(([^)]*)\)|([A-Za-z_$][\w$]*))")


def _squeeze(text):
    """The text with one blank where blanks separate, and none elsewhere."""
    return _BLANKS.sub(lambda match: match[1] or (" " if match[2] else ""), text.strip())


def _unquote(text):
    return text[1:-1] if re.fullmatch(STRING, text) else text


def _take(text):
    """The first argument of a squeezed text, and what follows its separator."""
    end, depth = 0, 0
    for token in _TOKEN.findall(text):
        if token == "," or token == " " and depth == 0:
            break
        depth += (token in "([") - (token in ")]")
        end += len(token)
        if token[0] == '"' and end == len(token):
            break  # an argument in quotes ends with them
    return text[:end], re.sub(r"^ ?,? ?", "", text[end:])


def split_arguments(text):
    """Arguments without their quotes, each with the text from it to the end."""
    rest = _squeeze(text)
    while rest:
        start = rest
        argument, rest = _take(rest)
        yield _unquote(argument), start


@dataclass(frozen=True)
class Parameter:
    """A parameter; the qualifier is `req`, `vararg` or empty."""

    name: str
    qualifier: str
    default: str


@dataclass
class Macro:
    """A macro; `body` is a list of (line, place)."""

    name: str
    parameters: list
    body: list = field(default_factory=list)

    @classmethod
    def declare(cls, text):
        """The macro that the operands of `.macro` announce."""
        match = re.fullmatch(r"([\w.$]+)\s*,?\s*(.*)", text, re.DOTALL)
        if not match:
            raise Problem(f".macro must be followed by a name, not {text!r}")
        parameters = [Parameter(found[1], found[2] or "", _unquote(found[3] or ""))
                      for found in _PARAMETER.finditer(match[2])]
        if _PARAMETER.sub("", match[2]).strip(" \t,()"):
            raise Problem(f"parameters must be names with :req, :vararg or =default, "
                          f"not {match[2]!r}")
        for parameter in parameters:
            if parameter.qualifier not in ("", "req", "vararg"):
                raise Problem(f"parameter must be :req or :vararg, not :{parameter.qualifier}")
        return cls(match[1].lower(), parameters)

    def bind(self, text):
        """Text of each parameter, from the operands of a call: by position or `name=text`."""
        free = list(self.parameters)
        names = {parameter.name for parameter in free}
        arguments = {}
        for argument, rest in split_arguments(text):
            keyword = _KEYWORD.match(argument)
            if keyword and keyword[1] in names:
                arguments[keyword[1]] = _unquote(argument[keyword.end():])
                continue
            if not free:
                raise Problem(f"macro {self.name} takes {len(self.parameters)} arguments, "
                              f"not {text!r}")
            parameter = free.pop(0)
            if parameter.qualifier == "vararg":
                arguments[parameter.name] = rest
                break
            arguments[parameter.name] = argument
        for parameter in self.parameters:
            if not arguments.get(parameter.name):
                if parameter.qualifier == "req":
                    raise Problem(f"macro {self.name} requires the argument {parameter.name!r}")
                arguments[parameter.name] = parameter.default
        return arguments


def fill(text, arguments, number):
    r"""A line of a body: `\name` is an argument, `\@` the number of the call, `\(text)` is text."""
    def replace(match):
        if match[0] == "\\@":
            return str(number)
        return match[1] if match[1] is not None else arguments.get(match[2], match[0])
    return _PLACE.sub(replace, text)
