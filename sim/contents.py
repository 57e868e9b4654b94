"""What compiled functions contain: names under which their machine code can be kept.

A function of a user is more than the text of its file. It calls functions of other files; numba
compiles the values of the global variables and closures that it uses into it; a notebook has no
file at all, and two classes that a function makes share their text. So the name is a hash of the
byte code and of all that it refers to.

The machine code of two functions must not have one name (see `pteg.jit`): those of users, whose
names say nothing of their contents, are renamed.
"""

import enum
import hashlib
import importlib
import sys
import uuid
from collections.abc import Iterable, Mapping
from types import BuiltinFunctionType, CodeType, ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.core.types import Type

from pteg.components.device import Device

__all__ = ["device_class", "digest_of"]

#: Modules that change only with their version.
_FIXED = {*sys.stdlib_module_names, "numpy", "numba"}

_VALUES = (int, float, complex, str, bytes, bool, type(None), type(...), np.generic, np.dtype)

#: Functions and modules that the present one is a part of.
_Visiting = tuple[Any, ...]

#: Classes by digest, and the other way round.
_classes: dict[str, type[Device]] = {}
_digests: dict[type[Device], str] = {}
#: What is known of functions: they keep the values with which they were compiled.
_functions: dict[Dispatcher, str] = {}


class _Unknown(Exception):
    """Something whose contents cannot be told."""


def digest_of(kind: type[Device]) -> tuple[str, bool]:
    """Name the contents of a device's functions.

    Returns
    -------
    digest : str
        The same for the same contents, in every process; `device_class` takes it.
    known : bool
        Whether that is so. Otherwise a function refers to something whose contents cannot be told,
        and the digest is valid in this process only.
    """
    if kind not in _digests:
        try:
            parts = [(name, _function(function, ()))
                     for name, function in sorted(kind.functions().items())]
            _digests[kind] = _hash(parts)
        except _Unknown:
            _digests[kind] = f"only {uuid.uuid4().hex}"
    digest = _digests[kind]
    _classes[digest] = kind
    return digest, not digest.startswith("only")


def device_class(module: str, name: str, digest: str) -> type[Device]:
    """Return the class of a device: of this process, or that of a module.

    Raises
    ------
    ImportError
        The module has no such class with these contents.
    """
    if digest not in _classes:
        kind: Any = importlib.import_module(module)
        for part in name.split("."):
            kind = getattr(kind, part, None)
        if kind is None or digest_of(kind)[0] != digest:
            raise ImportError(f"{module} has no {name} with these contents")
    return _classes[digest]


def _hash(parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:20]


def _function(function: Dispatcher, visiting: _Visiting) -> str:
    """The contents of a compiled function."""
    if function not in _functions:
        if function in visiting:
            raise _Unknown                  # it calls itself
        inside = (*visiting, function)
        python = function.py_func
        digest = _hash([sorted(map(str, function.targetoptions.items())),
                        _code(python.__code__, python.__globals__, inside),
                        [_value(cell.cell_contents, (), inside)
                         for cell in python.__closure__ or ()],
                        _value(python.__defaults__, (), inside)])
        _functions[function] = digest
        if python.__module__.partition(".")[0] != "pteg" and digest not in python.__qualname__:
            python.__qualname__ += f"_{digest}"
    return _functions[function]


def _code(code: CodeType, variables: Mapping[str, Any], visiting: _Visiting) -> object:
    names = code.co_names
    constants = [_code(constant, variables, visiting) if isinstance(constant, CodeType)
                 else _value(constant, names, visiting) for constant in code.co_consts]
    used = [(name, _value(variables[name], names, visiting))
            for name in names if name in variables]
    return code.co_code.hex(), names, code.co_varnames, constants, used


def _value(value: Any, names: Iterable[str], visiting: _Visiting) -> object:
    """The contents of a value; `names` are attributes that may be read of it."""
    if isinstance(value, Dispatcher):
        return _function(value, visiting)
    if isinstance(value, enum.Enum):
        return type(value).__qualname__, value.name, repr(value.value)
    if isinstance(value, _VALUES):
        return type(value).__name__, repr(value)
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, tuple | frozenset):
        items = [_value(item, names, visiting) for item in value]
        return type(value).__name__, items if isinstance(value, tuple) else sorted(items, key=repr)
    if isinstance(value, ModuleType):
        return value.__name__, _attributes(value, names, visiting)
    if isinstance(value, enum.EnumType):
        members: Mapping[str, enum.Enum] = value.__members__
        return value.__qualname__, [(name, repr(member.value)) for name, member in members.items()]
    if isinstance(value, Type):             # of numba
        return "type", str(value)
    if isinstance(value, type | BuiltinFunctionType | np.ufunc):
        if (getattr(value, "__module__", None) or "numpy").partition(".")[0] in _FIXED:
            return "fixed", str(getattr(value, "__module__", "")), value.__name__
    raise _Unknown


def _attributes(module: ModuleType, names: Iterable[str], visiting: _Visiting) -> object:
    if module.__name__.partition(".")[0] in _FIXED or module in visiting:
        return []
    return [(name, _value(getattr(module, name), names, (*visiting, module)))
            for name in names if hasattr(module, name)]
