"""Behavioural components: state as numpy records, behaviour as compiled functions.

A device is a target on the bus. Its class derives from `Device` and from its roles
(`pteg.components.roles`), owns the state and its documentation, and has these functions under
`@compiled`, which take the place of methods: their first argument is `state`, not `self`.

========================================= ========================================================
`read(state, memory, offset, size)`       value of 1 to 8 bytes as one big-endian number
`write(state, memory, offset, size, v)`   the same, for a write
`tick(state, memory, clocks)`             optional: advances by that many core clocks
`next_event(state, memory)`               with `tick`: clocks until a pin, what the console has
                                          printed, or a request of a bus master may change by itself
`drive(state, lines)`                     optional: levels of `inputs` interrupt inputs, n is bit n
`answer(state, memory)`                   of a `BusMaster`, see `pteg.components.master`
`console(state, memory, watch)`           of a `ConsolePort`, see `pteg.components.console`
========================================= ========================================================

`tick(a + b)` must equal `tick(a)` and then `tick(b)`: both models let time pass in strides, up to
the next event or access. Output pins are fields of the state: `irq`.

Compiled functions are not cached one by one, but as part of the module that `pteg.platform`
generates, whose name has a hash of all sources; numba alone would not notice a change of a
function in another file.
"""

import numpy as np
from numba.core.dispatcher import Dispatcher

from pteg.compiled import compiled
from pteg.errors import UserError

__all__ = ["Device", "compiled", "NO_EVENT"]

#: `next_event` of a device that waits for nothing.
NO_EVENT = 1 << 62

#: Functions of a device, and those that every device has.
FUNCTIONS = ("read", "write", "tick", "next_event", "drive", "answer", "console")
REQUIRED = ("read", "write")


class Device:
    """A bus target with its place in the memory map and its timing.

    Parameters
    ----------
    name : str
        Name in the machine graph, in statistics, and of the processor's port.
    base, size : int
        Physical addresses `base` to `base + size - 1`. A multiple of 8 each.
    first, next : int
        Bus clocks from `ts` to the first `ta` when the data bus is free, and between two beats.
    burst : bool
        Whether 32-byte bursts are answered; otherwise they end with TEA.
    memory : int
        Bytes of storage.

    Attributes
    ----------
    state : numpy record array, shape (1,)
        All that the device remembers, except what is in `memory`.
    memory : numpy.ndarray of uint8
        Its byte storage; empty for most devices.
    """

    #: Structure of `state`. A device without any keeps this one.
    dtype = np.dtype([("unused", "u8")])
    #: Path of the file that a method `attach(path)` has mapped into `memory`, if any.
    file: str | None = None
    #: Number of interrupt inputs, up to 64, of a device with the function `drive`.
    inputs = 32

    def __init__(self, name: str, base: int, size: int, *, first: int = 2, next: int = 1,
                 burst: bool = False, memory: int = 0):
        if not name.isidentifier():
            raise UserError(f"device name must be an identifier, not {name!r}")
        for what, value in (("base", base), ("size", size)):
            if value % 8 or not 0 <= value <= 1 << 32:
                raise UserError(f"{what} of {name} must be a 32-bit multiple of 8, not {value:#x}")
        if size == 0 or base + size > 1 << 32:
            raise UserError(f"{name} must lie inside the 4 GB of physical addresses, "
                            f"not at {base:#x} with size {size:#x}")
        for what, value in (("first", first), ("next", next)):
            if value < 1:
                raise UserError(f"{what} of {name} must be at least 1 bus clock, not {value}")
        if burst and size % 32:
            raise UserError(f"size of {name} must be a multiple of 32 to answer bursts, "
                            f"not {size:#x}")
        self.name, self.base, self.size = name, base, size
        self.first, self.next, self.burst = first, next, burst
        self.state = np.zeros(1, self.dtype)
        self.memory = np.zeros(memory, np.uint8)
        self.reset()

    def reset(self) -> None:
        """Set `state` to what a hard reset leaves. `memory` keeps its bytes."""
        self.state[:] = np.zeros(1, self.dtype)

    def check(self) -> None:
        """Raise UserError if the functions could not work with what is in `state` and `memory`.

        Asked after both have come from a file.
        """

    @classmethod
    def functions(cls) -> dict[str, Dispatcher]:
        """The compiled functions of this class, by name."""
        found = {name: getattr(cls, name) for name in FUNCTIONS if hasattr(cls, name)}
        for name in REQUIRED:
            if name not in found:
                raise UserError(f"{cls.__name__} must have a function {name!r}")
        for name, function in found.items():
            if not isinstance(function, Dispatcher):
                raise UserError(f"{name!r} of {cls.__name__} must be a function under @compiled")
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} at {self.base:#010x}, {self.size:#x} bytes>"
