"""Assertions on machines, for tests of programs and of hardware."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pteg.ledger import Ledger, describe, to_json
from pteg.measuring import Measurement

__all__ = ["assert_events", "assert_no_events", "assert_cycles"]

#: Records that a message shows.
SHOWN = 20


def assert_events(events: Ledger | np.ndarray, *expected: str | Mapping[str, Any]) -> None:
    """Assert that these events have happened, in this order; others may lie between them.

    Parameters
    ----------
    events : pteg.ledger.Ledger or array of RECORD
        What has happened.
    *expected : str or mapping
        The kind of an event, "WALK", or fields as the ledger's JSON has them,
        ``{"kind": "WALK", "cause": "PRIMARY", "ea": "0x40000000"}``. Numbers may be given for
        hexadecimal texts.
    """
    records = _records(events)
    wanted = [{"kind": item} if isinstance(item, str) else item for item in expected]
    left = iter(records)
    for number, fields in enumerate(wanted):
        if not any(_matches(record, fields) for record in left):
            raise AssertionError(
                f"event {number + 1} of {len(wanted)} has not happened after those before it: "
                f"{_text(fields)}\n{_list(records)}")


def assert_no_events(events: Ledger | np.ndarray, *unwanted: str | Mapping[str, Any]) -> None:
    """Assert that none of these events has happened; see `assert_events`."""
    records = _records(events)
    for item in unwanted:
        fields = {"kind": item} if isinstance(item, str) else item
        if found := [record for record in records if _matches(record, fields)]:
            raise AssertionError(f"{_text(fields)} has happened:\n{_list(found)}")


def assert_cycles(measurement: Measurement, *, least: int = 0, most: int | None = None) -> None:
    """Assert that a measurement took so many cycles."""
    cycles = measurement.cycles
    if cycles < least or most is not None and cycles > most:
        limits = f"at least {least:,}" if most is None else (
            f"{least:,} to {most:,}" if least else f"at most {most:,}")
        raise AssertionError(f"took {cycles:,} cycles, not {limits}, for "
                             f"{measurement.instructions:,} instructions; "
                             f"caches {measurement.stats['cache']}")


def _records(events: Ledger | np.ndarray) -> np.ndarray:
    return events.records if isinstance(events, Ledger) else events


def _matches(record: np.void, fields: Mapping[str, Any]) -> bool:
    found = to_json(record)
    for name, value in fields.items():
        given = found.get(name)
        if isinstance(value, int) and isinstance(given, str) and given.startswith("0x"):
            given = int(given, 16)
        if given != value:
            return False
    return True


def _text(fields: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in fields.items())


def _list(records: Iterable[np.void]) -> str:
    lines = [describe(record) for record in records]
    more = len(lines) - SHOWN
    return "\n".join([*([f"({more} earlier events)"] if more > 0 else []), *lines[-SHOWN:]]) or (
        "there are no events")
