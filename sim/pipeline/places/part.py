"""What places are made of."""

from typing import NewType, get_type_hints

__all__ = ["Memory", "Part", "Port", "Signal"]

#: Path of a register, a wire or a port.
Signal = NewType("Signal", str)
#: Path of a memory: its rows are read one by one.
Memory = NewType("Memory", str)

#: The annotations of each class, which has many parts, in each access of memory anew.
_annotations: dict[type, dict[str, type]] = {}


class Part:
    """Paths of one component: an attribute for each annotation of the class.

    Parameters
    ----------
    path : str
        Of the component itself; "" for the whole design.
    """

    def __init__(self, path: str):
        self.path = path
        for name, kind in _hints(self).items():
            setattr(self, name, self.at(name) if kind in (Signal, Memory) else kind(self.at(name)))

    def at(self, name: str) -> str:
        """Path of something in this part."""
        return f"{self.path}.{name}" if self.path else name

    def paths(self) -> dict[str, type]:
        """Every path in this part and its parts, with its kind: `Signal` or `Memory`."""
        found: dict[str, type] = {}
        for name, kind in _hints(self).items():
            value = getattr(self, name)
            found |= {value: kind} if kind in (Signal, Memory) else value.paths()
        return found


class Port(Part):
    """Paths of the signals of a port."""

    def at(self, name: str) -> str:
        return f"{self.path}__{name}"


def _hints(part: Part) -> dict[str, type]:
    """The annotations of its class."""
    kind = type(part)
    if kind not in _annotations:
        _annotations[kind] = get_type_hints(kind)
    return _annotations[kind]
