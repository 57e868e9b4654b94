"""L3, TLB detective: a machine whose TLB has to be found out."""

from os import PathLike
from pathlib import Path
from typing import Any

from pteg.labs.answers import Question, answer_lab
from pteg.labs.kit import Lab, choices, folder_of, named_in
from pteg.labs.tlbprobe import measure, timed

__all__ = ["LAB", "Unknown", "cycles"]


def _parameters(seed: int) -> dict[str, Any]:
    rng = choices("L3", seed)
    # With one way there is nothing to replace, and a TLB of two ways is a 750's.
    return {"tlb_sets": rng.choice((16, 32, 64)), "tlb_ways": rng.choice((2, 4)),
            "tlb_replacement": rng.choice(("lru", "fifo", "random"))}


class Unknown:
    """A student's machine.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int):
        self._hidden = _parameters(seed)

    @classmethod
    def of(cls, path: str | PathLike) -> "Unknown":
        """The machine of a folder's `lab.toml`."""
        return cls(named_in(Path(path))[1])

    def loads(self, addresses: list[int]) -> str:
        """Load from addresses of 28 bits, in order: a letter for each, M for a miss, H for a hit.
        The TLB is empty at first."""
        return measure(list(addresses), **self._hidden)


def cycles(addresses: list[int]) -> int:
    """Cycles that loads take on an MPC750; see `pteg.labs.tlbprobe.timed`."""
    return timed(list(addresses))


def _questions(seed: int) -> dict[str, Question]:
    hidden = _parameters(seed)
    sets, ways = hidden["tlb_sets"], hidden["tlb_ways"]
    return {
        "geometry": Question(
            "How many sets and ways has the data TLB?", {"sets": str(sets), "ways": str(ways)},
            "load twice from N pages with a stride of S pages, and count the misses of the second "
            "time for each N and S", 5),
        "reach": Question("How many KB does it map?", {"reach": str(sets * ways * 4)},
                          "each entry maps one page of 4 KB", 2),
        "replacement": Question(
            "How does it choose what to replace: lru, fifo or random?",
            {"replacement": hidden["tlb_replacement"]},
            "fill one set, use its first page again, load one more page, and see which one is "
            "gone; do it again after other loads", 3)}


def _files(seed: int) -> dict[str, str]:
    return {**_ANSWERS.files(seed),
            "probe.py": (folder_of("L3") / "probe.py").read_text(encoding="ascii")}


_ANSWERS = answer_lab("L3", "TLB detective", _questions)
LAB = Lab("L3", "TLB detective", _ANSWERS.tests, _ANSWERS.attempt, _files, _ANSWERS.solution)
