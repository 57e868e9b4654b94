"""The interface of a processor model to the machine. There are two models.

`pteg.pipeline.cpu.PipelineCpu` runs the hardware description, `pteg.functional.FunctionalCpu` the
instruction set. Each is made as `Model(platform)`, shares the platform's devices, and returns its
architectural state between two calls of `run`.
"""

import enum
import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from pteg.platform import Platform

__all__ = ["Stop", "Limits", "Cpu", "CPUS", "FOREVER", "model_class", "new_cpu"]

#: Processor models by the name that users give them, and where they are: a model is imported
#: when it is first needed.
CPUS = {"pipeline": ("pteg.pipeline.cpu", "PipelineCpu"),
        "functional": ("pteg.functional.cpu", "FunctionalCpu")}

#: A count that no run reaches.
FOREVER = 1 << 62


class Stop(enum.StrEnum):
    """Why a run ended."""

    CYCLES = "cycles"              # the limit of clock cycles
    INSTRUCTIONS = "instructions"  # the limit of completed instructions
    ADDRESS = "address"            # the next instruction is at the stop address
    CONSOLE = "console"            # the console has printed the text
    CHECKSTOP = "checkstop"        # the processor has stopped: machine check with MSR[ME] = 0
    STUCK = "stuck"                # each exception causes the next one: nothing completes any more
    STALE = "stale"                # the oracle has found a stale translation in use
    CONDITION = "condition"        # the caller's function said so
    INTERRUPTED = "interrupted"    # Ctrl-C
    DRAIN = "drain"                # inside only: the console's ring wants to be emptied


@dataclass
class Limits:
    """When a call of `run` ends.

    Attributes
    ----------
    cycles, instructions : int
        So many more, counted from now. The functional model has one cycle to an instruction.
    address : int or None
        Stop before the instruction at this address. One instruction is executed in any case, so
        that a run can begin where the last one stopped.
    watch : numpy record array or None
        Console text, from `pteg.components.console.new_watch`.
    undisturbed : bool
        The run ends with the cycle in which the last instruction completes, even if another one
        completes in it. Otherwise the pipeline model completes one instruction a cycle towards the
        end, so that it stops after exactly `instructions`.
    """

    cycles: int = FOREVER
    instructions: int = FOREVER
    address: int | None = None
    watch: np.ndarray | None = None
    undisturbed: bool = False


class Cpu(Protocol):
    """A processor model.

    Attributes
    ----------
    cycle, instructions, exceptions : int
        Clock cycles since reset, instructions completed and exceptions taken.
    count : int
        Processors. What is said of one of them has its `number`; the counts are those of all.
    look : int
        Cycles, about a tenth of a second, after which a run looks whether anything completes.
    identity : str
        Changes with anything in the model that a snapshot depends on.
    depends : tuple of str
        Parameters of the processor that a snapshot depends on.
    at_boundary : bool
        The last run ended between two instructions, and no transfer of a bus master is under way.
    """

    platform: "Platform"
    cycle: int
    instructions: int
    exceptions: int
    count: int
    look: int
    identity: str
    depends: tuple[str, ...]
    at_boundary: bool

    def __init__(self, platform: "Platform"): ...

    def reset(self) -> None:
        """Hard reset of the processor (the machine resets the devices)."""

    def get_state(self, number: int = 0) -> np.ndarray:
        """The architectural state of a processor: a copy, a record array of `ARCH_STATE`."""

    def set_state(self, state: np.ndarray, number: int = 0) -> None:
        """Replace the architectural state; execution continues at its `pc`."""

    def settle(self) -> None:
        """Run until `at_boundary` holds: another model can take over there."""

    def get_pending(self, number: int = 0) -> np.ndarray:
        """Counts and pending exceptions: a record array of `pteg.state.PENDING`."""

    def set_pending(self, pending: np.ndarray, number: int = 0) -> None:
        """Take over counts and pending exceptions; `set_state` is to follow."""

    def snapshot(self) -> dict[str, np.ndarray]:
        """All that the model remembers: a dict of numpy arrays by name."""

    def restore(self, parts: dict[str, np.ndarray], state: np.ndarray) -> None:
        """Continue from a snapshot of the same `identity`, and the architectural state beside it.

        UserError if a part holds what this model cannot have saved.
        """

    def modified(self) -> list[tuple[int, bytes]]:
        """What the processor has newer than memory: a list of (physical address, bytes).

        At most 32 bytes each; of two for the same place the later one is newer.
        """

    def overlay(self, address: int, data: np.ndarray) -> None:
        """Put what the processor has newer than memory into `data`, a copy of the bytes there."""

    def memory_changed(self, address: int, data: bytes) -> None:
        """Memory has been written from outside: what was fetched from it is forgotten."""

    def tlb(self, side: int, number: int = 0) -> Iterable[tuple[int, int, int, int, int]]:
        """Valid entries of the TLB for instructions (0) or data (1), an iterable.

        Each is (set, way, VSID, EA[4-19], second word of the PTE without R).
        """

    def prepare(self) -> None:
        """Compile what `run` needs, which takes seconds the first time; otherwise `run` does it."""

    def ledger(self, sink: Callable[[np.ndarray], None] | None) -> None:
        """Give every ledger event to `sink`, a function of a record array; None ends it."""

    def run(self, limits: Limits) -> Stop:
        """Run until one of the limits, a checkstop or a full console ring; return a `Stop`.

        When several apply at once: CHECKSTOP, CONSOLE, ADDRESS, INSTRUCTIONS, CYCLES, DRAIN.
        """

    def is_held(self, number: int) -> bool:
        """Whether a processor has waited for its soft reset since the hard reset."""

    def set_held(self, number: int, held: bool) -> None:
        """Let it wait for its soft reset, or not."""

    def stats(self) -> dict:
        """What the model counts beside cycles, instructions and exceptions: a part of
        `pteg.statistics.new_statistics`."""


def new_cpu(name: str, platform: "Platform") -> Cpu:
    """A new processor model for a platform: `name` is a key of `CPUS`."""
    return model_class(name)(platform)


def model_class(name: str) -> type[Cpu]:
    """The class of a processor model."""
    module, model = CPUS[name]
    return getattr(importlib.import_module(module), model)
