"""The cache of compiled designs: files that are written whole and checked when read.

An entry is one file: a checksum, then a JSON header that names and measures the blobs after it. A
file that is damaged, truncated or from another version is ignored. Entries are written to
a temporary file and renamed, so that processes may share the folder.
"""

import contextlib
import hashlib
import json
import time
from pathlib import Path

from pteg.cache_folder import digest_of_file, edited, folder, keep, read

__all__ = ["Lock", "get", "put", "digest", "digest_files", "edited_files"]

MAGIC = b"pteg-cache-1\n"


def digest(*parts):
    """Return a hash of strings and bytes, as 32 hexadecimal digits."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()[:32]


def _files(sources):
    """Pairs of a file and its source: the files, and all `.py` files in folders."""
    for source in map(Path, sources):
        for file in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            yield file, source


def digest_files(sources):
    """Return a hash over the names and contents of files, and of all `.py` files in folders."""
    parts = []
    for file, source in _files(sources):
        parts.append(str(file.relative_to(source.parent)))
        parts.append(digest_of_file(file))
    return digest(*parts)


def edited_files(sources):
    """Whether one of these files has been written since this process has begun."""
    return edited(file for file, _ in _files(sources))


def put(key, blobs):
    """Store named blobs under a key. A cache that cannot be written is no error."""
    header = json.dumps([[name, len(blob)] for name, blob in blobs.items()]).encode()
    body = b"".join([len(header).to_bytes(8, "little"), header, *blobs.values()])
    keep(key, MAGIC + hashlib.sha256(body).digest() + body)


def get(key):
    """Return the blobs stored under a key as a dict, or None."""
    data = read(key)
    if data is None:
        return None
    start = len(MAGIC) + 32
    body = memoryview(data)[start:]
    if data[:len(MAGIC)] != MAGIC or hashlib.sha256(body).digest() != data[len(MAGIC):start]:
        return None
    size = int.from_bytes(body[:8], "little")
    blobs, position = {}, 8 + size
    for name, length in json.loads(bytes(body[8:position])):
        blobs[name] = bytes(body[position:position + length])
        position += length
    return blobs


class Lock:
    """The right to make an entry: a process that waits for it finds the entry afterwards.

    Nothing depends on it. Where it cannot be had (another system, a cache that cannot be written, a
    process that holds it for minutes), several processes make the same entry.
    """

    #: Seconds to wait: more than any compilation takes.
    PATIENCE = 300.0
    #: What this process holds: it never waits for itself.
    _held: set[str] = set()

    def __init__(self, key):
        self._key, self._file = key, None
        if key in self._held:
            return
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            path = folder() / "locks" / key
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(path, "wb")  # noqa: SIM115
            self._held.add(key)
            end = time.monotonic() + self.PATIENCE
            while time.monotonic() < end:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return
                time.sleep(0.1)

    def release(self):
        """Let others have it; the end of the process does the same."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._held.discard(self._key)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.release()
