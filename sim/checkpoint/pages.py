"""Memories in a checkpoint: the pages that differ from the initial contents.

The initial contents are zeros. For a large memory with a mapped file, such as a disk, they are the
file: a checkpoint then has the file's name and hash, and the pages that were changed.
"""

import hashlib
import os

import numpy as np

from pteg.errors import UserError

__all__ = ["PAGE", "LARGEST", "changed", "fill", "origin", "map_origin"]

PAGE = 4096
#: Limit of a memory that a checkpoint holds whole though a new machine has another size of it: a
#: console's ring of typed characters, a disk.
LARGEST = 64 << 20
#: Bytes that are compared at once.
_PIECE = 4096 * PAGE


def changed(memory, before=None):
    """Numbers of the pages that are not as before, and their bytes; the last one is padded.

    Parameters
    ----------
    memory : numpy.ndarray of uint8
    before : numpy.ndarray of uint8, optional
        Of the same size; zeros otherwise.
    """
    numbers, contents = [np.zeros(0, np.uint32)], [np.zeros((0, PAGE), np.uint8)]
    for start in range(0, len(memory), _PIECE):
        pages = _paged(memory[start:start + _PIECE])
        differs = pages != _paged(before[start:start + _PIECE]) if before is not None else pages
        found = np.flatnonzero(differs.any(axis=1))
        numbers.append((found + start // PAGE).astype(np.uint32))
        contents.append(pages[found])
    return np.concatenate(numbers), np.concatenate(contents)


def _paged(memory):
    whole = -(-len(memory) // PAGE) * PAGE
    if whole != len(memory):
        memory = np.concatenate([memory, np.zeros(whole - len(memory), np.uint8)])
    return memory.reshape(-1, PAGE)


def fill(memory, numbers, contents):
    """Put pages, which lie inside, into a memory."""
    whole = len(memory) // PAGE
    inside = numbers < whole
    memory[:whole * PAGE].reshape(-1, PAGE)[numbers[inside]] = contents[inside]
    for rest in contents[~inside]:
        memory[whole * PAGE:] = rest[:len(memory) - whole * PAGE]


def origin(device):
    """What a checkpoint says of the file in a device's memory, and its bytes; or None twice."""
    if device.file is None or len(device.memory) <= LARGEST:
        return None, None
    try:
        before = np.memmap(device.file, np.uint8, "r")
    except (OSError, ValueError) as error:
        raise UserError(f"{device.file}: a checkpoint needs this file: {error}") from None
    if len(before) != len(device.memory):
        raise UserError(f"{device.file}: a checkpoint needs this file, whose size has changed")
    return {"file": device.file, "sha256": hashlib.sha256(before).hexdigest()}, before


def map_origin(device, named, beside):
    """Map the file that `origin` has named into a device, or one of that name in another folder.

    Parameters
    ----------
    device : Device
    named : dict
    beside : str
        The other folder.
    """
    path = named["file"]
    if not os.path.isfile(path):
        path = os.path.join(beside, os.path.basename(path))
        if not os.path.isfile(path):
            raise UserError(f"{device.name} needs the file {named['file']!r}, which is neither "
                            f"there nor beside the checkpoint")
    device.attach(path)
    if hashlib.sha256(device.memory).hexdigest() != named["sha256"]:
        raise UserError(f"{device.name} needs the file {path!r} as it was, and it has changed")
