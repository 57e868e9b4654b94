"""Where the targets of the bus are, for the decoder and for who drives its input `ranges`."""

__all__ = ["ADDRESS_SPACE", "NOWHERE", "check_map", "pack_range", "pack_ranges", "ranges_of"]

#: Bytes of the physical address space.
ADDRESS_SPACE = 1 << 32
#: Base and size of a target that has no address.
NOWHERE = (0, 0)

#: Base and mask of it: no address has this bit where the mask has none.
_NEVER = (1, 0)


def check_map(memory_map):
    """Raise ValueError unless `memory_map` is {name: (base, size)} without overlaps.

    A size is a power of two of at least 8 bytes, and a base is a multiple of its size; of a target
    without addresses both are 0. The last target may have the whole address space, which does not
    count as an overlap: it answers where no other does.
    """
    taken, last = [], next(reversed(memory_map), None)
    for name, (base, size) in memory_map.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"name of a target must be an identifier, not {name!r}")
        if (base, size) == NOWHERE:
            continue
        if size < 8 or size & (size - 1):
            raise ValueError(f"size of {name} must be a power of two of at least 8, not {size:#x}")
        if base % size or not 0 <= base < ADDRESS_SPACE:
            raise ValueError(f"base of {name} must be a multiple of its size {size:#x} "
                             f"within 32 bits, not {base:#x}")
        if name == last and size == ADDRESS_SPACE:
            continue
        for other, first, end in taken:
            if base < end and first < base + size:
                raise ValueError(f"{name} must not overlap {other}: {base:#x} is taken")
        taken.append((name, base, base + size))


def ranges_of(memory_map):
    """{name: (base, mask)}: of an address of the target, the bits in `mask` are those of `base`."""
    return {name: (base, ADDRESS_SPACE - size) if size else _NEVER
            for name, (base, size) in memory_map.items()}


def pack_range(base, mask):
    """The value of one target's part of a decoder's input `ranges`."""
    return base | mask << 32


def pack_ranges(memory_map):
    """The value of a decoder's input `ranges`."""
    return sum(pack_range(*found) << 64 * n
               for n, found in enumerate(ranges_of(memory_map).values()))
