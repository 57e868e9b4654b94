"""What users may call has annotations and numpydoc docstrings; numpydoc and Python are the judges.

The public surface is what docs/api.md shows. A docstring of one line may name the parameters in its
sentence; one with a section `Parameters` describes all. Types are those of the annotations.
"""

import enum
import importlib
import inspect
import re
from pathlib import Path

import pytest

validation = pytest.importorskip("numpydoc.validate", reason="needs the extra `test`")

API = Path(__file__).parents[2] / "docs" / "api.md"
#: numpydoc's codes: no docstring; unknown parameters; their order; no description; a section that
#: is not known, comes twice or in another order.
CODES = {"GL08", "PR02", "PR03", "PR07", "GL06", "GL07"}
MISSING = "PR01"


def members():
    """Every public name: its full name -> object; those of classes too."""
    found = {}
    for module, chosen in re.findall(r"automodule:: (\S+)\n   :members:(.*)", API.read_text()):
        loaded = importlib.import_module(module)
        for name in re.findall(r"\w+", chosen) or loaded.__all__:
            thing = getattr(loaded, name)
            found[f"{module}.{name}"] = thing
            if inspect.isclass(thing):
                found.update((f"{module}.{name}.{part}", value)
                             for part, value in vars(thing).items()
                             if part == "__init__" or not part.startswith("_"))
    return {name: thing for name, thing in found.items()
            if callable(thing) or hasattr(thing, "__get__") or isinstance(thing, property)}


MEMBERS = members()


def function_of(thing):
    """The function of a method or property, or None."""
    thing = getattr(thing, "fget", None) or getattr(thing, "func", None) or thing
    thing = inspect.unwrap(getattr(thing, "__func__", thing))
    return thing if inspect.isfunction(thing) else None


def test_the_surface_is_found():
    assert {"pteg.machine.Machine.run", "pteg.sweep.sweep", "pteg.machine.Machine.cpu"} <= set(
        MEMBERS) and len(MEMBERS) > 200


def test_every_parameter_and_result_has_an_annotation():
    absent = []
    for name, thing in MEMBERS.items():
        function = function_of(thing)
        if function is None or not function.__module__.startswith("pteg"):
            continue
        given = function.__annotations__
        wanted = {parameter for parameter in inspect.signature(function).parameters
                  if parameter not in ("self", "cls")}
        if not name.endswith("__init__"):
            wanted.add("return")
        absent += [f"{name}: {parameter}" for parameter in sorted(wanted - set(given))]
    assert not absent, "\n".join(absent)


def test_every_docstring_is_numpydoc():
    problems = []
    for name, thing in MEMBERS.items():
        function = thing if inspect.isclass(thing) else function_of(thing)
        if name.endswith("__init__") or not getattr(function, "__module__", "").startswith("pteg"):
            continue
        codes = CODES
        functional = inspect.isclass(thing) and issubclass(thing, enum.Enum)
        if "\nParameters\n" in (inspect.getdoc(thing) or "") and not functional:
            codes = CODES | {MISSING}
        problems += [f"{name}: {code} {text}"
                     for code, text in validation.validate(name)["errors"] if code in codes]
    assert not problems, "\n".join(problems)
