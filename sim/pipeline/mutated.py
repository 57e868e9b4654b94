"""The hardware description with one file changed: a second copy of its modules.

The modules of the copy import each other, and nothing else is changed: `sys.modules` does not know
them. So a machine with a fault can be beside one without.
"""

import builtins
import importlib.util
from types import ModuleType
from typing import Any

from pteg.mutants import Mutant

__all__ = ["MutatedHardware"]

_PACKAGE = "pteg.hw"


class MutatedHardware:
    """Modules of `pteg.hw`, of which one is a mutant's.

    Parameters
    ----------
    mutant : Mutant
    """

    def __init__(self, mutant: Mutant):
        self._mutant = mutant
        self._modules: dict[str, ModuleType] = {}

    def module(self, name: str) -> ModuleType:
        """A module of the copy, by its usual name."""
        if name not in self._modules:
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                raise ModuleNotFoundError(name)
            module = self._modules[name] = ModuleType(name)
            module.__file__ = spec.origin
            # The import statement calls the `__import__` of the module that it is in.
            vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._import}
            mutated = self._mutant.path.samefile(spec.origin)
            with open(spec.origin, encoding="utf-8") as file:
                text = self._mutant.source() if mutated else file.read()
            exec(compile(text, spec.origin, "exec"), vars(module))  # noqa: S102
        return self._modules[name]

    def _import(self, name: str, *context: Any) -> Any:
        """`from pteg.hw.x import y` takes the copy's; other imports are as always."""
        if name.startswith(f"{_PACKAGE}."):
            return self.module(name)
        return builtins.__import__(name, *context)
