"""Where a session of MOL keeps what its guest believes in, in the machine's memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["Places", "Words", "Frames"]

#: Reads words of memory: of a physical address and a count.
Words = Callable[[int, int], np.ndarray]
#: The physical address of each page of the guest's memory, 0 where there is none, and the memory
#: that says so: pairs of address and bytes.
Frames = Callable[[Words], tuple[np.ndarray, list[tuple[int, int]]]]


@dataclass(frozen=True)
class Places:
    """They stay the same while the session is there.

    Attributes
    ----------
    kvars : int
        Physical address of the session's variables.
    offsets : mapping of str to int
        Of the variables, by their names in asm_offsets.c.
    frames : Frames
    """

    kvars: int
    offsets: Mapping[str, int]
    frames: Frames

    def of(self, name: str, index: int = 0) -> int:
        """Physical address of a word of the variables."""
        return self.kvars + self.offsets[name] + 4 * index
