"""What `Machine.stats` counts: one shape, whichever processor model runs the machine."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pteg.platform import Platform

__all__ = ["difference", "new_statistics", "put"]

_TRANSLATIONS = ("bat_hits", "tlb_hits", "tlb_misses")
_OF_ONE = ("instructions", "exceptions", "table_searches")
_TRANSFERS = ("reads", "writes", "read_beats", "write_beats", "errors")


def new_statistics(platform: "Platform") -> dict[str, Any]:
    """The shape for the devices of a platform: dicts of None, which is for what is not counted."""
    caches = {"instruction": ("hits", "misses"), "data": ("hits", "misses", "castouts")}
    if platform.parameters.l2:
        caches["l2"] = caches["data"]
    return {
        "cycles": None, "instructions": None, "cycles_per_instruction": None, "asleep": None,
        "exceptions": None,
        "interrupts": {"taken": dict.fromkeys(("external", "monitor", "decrementer",
                                                "thermal"))},
        "mmu": {"fetch": dict.fromkeys(_TRANSLATIONS), "data": dict.fromkeys(_TRANSLATIONS),
                "table_searches": dict.fromkeys(("count", "ptes_examined", "cycles", "r_updates",
                                                 "c_updates"))},
        "cache": {name: dict.fromkeys(counts) for name, counts in caches.items()},
        "bus": {device.name: dict.fromkeys(_TRANSFERS) for device in platform.devices},
        **({"processors": {number: dict.fromkeys(_OF_ONE) for number in range(count)}}
           if (count := platform.parameters.processors) > 1 else {}),
    }


def put(statistics: dict[str, Any], counted: dict[str, Any]) -> None:
    """Enter what a model has counted; KeyError if the shape has no place for it."""
    for name, value in counted.items():
        if isinstance(value, dict):
            put(statistics[name], value)
        elif name in statistics:
            statistics[name] = value
        else:
            raise KeyError(name)


def difference(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """What was counted between two results of `Machine.stats` of one machine."""
    found = _difference(after, before)
    if found["cycles_per_instruction"] is not None:
        found["cycles_per_instruction"] = (
            round(found["cycles"] / found["instructions"], 3) if found["instructions"] else None)
    return found


def _difference(after: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in after.items():
        if isinstance(value, dict):
            found[name] = _difference(value, before[name])
        else:
            # A quotient is None until the first instruction has completed.
            found[name] = None if value is None else value - (before[name] or 0)
    return found
