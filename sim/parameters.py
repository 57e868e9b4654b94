"""Parameters of the machine as users write them: `dcache="16K"`, `--prediction off`.

They are those of the processor (`pteg.hw.parameters`), those of a simulation with several
processors, and a fault that is planted.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

from pteg.boot.loader import parse_size
from pteg.errors import UserError
from pteg.hw.bus.ratio import Ratio
from pteg.hw.parameters import Numbers, OneOf, Parameters, one, short
from pteg.mutants import MUTANTS, NONE

__all__ = ["NAMES", "MachineParameters", "differences", "read_parameters"]


@dataclass(frozen=True)
class MachineParameters(Parameters):
    __doc__ = f"""{(Parameters.__doc__ or "").rstrip()}
    quantum : int
        With several processors: instructions of a turn, on average (functional model).
    seed : int
        Of the random lengths of the turns: equal seeds give equal runs.
    mutant : str
        A fault that the hardware has, by name (`pteg lab faults`); by default `none`. Only
        the pipeline model has any.
    """

    quantum: int = one(300, Numbers(1, 1 << 20))
    seed: int = one(1, Numbers(0, (1 << 31) - 1))
    mutant: str = one(NONE, OneOf((NONE, *MUTANTS)))


#: Every parameter.
NAMES = tuple(parameter.name for parameter in fields(MachineParameters))
_DEFAULTS = MachineParameters()
_SWITCH = {"on": True, "off": False}


def read_parameters(given: Mapping[str, Any]) -> MachineParameters:
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
        return MachineParameters(**values)
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
