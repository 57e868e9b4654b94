"""Exercises."""

from typing import Annotated, Literal

from cyclopts import Parameter

from pteg.cli.exits import ExitCode
from pteg.cli.options import Number

__all__ = ["drill"]


def drill(
    kind: Literal["translate", "bat", "protect", "tlb"],
    /,
    *,
    seed: Number = 1,
    count: Number = 1,
    key: Annotated[bool, Parameter(name=["--key", "-c"], negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
):
    """Print exercises about address translation, whose keys the machine computes.

    Parameters
    ----------
    kind
        `translate`: through segment and page table; `bat`: through blocks; `protect`: key, PP and
        N; `tlb`: hits and misses.
    seed
        Of the first exercise; the same seed makes the same one.
    count
        How many exercises.
    key
        Print the answers, and how one comes to them.
    json
        Print JSON lines for question banks, answers included.
    """
    from pteg.cli.drill import print_drills

    print_drills(kind, seed or 0, count or 0, key, json)
    return ExitCode.DONE
