"""Small integer programs that keep a processor busy: what benchmarks run.

Each is a function that finds its arguments in r3 and on, and returns with `blr`. `work` says what
it gets and, computed in Python, what it must give.
"""

import random
import re
import struct
import zlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pteg.firmware.asm import assemble

__all__ = ["WORKLOADS", "Work", "code", "work", "CODE", "DATA", "RESULT"]

#: Addresses of a workload, its data and its results.
CODE, DATA, RESULT = 0x1000, 0x1_0000, 0x10_0000


@dataclass
class Work:
    """What a workload is given, and what it must give.

    Attributes
    ----------
    arguments : dict of int to int
        GPRs.
    data : bytes
        At `DATA`.
    gives : dict of int to int
        GPRs.
    writes : (int, bytes)
        Address and contents of memory, or None.
    """

    arguments: dict
    data: bytes
    gives: dict = field(default_factory=dict)
    writes: tuple | None = None


def _words(values):
    return struct.pack(f">{len(values)}I", *(value & 0xFFFFFFFF for value in values))


def _sort(rng, size):
    values = [rng.randrange(-1 << 31, 1 << 31) for _ in range(size)]
    return Work({3: DATA, 4: size}, _words(values), writes=(DATA, _words(sorted(values))))


def _crc(rng, size):
    data = rng.randbytes(size)
    return Work({3: DATA, 4: size}, data, {3: zlib.crc32(data)})


def _matrix(rng, size):
    first, second = ([[rng.getrandbits(32) for _ in range(size)] for _ in range(size)]
                     for _ in range(2))
    product = [sum(a * b for a, b in zip(row, column, strict=True))
               for row in first for column in zip(*second, strict=True)]
    return Work({3: DATA, 4: size, 5: RESULT}, _words(sum(first + second, [])),
                writes=(RESULT, _words(product)))


def _list(rng, size):
    places = rng.sample(range(size), size)      # of the nodes, in the order of the list
    values = [rng.getrandbits(32) for _ in range(size)]
    data, total = bytearray(8 * size), 0
    for here, after, value in zip(places, [*places[1:], None], values, strict=True):
        following = 0 if after is None else DATA + 8 * after
        data[8 * here:8 * here + 8] = _words([following, value])

    def rotated(number):
        return (number << 5 | number >> 27) & 0xFFFFFFFF

    for value in values:
        total = rotated(total) ^ value
    for value in reversed(values):
        total = rotated(total) + value & 0xFFFFFFFF
    return Work({3: DATA + 8 * places[0]}, bytes(data), {3: total, 5: DATA + 8 * places[-1]})


def _string(rng, size):
    text, wanted = "".join(rng.choices("ab", k=size)), "abba"
    count = len(re.findall(f"(?={wanted})", text))
    data = wanted.encode().ljust(8, b"\0") + text.encode() + b"\0"
    return Work({3: DATA + 8, 4: DATA}, data, {3: count})


def _machine(rng, size):
    text = "".join(rng.choices("abcz0129 .+", k=size))
    found = re.findall("[a-z][a-z0-9]*|[0-9]+", text)
    numbers = sum(token.isdigit() for token in found)
    return Work({3: DATA}, text.encode() + b"\0", {3: len(found) - numbers, 4: numbers})


#: Name: what makes its work from a random generator and a size, and the usual size.
WORKLOADS = {
    "sort": (_sort, 1000), "crc": (_crc, 2000), "matrix": (_matrix, 24), "list": (_list, 3000),
    "string": (_string, 4000), "machine": (_machine, 5000),
}


@lru_cache
def code(name):
    """The assembled workload."""
    source = Path(__file__).with_name(f"{name}.s")
    return assemble(source.read_text(), name=source.name, sections={".text": CODE})


def work(name, size=None, seed=1):
    """The usual work of a workload, or more or less of it."""
    make, usual = WORKLOADS[name]
    return make(random.Random(seed), usual if size is None else size)
