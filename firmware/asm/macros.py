"""Macros: parameters, arguments, and the text that comes out."""

import re
from dataclasses import dataclass, field

from pteg.firmware.asm.expression import Problem

__all__ = ["STRING", "Macro", "Parameter", "fill"]

#: Pattern of a string in quotes.
STRING = r'"(?:[^"\\\n]|\\.)*"'
_PARAMETER = re.compile(rf"([\w.$]+)(?::(\w+))?(?:\s*=\s*({STRING}|[^\s,]+))?")
_PLACE = re.compile(r"\\(?:@|\(\)|([A-Za-z_$][\w$]*))")


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
        parameters = [Parameter(*(part or "" for part in found.groups()))
                      for found in _PARAMETER.finditer(match[2])]
        for parameter in parameters:
            if parameter.qualifier not in ("", "req", "vararg"):
                raise Problem(f"parameter must be :req or :vararg, not :{parameter.qualifier}")
        return cls(match[1], parameters)

    def bind(self, given):
        """Text of each parameter, from the operands of a call: by position or `name=text`."""
        names = [parameter.name for parameter in self.parameters]
        arguments, position = {}, 0
        for index, text in enumerate(given):
            key, equals, value = text.partition("=")
            if equals and key.strip() in names and not value.startswith("="):
                arguments[key.strip()] = value.strip()
                continue
            if position >= len(names):
                raise Problem(f"macro {self.name} takes {len(names)} arguments, not {len(given)}")
            if self.parameters[position].qualifier == "vararg":
                arguments[names[position]] = ",".join(given[index:])
                break
            arguments[names[position]] = text
            position += 1
        for parameter in self.parameters:
            if not arguments.get(parameter.name):
                if parameter.qualifier == "req":
                    raise Problem(f"macro {self.name} requires the argument {parameter.name!r}")
                arguments[parameter.name] = parameter.default
        return arguments


def fill(text, arguments, number):
    r"""A line of a body: `\name` is an argument, `\@` the number of the call, `\()` nothing."""
    def replace(match):
        if match[0] == "\\@":
            return str(number)
        return "" if match[0] == "\\()" else arguments.get(match[1], match[0])
    return _PLACE.sub(replace, text)
