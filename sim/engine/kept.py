"""Compiled code, and where it is kept: in the cache, under what it was made from."""

from collections.abc import Callable, Iterable
from pathlib import Path

from pteg.engine import cache
from pteg.engine.codegen import module
from pteg.engine.objects import Job, target_name

__all__ = ["compile_texts", "key_of"]

_version: str | None = None


def key_of(*parts: str) -> str:
    """Return the key of what was made from some texts, by this engine for this processor."""
    return cache.digest(*parts, _engine_version(), target_name())


def _engine_version() -> str:
    """Return a hash of the engine's own sources and of the packages it depends on."""
    from importlib.metadata import version

    global _version
    if _version is None:
        packages = " ".join(f"{name} {version(name)}"
                            for name in ("amaranth", "numba", "llvmlite", "numpy"))
        _version = cache.digest(cache.digest_files([Path(__file__).parent]), packages)
    return _version


def compile_texts(texts: Iterable[str], use_cache: bool) -> tuple[str, Callable[[], bytes]]:
    """Compile LLVM functions to an object file, or get it from the cache.

    Returns
    -------
    key : str
        Name of the object file in the cache.
    code : callable
        Waits for the bytes of the object file.
    """
    text = module(texts)
    key = key_of("object", text)
    if not use_cache:
        return key, _Compilation(Job(text))
    blobs, lock = cache.get(key), None
    if blobs is None:   # another process may be compiling it now
        lock = cache.Lock(key)
        blobs = cache.get(key)
    if blobs is None:
        return key, _Compilation(Job(text), key, lock)
    if lock is not None:
        lock.release()
    return key, lambda: blobs["object"]


class _Compilation:
    """Waits for the bytes of an object file when it is called, and keeps them in the cache."""

    def __init__(self, job: Job, key: str | None = None, lock: cache.Lock | None = None):
        self.done = job.done
        self._job, self._key, self._lock = job, key, lock

    def __call__(self) -> bytes:
        data = self._job.result()
        if self._key is not None and self._lock is not None:
            cache.put(self._key, {"object": data})
            self._lock.release()
        return data
