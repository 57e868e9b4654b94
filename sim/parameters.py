"""Parameters of the processor as users write them: `dcache="16K"`, `--prediction off`."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from typing import Any

from pteg.boot.loader import parse_size
from pteg.errors import UserError
from pteg.hw.bus.ratio import Ratio
from pteg.hw.parameters import Parameters, short

__all__ = ["NAMES", "differences", "read_parameters"]

#: Every parameter.
NAMES = tuple(parameter.name for parameter in fields(Parameters))
_DEFAULTS = Parameters()
_SWITCH = {"on": True, "off": False}


def read_parameters(given: Mapping[str, Any]) -> Parameters:
    """The parameters with these names, as numbers or texts; the others have their defaults.

    Raises
    ------
    UserError
        One line that names the parameter and its allowed values.
    """
    for name in given:
        if name not in NAMES:
            raise UserError(f"parameter must be one of {', '.join(NAMES)}, not {name!r}")
    values = {name: _read(name, value) for name, value in given.items()}
    try:
        return Parameters(**values)
    except ValueError as error:
        raise UserError(str(error)) from None


def _read(name: str, value: Any) -> Any:
    if name == "ratio":
        return _ratio(value)
    if not isinstance(value, str):
        return value
    default = getattr(_DEFAULTS, name)
    if isinstance(default, bool):
        return _SWITCH.get(value.lower(), value)
    if isinstance(default, int):
        with suppress(UserError):   # a text that is no number is none of the allowed values
            return parse_size(value)
    return value


def _ratio(value: Any) -> Any:
    """2.5, "2.5" and "2.5:1" are the same ratio."""
    try:
        return str(Ratio.read(value))
    except ValueError:
        return str(value)


def differences(ours: Parameters, theirs: Parameters, names: Iterable[str] = NAMES) -> list[str]:
    """Which of these parameters differ: `dcache is 32K, not 16K`."""
    return [f"{name} is {short(mine)}, not {short(other)}" for name in names
            if (mine := getattr(ours, name)) != (other := getattr(theirs, name))]
