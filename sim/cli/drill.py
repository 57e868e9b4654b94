"""What `pteg drill` prints."""

import json

from pteg.errors import UserError
from pteg.labs.drills import drill

__all__ = ["print_drills"]


def print_drills(kind, seed, count, key, as_json):
    """Print exercises; see `pteg drill --help`."""
    if count < 1:
        raise UserError(f"count must be at least 1, not {count}")
    for number in range(seed, seed + count):
        item = drill(kind, number)
        if as_json:
            print(json.dumps(item.as_dict()))
            continue
        print(f"{kind}, seed {number}\n{item.question}\n")
        if key:
            print("\n".join(item.steps))
            print("\n".join(f"{name} = {value}" for name, value in item.answer.items()), "\n")
