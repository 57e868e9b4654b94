"""Files that are disks: checked, locked and mapped into memory."""

import mmap
import os
import shutil

import numpy as np

from pteg.errors import UserError
from pteg.files import check_regular, kind_of

__all__ = ["map_disk"]


def map_disk(path, writable, sector, largest):
    """Map a file whose size is a multiple of `sector` bytes, at most `largest`.

    Parameters
    ----------
    path : path
    writable : bool
        What is written goes to the file. Otherwise it stays in this process.
    sector, largest : int

    Returns
    -------
    file
        It must stay open while the disk is in use: the file's lock goes with it.
    numpy.ndarray of uint8
        The contents.

    Raises
    ------
    UserError
        The file cannot be used, or another process has it as a writable disk.
    """
    check_regular(path, blocks=True)
    try:
        file = open(path, "r+b" if writable else "rb", buffering=0)  # noqa: SIM115
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    try:
        return file, _map(file, path, writable, sector, largest)
    except BaseException:
        file.close()
        raise


def _map(file, path, writable, sector, largest):
    size = file.seek(0, 2) if file.seekable() else 0
    if size % sector or not 0 < size <= largest:
        raise UserError(f"{path}: a disk must have a multiple of {sector} bytes, at most "
                        f"{largest >> 30} GB, not {size}")
    file.seek(0)
    kind = kind_of(file.read(sector))
    if kind.endswith("disk image"):
        raise UserError(f"{path}: a disk must be a file of its sectors, not {kind}")
    try:
        _lock(file, writable)
        if writable:
            _check_room(file, size, path)
        # ACCESS_COPY: pages that are written become this process's own.
        mapped = mmap.mmap(file.fileno(), size,
                           access=mmap.ACCESS_WRITE if writable else mmap.ACCESS_COPY)
    except BlockingIOError:
        raise UserError(f"{path}: another machine {'uses' if writable else 'writes to'} "
                        f"this disk") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {error}") from None
    return np.frombuffer(mapped, np.uint8)


def _check_room(file, size, path):
    """UserError if the blocks that a file with holes lacks do not fit on its disk.

    They are taken while the file is mapped, where a full disk would kill this process.
    """
    # Systems that do not say how many blocks a file has are taken to have all.
    missing = size - 512 * getattr(os.fstat(file.fileno()), "st_blocks", size)
    free = shutil.disk_usage(os.path.dirname(os.path.realpath(path))).free
    if missing > free:
        raise UserError(f"{path}: its disk must have {missing >> 20} MB free for what this file "
                        f"can grow by, not {free >> 20} MB")


def _lock(file, exclusive):
    """Keep other processes from writing to the file, or from using it at all."""
    try:
        import fcntl
    except ImportError:     # a system without such locks
        return
    fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
